"""Indicators, one file each: a compiled step for one moment and a run that loops the same step."""
