"""The one option that every command takes, also where it is not needed, so that scripts can always give it."""

from __future__ import annotations

from copy import copy
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

KafkaConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--kafka-config",
        help="Properties file of a secured cluster; this command asks the stack alone and does not read it.",
    ),
]


def whole_command(app: typer.Typer) -> Any:  # noqa: ANN401 - typer has no public name for its commands
    """The command line with `--kafka-config` on each command."""
    command, option = get_command(app), _option()
    _complete(command, option)
    return command


def _option() -> Any:  # noqa: ANN401 - see above
    """Made by typer, from a command that has nothing else; its value reaches no function."""
    one = typer.Typer(add_completion=False)

    @one.command()
    def takes(kafka_config: KafkaConfigOption = None) -> None:
        """Take it."""

    option = copy(get_command(one).params[0])
    option.expose_value = False
    return option


def _complete(command: Any, option: Any) -> None:  # noqa: ANN401 - see above
    if isinstance(command, TyperGroup):
        for inner in command.commands.values():
            _complete(inner, option)
    elif all(param.name != option.name for param in command.params):
        command.params.append(option)
