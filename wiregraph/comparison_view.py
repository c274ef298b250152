"""The demo's comparison as tables: what was fed against what is served."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from wiregraph.demo_records import TopEntity
from wiregraph.live_view import sentiment_bar, sentiment_style
from wiregraph.truth import Comparison, CountCheck, Quality, Slip
from wiregraph.truth_alerts import RULE, AlertComparison


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Print all of it, and the verdict last."""
    console.print(comparison_tables(comparison))
    if comparison.is_exact:
        console.print("[green]every count is the one that was generated[/]")
    else:
        wrong = ", ".join(check.name for check in comparison.counts if not check.is_equal)
        console.print(f"[red]counts differ: {wrong}[/]")


def print_alert_comparison(console: Console, comparison: AlertComparison) -> None:
    """Print how the alerts compare, and the verdict last."""
    table = Table("alerts", title="what the clicks must raise and what is served", title_justify="left")
    for heading in ("true", "served", ""):
        table.add_column(heading, justify="right")
    found = f"{comparison.guessers_found:,}"
    verdict = Text("equal", "green") if comparison.is_exact else Text("differ", "bold red")
    table.add_row(f"{RULE}, with evidence", f"{comparison.true:,}", f"{comparison.served:,}", verdict)
    models = Text("up to the models", "dim")
    table.add_row("cascade, on sessions that guess codes", f"{comparison.guessers:,}", found, models)
    table.add_row("cascade, on others", "-", f"{comparison.cascade_on_others:,}", models)
    table.add_row("withdrawn since", "-", f"{comparison.withdrawn:,}", "")
    console.print(table)
    for name, slips in (("missing", comparison.missing), ("too many", comparison.extra), ("wrong", comparison.wrong)):
        if slips:
            console.print(Text(f"{name}: {', '.join(slips)}", "red"))
    if comparison.is_exact:
        console.print("[green]every alert is one that was generated, on exactly its evidence[/]")


def comparison_tables(comparison: Comparison) -> RenderableType:
    """Counts, entities and signs."""
    accuracy = _share(comparison.sign_accuracy)
    return Group(
        _counts_table(comparison),
        _quality_table("entities, by article and id", comparison.entities),
        _quality_table(f"signs of sentiment of the entities found: accuracy {accuracy}", comparison.signs),
        Text(f"missed most often: {_slips(comparison.missed)}", "dim"),
        Text(f"served most often where not true: {_slips(comparison.invented)}", "dim"),
    )


def _slips(slips: tuple[Slip, ...]) -> str:
    return ", ".join(f"{slip.name} ({slip.articles})" for slip in slips) or "none"


def _counts_table(comparison: Comparison) -> Table:
    table = Table("counts", title="what was fed and what is served", title_justify="left")
    for heading in ("fed", "served", ""):
        table.add_column(heading, justify="right")
    for check in comparison.counts:
        table.add_row(check.name, f"{check.fed:,}", f"{check.served:,}", _verdict(check))
    split = comparison.with_entities
    table.add_row(split.name, f"{split.fed:,}", f"{split.served:,}", Text("up to the models", "dim"))
    return table


def _verdict(check: CountCheck) -> Text:
    return Text("equal", "green") if check.is_equal else Text(f"differs by {check.served - check.fed:+,}", "bold red")


def _quality_table(title: str, qualities: tuple[Quality, ...]) -> Table:
    table = Table("", title=title, title_justify="left")
    for heading in ("true", "served", "right", "precision", "recall"):
        table.add_column(heading, justify="right")
    for quality in qualities:
        numbers = (f"{quality.true:,}", f"{quality.served:,}", f"{quality.right:,}")
        table.add_row(quality.name, *numbers, _share(quality.precision), _share(quality.recall))
    return table


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def print_top(console: Console, top: tuple[TopEntity, ...], title: str) -> None:
    """Print a list of entities with their scores."""
    table = Table("entity", "id", title=title, title_justify="left")
    for heading in ("articles", "sentiment"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for entity in top:
        score = "" if entity.sentiment is None else f"{entity.sentiment:+.2f}"
        style = sentiment_style(entity.sentiment)
        table.add_row(
            Text(entity.name),
            Text(entity.entity_id, "dim"),
            f"{entity.articles:,}",
            Text(score, style),
            sentiment_bar(entity.sentiment),
        )
    console.print(table)
