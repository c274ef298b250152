"""The command's entry: what goes wrong becomes one line on stderr and an exit code."""

from __future__ import annotations

import sys

from wiregraph.errors import Failure, UsageError

INTERRUPTED = 130
"""The shell's code of a command that Ctrl-C ended."""


def main() -> None:
    """Run the command line: 0 is well, 1 failed, 2 wrong usage."""
    try:
        # Imported here, so that Ctrl-C is as quiet during the imports as it is afterwards.
        from wiregraph.cli import run  # noqa: PLC0415 - see above

        sys.exit(run())
    except UsageError as error:
        _exit(error, 2)
    except Failure as error:
        _exit(error, 1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has had enough; the interpreter must not complain while it closes it.
        sys.stderr.close()
        sys.exit(1)


def _exit(error: Exception, code: int) -> None:
    sys.stderr.write(f"wiregraph: {' '.join(str(error).split())}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
