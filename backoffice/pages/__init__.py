"""The pages people look at, and the plain forms that work when nothing else does."""
