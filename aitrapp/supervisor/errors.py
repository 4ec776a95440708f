"""The one way the supervisor fails by itself; a command's own failure is its exit code."""


class SupervisorError(Exception):
    """The servers cannot be run; the text names what is wrong and what to do about it."""
