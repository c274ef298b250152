"""The Python in the middle of the news job: state in, one pure function, state out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pyflink.common import Row, Types
from pyflink.common.typeinfo import RowTypeInfo
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import MapStateDescriptor, ValueStateDescriptor

from jobs.refusals import refusal_columns
from udfs.changelog import weighted_micro
from udfs.decode import HEADLINE_CHARS_MAX, Refused, decode
from udfs.lateness import arrive
from udfs.reader import load_reader
from udfs.reading import Reading
from udfs.records import Article, Fact
from udfs.replaying import DAY_MS, EVERYTHING, FORGET_AFTER_MS, EventRange

FACT_TYPE = Types.ROW_NAMED(
    [
        "entity", "name", "type", "sector", "mentions", "first_position",
        "sentiment", "relevance", "weighted", "weighted_square", "polarity", "negative", "positive",
    ],
    [Types.STRING()] * 4 + [Types.LONG()] * 6 + [Types.INT()] + [Types.LONG()] * 2,
)  # fmt: skip
EDGE_TYPE = Types.ROW_NAMED(["a", "b", "weight", "weighted"], [Types.STRING()] * 2 + [Types.LONG()] * 2)
READING_TYPE: RowTypeInfo = Types.ROW_NAMED(
    [
        "topic", "partition", "offset", "outcome",
        "article", "event_time", "known_time", "known_assumed", "headline", "source", "url", "lateness_ms",
        "models", "event_topic", "signature", "edges_cut", "facts", "edges",
        "reason", "detail", "payload_sha256", "payload",
    ],
    [
        Types.STRING(), Types.INT(), Types.LONG(), Types.STRING(),
        Types.STRING(), Types.LONG(), Types.LONG(), Types.BOOLEAN(), *[Types.STRING()] * 3, Types.LONG(),
        *[Types.STRING()] * 3, Types.LONG(), Types.OBJECT_ARRAY(FACT_TYPE), Types.OBJECT_ARRAY(EDGE_TYPE),
        Types.STRING(), Types.STRING(), Types.STRING(), Types.STRING(),
    ],
)  # fmt: skip

_NO_ARTICLE = [*[None] * 7, 0]
_NO_READING = [None, None, None, 0, None, None]
_NO_REFUSAL = [None] * 4

ARTICLE = "article"
EMPTY = "empty"
DUPLICATE = "duplicate"
DEAD_LETTER = "dead_letter"


class ReadArticle(KeyedProcessFunction):
    """Decodes each record of an input partition once, in order, and reads the articles among them.

    Keyed by input partition, since producers key by id: which of two records with one id came first is
    the partition's order, and so is the highest event time before a record, which makes it late. A replay
    forgets what a live job forgets, and of what lies outside of its range it notes the ids and times alone.
    """

    def __init__(self, models: Path | None, kept: EventRange = EVERYTHING) -> None:
        self._models = models
        self._kept = kept

    def open(self, runtime_context: RuntimeContext) -> None:
        """Loads the models once a worker; state is declared typed, or it would be pickled."""
        self._reader = load_reader(self._models)
        self._seen = runtime_context.get_map_state(MapStateDescriptor("seen", Types.STRING(), Types.LONG()))
        self._latest = runtime_context.get_state(ValueStateDescriptor("latest", Types.LONG()))

    def process_element(self, value: Row, _context: KeyedProcessFunction.Context) -> Iterator[Row]:
        """One reading a record that counts; the columns are those of `_RECORD` in the topology."""
        payload, topic, partition, offset, record_time = value
        place, record_time_ms = [topic, partition, offset], record_time.to_epoch_milli()
        decoded = decode(topic, payload, record_time_ms)
        if isinstance(decoded, Refused):
            if self._kept.holds(record_time_ms):
                yield Row(*place, DEAD_LETTER, *_NO_ARTICLE, *_NO_READING, *refusal_columns(decoded, payload))
            return
        lateness_ms, first = self._arrive(decoded.event_time_ms), self._is_first(decoded)
        if self._kept.holds(decoded.event_time_ms):
            yield self._read(place, decoded, lateness_ms) if first else _row(place, DUPLICATE, decoded, lateness_ms)

    def _is_first(self, article: Article) -> bool:
        """Whether no article had this id before, as far back as is remembered; from now on one has."""
        if self._seen.contains(article.article_id):
            return False
        self._seen.put(article.article_id, article.event_time_ms)
        return True

    def _read(self, place: list[object], article: Article, lateness_ms: int) -> Row:
        reading = self._reader.read(article)
        return _row(place, ARTICLE if reading.facts else EMPTY, article, lateness_ms, reading)

    def _arrive(self, event_time_ms: int) -> int:
        """The lateness of a record in milliseconds; moves the partition's highest event time on."""
        before_ms: int | None = self._latest.value()
        arrival = arrive(before_ms, event_time_ms)
        if arrival.latest_ms != before_ms:
            self._latest.update(arrival.latest_ms)
            if arrival.latest_ms // DAY_MS > (before_ms or 0) // DAY_MS:
                self._forget_before(arrival.latest_ms - FORGET_AFTER_MS)
        return arrival.lateness_ms

    def _forget_before(self, event_time_ms: int) -> None:
        old = [article_id for article_id, seen_ms in self._seen.items() if seen_ms < event_time_ms]
        for article_id in old:
            self._seen.remove(article_id)


def _row(place: list[object], outcome: str, article: Article, lateness_ms: int, reading: Reading | None = None) -> Row:
    columns = _reading_columns(reading) if reading else _NO_READING
    return Row(*place, outcome, *_article_columns(article), lateness_ms, *columns, *_NO_REFUSAL)


def _article_columns(article: Article) -> list[object]:
    return [
        article.article_id,
        article.event_time_ms,
        article.known_time_ms,
        article.known_assumed,
        article.headline or article.body[:HEADLINE_CHARS_MAX],
        article.source,
        article.url,
    ]


def _reading_columns(reading: Reading) -> list[object]:
    return [
        reading.facts[0].model_versions if reading.facts else None,
        reading.event_topic,
        reading.signature,
        reading.edges.cut,
        [_fact_row(fact) for fact in reading.facts],
        [Row(edge.a, edge.b, edge.weight, edge.weighted) for edge in reading.edges.terms],
    ]


def _fact_row(fact: Fact) -> Row:
    weighted, weighted_square = weighted_micro(fact)
    return Row(
        fact.entity.entity_id,
        fact.entity.name,
        fact.entity.type.value,
        fact.entity.sector,
        fact.mentions,
        fact.first_position,
        fact.sentiment_micro,
        fact.relevance_micro,
        weighted,
        weighted_square,
        fact.polarity,
        fact.negative_micro,
        fact.positive_micro,
    )
