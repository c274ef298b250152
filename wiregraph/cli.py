"""The command `wiregraph`: its commands in one place."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Any

import typer

from wiregraph import (
    alerts_commands,
    dead_letters_commands,
    demo,
    diff,
    dump,
    evaluate,
    graph_commands,
    ingest_command,
    job_commands,
    read,
    relations,
    replay_command,
    rules_commands,
    score,
    stack_commands,
    token_commands,
)
from wiregraph.errors import UsageError
from wiregraph.everywhere import whole_command

_WRONG_USAGE: Any = typer.BadParameter.__mro__[2]
"""What typer raises for a command line that it cannot read; it has no public name for it."""

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(stack_commands.app, name="stack")
app.add_typer(job_commands.app, name="job")
app.command("demo")(demo.demo)
app.command("ingest")(ingest_command.ingest_command)
app.add_typer(dead_letters_commands.app, name="dead-letters")
read.register(app)
relations.register(app)
alerts_commands.register(app)
app.add_typer(rules_commands.app, name="rules")
app.command("dump")(dump.dump)
app.command("diff")(diff.diff)
app.command("replay")(replay_command.replay_command)
app.add_typer(graph_commands.app, name="graph")
app.add_typer(token_commands.app, name="token")
app.command("backup")(graph_commands.backup)
app.command("restore")(graph_commands.restore)
app.command("score")(score.score)
app.command("eval")(evaluate.evaluate)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"wiregraph {version('wiregraph')}")
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Scores of companies from news wires and social posts, and fraud in clickstreams, as they come in."""


def run() -> int:
    """Run the command line; raises UsageError, where typer would print a box of lines."""
    try:
        return whole_command(app)(standalone_mode=False) or 0
    except typer.Abort:
        return 1
    except _WRONG_USAGE as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(error.format_message())
            return 2
        message = error.format_message().replace("Value error, ", "")  # typer puts it before an enum's own words
        raise UsageError(f"{message} (see --help)") from error
