"""Answers of the server as tables for people and as JSON for programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from itertools import islice
from typing import Any

import orjson
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wiregraph.v1 import graph_pb2

PIPE_WIDTH = 1_000
NONE = Text("-", "dim")
RELATED_MAX, SHARES_MAX = 5, 6
"""So many of each are shown to people; --json has all."""
_COUNTED = ("similar 24h / 3d / 7d", "volume 12h / 24h / 3d / 5d / 7d")
SIGN_LEAST = 0.05
"""Sentiments nearer to 0 than this are shown without a colour."""


def to_json(message: Message) -> dict[str, Any]:
    """Snake-case names as in the proto, numbers as numbers, absent values null; times are RFC 3339."""
    return {field.name: _field(message, field.name) for field in message.DESCRIPTOR.fields}


def listed(message: Message) -> dict[str, Any] | list[dict[str, Any]]:
    """An answer for programs: the list that it holds, or the message itself where it is one thing."""
    for field in message.DESCRIPTOR.fields:
        if field.label == field.LABEL_REPEATED and field.message_type is not None:
            return [to_json(item) for item in getattr(message, field.name)]
    return to_json(message)


def print_json(content: object) -> None:
    """One line of JSON on stdout."""
    sys.stdout.buffer.write(orjson.dumps(content) + b"\n")
    sys.stdout.buffer.flush()


def console() -> Console:
    """For tables on stdout: as wide as they need where nobody's terminal is there to fold them."""
    return Console() if sys.stdout.isatty() or "COLUMNS" in os.environ else Console(width=PIPE_WIDTH)


def _field(message: Message, name: str) -> object:
    field = message.DESCRIPTOR.fields_by_name[name]
    value = getattr(message, name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return dict(value)
    if field.label == field.LABEL_REPEATED:
        return [_value(item) for item in value]
    return _value(value) if not field.has_presence or message.HasField(name) else None


def _value(value: object) -> object:
    if isinstance(value, Timestamp | Duration):
        return value.ToJsonString()
    return to_json(value) if isinstance(value, Message) else value


def time_text(timestamp: Timestamp) -> str:
    """RFC 3339 to the second, a dash for none."""
    return timestamp.ToDatetime().strftime("%Y-%m-%d %H:%M:%SZ") if timestamp.ByteSize() else "-"


def sentiment_text(score: graph_pb2.EntityScore | graph_pb2.Neighbor | graph_pb2.EntityMention) -> Text:
    """Signed, green above and red below 0; a dash where there is none."""
    if not isinstance(score, graph_pb2.EntityMention) and not score.HasField("sentiment"):
        return NONE
    style = "green" if score.sentiment > SIGN_LEAST else "red" if score.sentiment < -SIGN_LEAST else ""
    return Text(f"{score.sentiment:+.3f}", style)


def footer(console: Console, watermark: Timestamp, applied_at: Timestamp) -> None:
    """How complete an answer is."""
    console.print(Text(f"complete up to {time_text(watermark)}, applied at {time_text(applied_at)}", "dim"))


def print_entity(console: Console, score: graph_pb2.EntityScore) -> None:
    """All scores of an entity, one a row."""
    table = Table(title=Text(f"{score.name} ({score.entity_id})", "bold"), title_justify="left", show_header=False)
    rows: dict[str, str | Text] = {
        "type": f"{score.type} {score.sector}".strip(),
        "window": f"{score.window.ToTimedelta()} up to {time_text(score.as_of)}",
        "articles": f"{score.articles:,}",
        "mentions": f"{score.mentions:,}",
        "sentiment": sentiment_text(score),
        "stddev": _optional(score, "sentiment_stddev"),
        "positive / neutral / negative": f"{score.positive:,} / {score.neutral:,} / {score.negative:,}",
        "relevance": _optional(score, "relevance"),
        "volume z-score": _optional(score, "volume_zscore"),
        "novelty": _optional(score, "novelty"),
        "models": " ".join(score.model_versions) or NONE,
    }
    if score.HasField("details"):
        rows |= _details(score.details)
    for name, value in rows.items():
        table.add_row(name, value)
    console.print(table)
    footer(console, score.watermark, score.applied_at)


def _details(details: graph_pb2.Details) -> dict[str, str | Text]:
    related = (f"{one.name} ({one.articles:,}, {one.weight:.2f}, {one.kind or '-'})" for one in details.related)
    return {
        "volume 12h / 24h / 3d / 5d / 7d": _volumes(details),
        "sources": Text(_shares(details.sources)),
        "event topics": Text(_shares(details.event_topics)),
        "related (articles, weight, kind)": Text("\n".join(islice(related, RELATED_MAX)) or "-"),
    }


def _volumes(counted: graph_pb2.Details | graph_pb2.EntityMention) -> str:
    counts = (counted.volume_12h, counted.volume_24h, counted.volume_3d, counted.volume_5d, counted.volume_7d)
    return " / ".join(f"{count:,}" for count in counts)


def _shares(shares: Iterable[graph_pb2.Share]) -> str:
    return ", ".join(f"{one.name or '-'} {one.articles:,}" for one in islice(shares, SHARES_MAX))


def _optional(score: graph_pb2.EntityScore | graph_pb2.EntityMention, name: str) -> str | Text:
    return f"{getattr(score, name):.3f}" if score.HasField(name) else NONE


def scores_table(scores: Iterable[graph_pb2.EntityScore]) -> Table:
    """Entities side by side, one a row."""
    table = _table(["entity", "name", "type"], ["articles", "mentions", "sentiment", "relevance", "z-score"])
    for score in scores:
        table.add_row(
            score.entity_id,
            score.name,
            score.type,
            f"{score.articles:,}",
            f"{score.mentions:,}",
            sentiment_text(score),
            _optional(score, "relevance"),
            _optional(score, "volume_zscore"),
        )
    return table


def print_series(console: Console, answer: graph_pb2.GetSeriesResponse) -> None:
    """One step a row."""
    table = _table(["up to"], ["articles", "mentions", "sentiment", "relevance"])
    for point in answer.points:
        relevance = _optional(point, "relevance")
        cells = (f"{point.articles:,}", f"{point.mentions:,}", sentiment_text(point), relevance)
        table.add_row(time_text(point.as_of), *cells)
    console.print(table)
    footer(console, answer.watermark, answer.applied_at)


def print_neighbors(console: Console, answer: graph_pb2.GetNeighborsResponse) -> None:
    """One neighbour a row."""
    table = _table(["entity", "name", "type"], ["articles", "weight", "sentiment"])
    for one in answer.neighbors:
        cells = (f"{one.articles:,}", f"{one.weight:.3f}", sentiment_text(one))
        table.add_row(one.entity_id, one.name, one.type, *cells)
    console.print(table)
    footer(console, answer.watermark, answer.applied_at)


def print_expansion(console: Console, answer: graph_pb2.ExpandNeighborsResponse) -> None:
    """One entity a row, those that are one hop away first."""
    table = _table(["entity", "name", "type", "via"], ["hops", "articles", "weight", "strength", "sentiment"])
    for one in answer.entities:
        edge = one.neighbor
        numbers = (str(one.hops), f"{edge.articles:,}", f"{edge.weight:.3f}", f"{one.strength:.3f}")
        table.add_row(edge.entity_id, edge.name, edge.type, one.via, *numbers, sentiment_text(edge))
    console.print(table)
    _tell_incomplete(console, answer.complete)
    footer(console, answer.watermark, answer.applied_at)


def print_path(console: Console, answer: graph_pb2.FindPathResponse) -> None:
    """One step a row, with its edge to the one before."""
    if answer.steps:
        table = _table(["to", "name", "type"], ["articles", "weight", "sentiment"])
        for step in answer.steps:
            cells = (f"{step.articles:,}", f"{step.weight:.3f}", sentiment_text(step))
            table.add_row(step.entity_id, step.name, step.type, *cells)
        console.print(table)
    else:
        console.print("there is no path")
    _tell_incomplete(console, answer.complete)
    footer(console, answer.watermark, answer.applied_at)


def _tell_incomplete(console: Console, complete: bool) -> None:
    if not complete:
        console.print(Text("some neighbours were left out: --fan-out or --limit", "dim"))


def print_movers(console: Console, answer: graph_pb2.ListMoversResponse) -> None:
    """One entity a row."""
    table = _table(["entity", "name", "type"], ["articles", "before", "sentiment", "change", "z-score"])
    for one in answer.movers:
        score = one.score
        change = f"{one.sentiment_change:+.3f}" if one.HasField("sentiment_change") else NONE
        counts = (f"{score.articles:,}", f"{one.articles_before:,}")
        volume = _optional(score, "volume_zscore")
        table.add_row(score.entity_id, score.name, score.type, *counts, sentiment_text(score), change, volume)
    console.print(table)
    footer(console, answer.watermark, answer.applied_at)


def print_mentions(console: Console, answer: graph_pb2.ListMentionsResponse) -> None:
    """One article a row."""
    left = ["event time", "article", "headline", "event topic", "similar to"]
    table = _table(left, ["at", "mentions", "- / o / +", "sentiment", "relevance", *_COUNTED])
    for one in answer.mentions:
        article = Text(f"{one.topic}/{one.article_id}")
        similar = f"{one.similar_to} ({one.similarity:.2f}, {one.days_since_similar:.2f} d)" if one.similar_to else "-"
        texts = (article, Text(one.headline), Text(one.event_topic or "-"), Text(similar))
        chances = " / ".join(f"{value:.2f}" for value in (one.negative, one.neutral, one.positive))
        numbers = (f"{one.first_position:,}", f"{one.mentions:,}", chances if one.HasField("positive") else NONE)
        counts = (f"{one.similar_24h:,} / {one.similar_3d:,} / {one.similar_7d:,}", _volumes(one))
        cells = (*numbers, sentiment_text(one), f"{one.relevance:.3f}", *counts)
        table.add_row(time_text(one.event_time), *texts, *cells)
    console.print(table)
    footer(console, answer.watermark, answer.applied_at)


def print_candidates(console: Console, candidates: Iterable[graph_pb2.Candidate]) -> None:
    """One entity a row, best first."""
    table = _table(["entity", "name", "type"], ["score", "articles"])
    for one in candidates:
        table.add_row(one.entity_id, one.name, one.type, f"{one.score:.2f}", f"{one.articles:,}")
    console.print(table)


def print_status(console: Console, answer: graph_pb2.GetStatusResponse) -> None:
    """What became of the records, and how far the graph is."""
    table = _table(["counts"], ["records"])
    for name, value in to_json(answer.counts).items():
        table.add_row(name, f"{value:,}")
    console.print(table)
    lag = f"{answer.lag:,} records behind" if answer.lag >= 0 else "lag unknown: Kafka does not answer"
    sizes = f"{answer.entities:,} entities, {answer.facts:,} facts, {lag}"
    console.print(f"graph {answer.graph}: {sizes}, latest event {time_text(answer.latest_event)}")
    footer(console, answer.watermark, answer.applied_at)


def _table(left: list[str], right: list[str]) -> Table:
    table = Table()
    for name in left:
        table.add_column(name, overflow="fold")  # An id that is cut is no id.
    for name in right:
        table.add_column(name, justify="right")
    return table
