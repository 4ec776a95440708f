"""Use cases: one file each; change and audit entry together in one transaction."""
