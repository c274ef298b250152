from collections.abc import Iterator
from typing import Any

import typer
from click.testing import CliRunner

from wiregraph.cli import app
from wiregraph.everywhere import whole_command


def leaves(command: Any) -> Iterator[Any]:  # noqa: ANN401 - typer has no public name for its commands
    for inner in getattr(command, "commands", {}).values():
        yield from leaves(inner)
    if not hasattr(command, "commands"):
        yield command


def test_every_command_takes_kafka_config() -> None:
    whole = list(leaves(whole_command(app)))
    assert len(whole) > 20
    assert all([param.name for param in one.params].count("kafka_config") == 1 for one in whole)


def test_the_option_reaches_a_function_only_where_it_is_its_own() -> None:
    small, seen = typer.Typer(), []

    @small.command()
    def plain(name: str) -> None:
        seen.append(name)

    @small.command()
    def own(name: str, kafka_config: str = "") -> None:
        seen.append(name + kafka_config)

    for name in ("plain", "own"):
        result = CliRunner().invoke(whole_command(small), [name, "a", "--kafka-config", "f"])
        assert result.exit_code == 0, result.output
    assert seen == ["a", "af"]
