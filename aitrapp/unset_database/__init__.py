"""The database when none is configured: importing and checking work, using it says what to do."""
