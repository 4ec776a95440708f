"""Configuration of the web project and its processes; no trading rule lives here."""
