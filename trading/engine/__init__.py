"""Deciding as a plain function: events in, actions out; no clock, no I/O, no Django here."""
