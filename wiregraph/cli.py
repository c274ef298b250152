"""The command `wiregraph`: collects the commands and turns what goes wrong into one line and a code."""

from __future__ import annotations

import sys

import typer

from wiregraph import dead_letters_commands, demo, dump, ingest_command, job_commands, read, stack_commands
from wiregraph.errors import Failure, UsageError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Scores of companies from news wires and social posts, as they come in and as they were known.",
)
app.add_typer(stack_commands.app, name="stack")
app.add_typer(job_commands.app, name="job")
app.command("demo")(demo.demo)
app.command("ingest")(ingest_command.ingest_command)
app.add_typer(dead_letters_commands.app, name="dead-letters")
read.register(app)
app.command("dump")(dump.dump)


def main() -> None:
    """Run the command line: 0 is well, 1 failed, 2 wrong usage; an error is one line on stderr."""
    try:
        app()
    except UsageError as error:
        _exit(error, 2)
    except Failure as error:
        _exit(error, 1)
    except BrokenPipeError:
        # Whoever read our output has had enough; the interpreter must not complain while it closes it.
        sys.stderr.close()
        sys.exit(1)


def _exit(error: Exception, code: int) -> None:
    sys.stderr.write(f"wiregraph: {' '.join(str(error).split())}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
