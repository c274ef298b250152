"""`wiregraph dead-letters list|retry`."""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from udfs.decode import Reason
from wiregraph.dead_letters import Letter, read_letters, retry
from wiregraph.kafka_config import kafka_options
from wiregraph.options import DEFAULT_DIR, BootstrapOption, DirOption, JsonOption, KafkaConfigOption

PREVIEW_CHARS = 60

app = typer.Typer(no_args_is_help=True, help="Records that the jobs refused, each with its reason.")

ReasonOption = Annotated[Reason | None, typer.Option(help="Only those with this reason.")]
LimitOption = Annotated[int | None, typer.Option(min=1, help="At most so many, the latest.")]


@app.command("list")
def list_command(  # noqa: PLR0913 - a command has as many parameters as it has options
    *,
    reason: ReasonOption = None,
    limit: LimitOption = None,
    directory: DirOption = DEFAULT_DIR,
    bootstrap: BootstrapOption = None,
    kafka_config: KafkaConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show the dead letters; `retry` takes the offset of the first column (with --json: dead_letter_offset)."""
    letters = read_letters(kafka_options(directory, bootstrap, kafka_config), reason)
    shown = letters[-limit:] if limit else letters
    if json:
        typer.echo(orjson.dumps([_fields(letter) for letter in shown]))
    else:
        _print(shown, len(letters), Console())


def _fields(letter: Letter) -> dict[str, object]:
    fields = asdict(letter)
    fields["payload"] = base64.b64encode(letter.payload).decode()
    return fields


def _print(letters: list[Letter], total: int, console: Console) -> None:
    table = Table("offset", "reason", "record", "detail", "payload")
    for letter in letters:
        table.add_row(
            str(letter.dead_letter_offset),
            letter.reason,
            letter.key,
            escape(letter.detail),
            escape(_preview(letter.payload)),
        )
    console.print(table)
    console.print(f"{len(letters)} of {total} dead letters")


def _preview(payload: bytes) -> str:
    """The beginning of a payload with what a terminal might obey taken out."""
    text = payload[: 4 * PREVIEW_CHARS].decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)[:PREVIEW_CHARS]


@app.command("retry")
def retry_command(
    offsets: Annotated[list[int], typer.Argument(metavar="OFFSET...", help="Offsets that `list` shows.")],
    *,
    directory: DirOption = DEFAULT_DIR,
    bootstrap: BootstrapOption = None,
    kafka_config: KafkaConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Send the refused records to their topics again, as they were."""
    done = retry(kafka_options(directory, bootstrap, kafka_config), offsets)
    if json:
        typer.echo(orjson.dumps([asdict(one) for one in done]))
        return
    for one in done:
        typer.echo(
            f"dead letter {one.dead_letter_offset}: sent {one.topic}/{one.partition}/{one.offset} to {one.topic} again"
        )
