"""`wiregraph rules put|list|dry-run`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from udfs.alerts import Alert
from udfs.rulebook import RuleHistory, RuleVersion
from udfs.rules import rule_fields
from wiregraph.errors import UsageError
from wiregraph.kafka_config import kafka_options
from wiregraph.options import DEFAULT_DIR, BootstrapOption, DirOption, JsonOption, KafkaConfigOption
from wiregraph.rules_control import Wish, put_rule, read_rulebook
from wiregraph.rules_dry_run import SAMPLES_MAX, Caught, Progress, Range, dry_run
from wiregraph.rules_file import load_rule
from wiregraph.times import parse_time, rfc3339

REFRESH_S = 0.2
EVIDENCE_SHOWN_MAX = 8

app = typer.Typer(no_args_is_help=True, help="Rules of the click job: put them live, list them, try them on history.")

FileArgument = Annotated[Path, typer.Argument(metavar="FILE.yaml", help="A rule; wiregraph/data/rules has examples.")]
EffectiveOption = Annotated[
    str | None,
    typer.Option("--effective-from", help="Event time from which it decides; by default as soon as all jobs know it."),
]
RetroactiveOption = Annotated[
    bool, typer.Option("--retroactive", help="Allow any time: replays apply it, a live job does not look back.")
]
FromOption = Annotated[str, typer.Option("--from", help="Event time of the first trigger.")]
ToOption = Annotated[str, typer.Option("--to", help="Event time behind the last trigger.")]


@dataclass(frozen=True, slots=True)
class Listed:
    """A version of a rule; `current` is the last one put."""

    name: str
    version: int
    effective_from_ms: int
    tier: str
    enabled: bool
    current: bool
    rule: dict[str, Any]


@app.command("put")
def put_command(  # noqa: PLR0913 - a command has as many parameters as it has options
    file: FileArgument,
    *,
    effective_from: EffectiveOption = None,
    retroactive: RetroactiveOption = False,
    directory: DirOption = DEFAULT_DIR,
    bootstrap: BootstrapOption = None,
    kafka_config: KafkaConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Append a version to a rule's history: jobs that run apply it within a second, without a restart.

    `enabled: false` in the file ends the rule. A version decides about events from --effective-from on.
    """
    wish = Wish(load_rule(file), parse_time(effective_from) if effective_from else None, retroactive)
    version = put_rule(kafka_options(directory, bootstrap, kafka_config), wish)
    if json:
        typer.echo(orjson.dumps(_fields(_listed(version, current=True))))
    else:
        since = rfc3339(version.effective_from_ms)
        typer.echo(f"{wish.rule.name} version {version.version} decides about events from {since} on")


@app.command("list")
def list_command(
    *,
    directory: DirOption = DEFAULT_DIR,
    bootstrap: BootstrapOption = None,
    kafka_config: KafkaConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show all rules with all their versions."""
    book = read_rulebook(kafka_options(directory, bootstrap, kafka_config))
    listed = [one for _, history in sorted(book.histories.items()) for one in _history(history)]
    if json:
        typer.echo(orjson.dumps([_fields(one) for one in listed]))
        return
    table = Table("name", "version", "effective from", "tier", "enabled", "why")
    for one in listed:
        since, enabled = rfc3339(one.effective_from_ms), "yes" if one.enabled else "no"
        table.add_row(one.name, str(one.version), since, one.tier, enabled, escape(str(one.rule["why"])))
    Console().print(table)


def _history(history: RuleHistory) -> list[Listed]:
    return [_listed(version, current=version is history.versions[-1]) for version in history.versions]


def _listed(version: RuleVersion, *, current: bool) -> Listed:
    rule = version.rule
    return Listed(
        name=rule.name,
        version=version.version,
        effective_from_ms=version.effective_from_ms,
        tier=rule.tier,
        enabled=rule.enabled,
        current=current,
        rule=rule_fields(rule),
    )


def _fields(listed: Listed) -> dict[str, object]:
    return {
        "name": listed.name,
        "version": listed.version,
        "effective_from": rfc3339(listed.effective_from_ms),
        "tier": listed.tier,
        "enabled": listed.enabled,
        "current": listed.current,
        "rule": listed.rule,
    }


@app.command("dry-run")
def dry_run_command(  # noqa: PLR0913 - a command has as many parameters as it has options
    file: FileArgument,
    *,
    from_time: FromOption,
    to_time: ToOption,
    directory: DirOption = DEFAULT_DIR,
    bootstrap: BootstrapOption = None,
    kafka_config: KafkaConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Print what a rule would have caught on the clicks of [--from, --to); nothing becomes live."""
    rule, wanted = load_rule(file), Range(parse_time(from_time), parse_time(to_time))
    if wanted.from_ms >= wanted.to_ms:
        raise UsageError("--from must lie before --to")
    progress = Progress()
    with _shown(progress):
        caught = dry_run(kafka_options(directory, bootstrap, kafka_config), rule, wanted, progress)
    if json:
        typer.echo(orjson.dumps({"rule": rule.name, "from": from_time, "to": to_time, **_summary(caught)}))
    else:
        _print(rule.name, caught, Console())


def _summary(caught: Caught) -> dict[str, object]:
    return {
        "clicks": caught.clicks,
        "refused": caught.refused,
        "alerts": len(caught.alerts),
        "sessions": len({alert.session_id for alert in caught.alerts}),
        "hours": [{"hour": rfc3339(hour), "alerts": count} for hour, count in caught.by_hour().items()],
        "samples": [_sample(alert) for alert in caught.alerts[:SAMPLES_MAX]],
    }


def _sample(alert: Alert) -> dict[str, object]:
    return {
        "alert_id": alert.alert_id,
        "session_id": alert.session_id,
        "event_time": rfc3339(alert.event_time_ms),
        "why": alert.why,
        "evidence": alert.evidence,
    }


def _print(name: str, caught: Caught, console: Console) -> None:
    hours = Table("hour", "alerts")
    for hour, count in caught.by_hour().items():
        hours.add_row(rfc3339(hour), f"{count:,}")
    samples = Table("event time", "session", "why", "evidence")
    for alert in caught.alerts[:SAMPLES_MAX]:
        shown = ", ".join(alert.evidence[-EVIDENCE_SHOWN_MAX:])
        cut = "… " if len(alert.evidence) > EVIDENCE_SHOWN_MAX else ""
        cells = (alert.session_id, alert.why, cut + shown)
        samples.add_row(rfc3339(alert.event_time_ms), *map(escape, cells))
    if caught.alerts:
        console.print(hours)
        console.print(samples)
    sessions = len({alert.session_id for alert in caught.alerts})
    console.print(
        f"{name} would have raised {len(caught.alerts):,} alerts in {sessions:,} sessions: "
        f"{caught.clicks:,} clicks read, {caught.refused:,} records refused"
    )


@contextmanager
def _shown(progress: Progress) -> Iterator[None]:
    """How far it is, on a terminal only, drawn beside the work."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    done = Event()
    with console.status("") as status:

        def draw() -> None:
            while not done.wait(REFRESH_S):
                at = rfc3339(progress.latest_ms) if progress.latest_ms >= 0 else "the beginning"
                status.update(f"{progress.clicks:,} clicks, at {at}")

        drawer = Thread(target=draw, daemon=True)
        drawer.start()
        try:
            yield
        finally:
            done.set()
            drawer.join()
