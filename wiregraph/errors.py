"""The two ways in which a command fails; `wiregraph.__main__` turns them into one line and a code."""


class Failure(Exception):
    """Something went wrong while running: one line on stderr, exit code 1."""


class UsageError(Exception):
    """The command was called wrongly: one line on stderr that says what to do, exit code 2."""
