"""Django's settings, one module for each way to run; behaviour of the desk is not set here."""
