"""The parent of the desk's processes: it starts them, restarts them and ends them all.

Standard library and psycopg only; no Django and no settings, so that it can start what those need.
"""
