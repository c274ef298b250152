"""The command `wiregraph`: its commands in one place."""

from __future__ import annotations

from typing import Any

import typer

from wiregraph import (
    dead_letters_commands,
    demo,
    dump,
    evaluate,
    ingest_command,
    job_commands,
    read,
    score,
    stack_commands,
)
from wiregraph.errors import UsageError

_WRONG_USAGE: Any = typer.BadParameter.__mro__[2]
"""What typer raises for a command line that it cannot read; it has no public name for it."""

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
app.command("score")(score.score)
app.command("eval")(evaluate.evaluate)


def run() -> int:
    """Run the command line; raises UsageError, where typer would print a box of lines."""
    try:
        return app(standalone_mode=False) or 0
    except typer.Abort:
        return 1
    except _WRONG_USAGE as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(error.format_message())
            return 2
        raise UsageError(f"{error.format_message()} (see --help)") from error
