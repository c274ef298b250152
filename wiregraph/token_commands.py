"""`wiregraph token add|list|revoke`: who may call a guarded server, and what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from serving.scopes import Scope
from serving.tokens import NAME_PATTERN, Grant, TokenFileError, new_token, read_grants, write_grants
from wiregraph import render
from wiregraph.errors import Failure, UsageError
from wiregraph.guarding import tokens_file
from wiregraph.options import DEFAULT_DIR, DirOption, JsonOption
from wiregraph.stack import locked

DAYS_MAX = 3_650
_FOLDER_MODE = 0o700

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Whose it is: small letters, digits and hyphens.")]
ScopeOption = Annotated[list[Scope], typer.Option("--scope", help="What it allows; give it more than once for more.")]
DaysOption = Annotated[int, typer.Option("--days", min=1, max=DAYS_MAX, help="It expires after so many.")]

app = typer.Typer(no_args_is_help=True, help="Tokens of a guarded server; changes count within a second.")


@app.command()
def add(
    name: NameArgument,
    scope: ScopeOption,
    days: DaysOption = 90,
    directory: DirOption = DEFAULT_DIR,
    json: JsonOption = False,
) -> None:
    """Make a token and print it, this once: only its hash is kept."""
    if not re.fullmatch(NAME_PATTERN, name):
        raise UsageError(f"{name!r} is no name of a token: use small letters, digits and hyphens, at most 63")
    token, grant = new_token(name, scope, datetime.now(UTC).replace(microsecond=0) + timedelta(days=days))
    with _changing(directory) as grants:
        if any(known.name == name for known in grants):
            raise Failure(
                f"there is a token {name} already: `wiregraph token revoke {name}` first, or take another name"
            )
        grants.append(grant)
    if json:
        render.print_json({"token": token, **_shown(grant)})
    else:
        typer.echo(token)


@app.command("list")
def list_(directory: DirOption = DEFAULT_DIR, json: JsonOption = False) -> None:
    """List the tokens by name, without what they are."""
    grants = sorted(_read(tokens_file(directory)), key=lambda grant: grant.name)
    if json:
        render.print_json([_shown(grant) for grant in grants])
        return
    table = Table("name", "scopes", "expires")
    for grant in grants:
        note = " [red]expired[/]" if grant.expires <= datetime.now(UTC) else ""
        table.add_row(grant.name, ", ".join(sorted(grant.scopes)), f"{grant.expires:%Y-%m-%d %H:%M} UTC{note}")
    render.console().print(table if grants else "no tokens: make one with `wiregraph token add`")


@app.command()
def revoke(name: NameArgument, directory: DirOption = DEFAULT_DIR, json: JsonOption = False) -> None:
    """Let a token in no more; its streams end with the next thing they would say."""
    with _changing(directory) as grants:
        kept = [grant for grant in grants if grant.name != name]
        if len(kept) == len(grants):
            raise Failure(f"there is no token {name!r}: see `wiregraph token list`")
        grants[:] = kept
    if json:
        render.print_json({"name": name, "revoked": True})
    else:
        typer.echo(f"{name} is revoked")


@contextmanager
def _changing(directory: Path) -> Iterator[list[Grant]]:
    """The tokens as a list; what becomes of it is written."""
    file = tokens_file(directory)
    with locked(directory):
        grants = list(_read(file))
        yield grants
        try:
            file.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            write_grants(file, grants)
        except OSError as error:
            raise Failure(f"{file} cannot be written: {error.strerror}") from error


def _read(file: Path) -> Sequence[Grant]:
    try:
        return read_grants(file)
    except TokenFileError as error:
        raise Failure(str(error)) from error


def _shown(grant: Grant) -> dict[str, object]:
    return {"name": grant.name, "scopes": sorted(grant.scopes), "expires": grant.expires.isoformat()}
