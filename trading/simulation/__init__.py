"""Made days on which everything goes wrong, lived by the whole desk in one process from one seed.

Nothing here is part of a running desk; what it is for and how it is used: `docs/simulation.md`.
"""
