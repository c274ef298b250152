"""Scores of entities from a view of the graph store. Pure but for the reads.

What was known by a moment (`known_at_ms`) is summed from facts, everything else from buckets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from serving import keyspace
from serving.beginnings import first_known_event_ms
from serving.bucket_rows import SLOTS, row_articles, row_length_ms, row_suffix
from serving.keyspace import TIME_MAX, KnownFact, Packed, time_bytes
from serving.progress import Progress
from serving.repeats import Repeats, stored_repeats
from serving.since import Since
from serving.store import View
from serving.stories import REPEAT_WITHIN_MS, Stories
from serving.subjects import Members, Subject
from serving.tallies import Tally, tally
from serving.window_rows import articles_of, plan, read_rows, sums_of
from serving.windows import ZERO, Sums, Window, add, floor_minute, of_fact, zscore
from udfs.changelog import Grain, NodeRow

HISTORY = 30
"""The volume z-score compares a window with so many before it."""


@dataclass(frozen=True, slots=True)
class Question:
    """A window, and what is taken into account: all there is, or what was known by a moment."""

    window: Window
    known_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """An entity or a sector over a window; `zscore` None while too little history exists.

    `repeats` of its articles are similar to one of the 24 hours before them (see `serving.stories`).
    """

    node: NodeRow
    window: Window
    sums: Sums
    zscore: float | None
    models: str
    repeats: int

    @property
    def novelty(self) -> float | None:
        """The share of the articles that repeat no story, 0..1; None if there are none."""
        # While rows of an article are still coming, its repeat may be there before its bucket.
        return max(0.0, 1 - self.repeats / self.sums.articles) if self.sums.articles else None


def first_event_ms(view: View, question: Question, progress: Progress) -> int | None:
    """Where the graph begins, by what the question takes into account; None in an empty graph."""
    if question.known_at_ms is None:
        return progress.first_event_ms
    return first_known_event_ms(view, question.known_at_ms)


def facts_in(view: View, entity: str, question: Question) -> Iterator[KnownFact]:
    """The facts of an entity, newest event first, ties by topic and article."""
    prefix = keyspace.fact_prefix(entity)
    window = question.window
    lower = prefix + time_bytes(TIME_MAX - window.end_ms + 1)
    upper = prefix + time_bytes(TIME_MAX - max(window.start_ms, 0) + 1)
    for key, stored in view.scan(lower, upper):
        value = keyspace.unpack_fact(stored)
        if question.known_at_ms is None or value.known_time <= question.known_at_ms:
            yield KnownFact(keyspace.parse_fact_key(key), value)


def binned(view: View, members: Members, last: Question, count: int) -> list[Packed]:
    """The sums of `count` windows side by side, oldest first, of which `last` is the last."""
    if last.known_at_ms is not None:
        return _known_bins(view, members, last, count)
    wanted = plan(last.window, count)
    bins = [ZERO] * count
    for entity in members:
        rows = read_rows(view, entity, wanted)
        if rows:
            bins = [add(sums, more) for sums, more in zip(bins, sums_of(rows, wanted), strict=True)]
    return bins


def _known_bins(view: View, members: Members, last: Question, count: int) -> list[Packed]:
    bins = [ZERO] * count
    whole = Window(last.window.end_ms, count * last.window.length_ms)
    for entity in members:
        for fact in facts_in(view, entity, Question(whole, last.known_at_ms)):
            at = (fact.key.event_time - whole.start_ms) // last.window.length_ms
            bins[at] = add(bins[at], of_fact(fact.value))
    return bins


def article_counts(view: View, members: Members, question: Question, first_ms: int | None) -> list[int]:
    """The articles in each of the windows before that exist, oldest first; `first_ms` is the graph's first event."""
    count = history_length(question.window, first_ms)
    if not count:
        return []
    last = question.window.before(1)
    if question.known_at_ms is not None:
        return [sums[0] for sums in _known_bins(view, members, Question(last, question.known_at_ms), count)]
    wanted = plan(last, count)
    counts = [0] * count
    for entity in members:
        found = articles_of(read_rows(view, entity, wanted), wanted)
        counts = [one + more for one, more in zip(counts, found, strict=True)]
    return counts


def history_length(window: Window, first_ms: int | None) -> int:
    """How many windows before this one exist, 0..30: those that begin after the graph's first event."""
    if first_ms is None:
        return 0
    return max(0, min(HISTORY, (window.start_ms - floor_minute(first_ms)) // window.length_ms))


def score(view: View, subject: Subject, question: Question, first_ms: int | None) -> Score:
    """All scores of an entity or sector over a window; zeros where there was no article."""
    if question.known_at_ms is None and len(subject.members) == 1:
        return entity_score(view, subject, question.window, first_ms).score
    (sums,) = binned(view, subject.members, question, 1)
    volume = zscore(sums[0], article_counts(view, subject.members, question, first_ms))
    models = latest_models(view, subject.members, question) if sums[0] else ""
    (repeats,) = repeat_counts(view, subject.members, question, 1)
    return Score(subject.node, question.window, Sums(*sums), volume, models, repeats)


def repeat_counts(view: View, members: Members, last: Question, count: int) -> list[int]:
    """How many facts repeat a story in each of `count` windows side by side, oldest first; `last` is the last one."""
    windows = [last.window.before(back) for back in reversed(range(count))]
    if last.known_at_ms is None:
        return [sum(stored_repeats(view, entity, window).count for entity in members) for window in windows]
    start_ms = windows[0].start_ms
    counts = [0] * count
    for entity in members:
        whole = Window(last.window.end_ms, last.window.end_ms - start_ms + REPEAT_WITHIN_MS)
        for time_ms in Stories(facts_in(view, entity, Question(whole, last.known_at_ms))).repeats(start_ms):
            counts[(time_ms - start_ms) // last.window.length_ms] += 1
    return counts


@dataclass(frozen=True, slots=True)
class Latest:
    """When the newest fact of a window happened, and the model versions that say so of it."""

    event_time: int
    models: str


@dataclass(frozen=True, slots=True)
class Computed:
    """A score by all that is known, what it was made of, and the latest fact in the window if it counts."""

    score: Score
    tally: Tally
    latest: Latest | None
    repeats: Repeats


@dataclass(frozen=True, slots=True)
class Before:
    """What was computed for an earlier window or this one, and what has changed since."""

    computed: Computed
    since: Since = field(default_factory=Since)


def entity_score(
    view: View, subject: Subject, window: Window, first_ms: int | None, before: Before | None = None
) -> Computed:
    """The score of a single entity: its rows are read once for the window and those before it."""
    history = history_length(window, first_ms)
    (entity,) = subject.members
    wanted = plan(window, history + 1)
    if before is None:
        found = tally(view, entity, wanted)
    else:
        found = tally(view, entity, wanted, before.computed.tally, before.since.buckets)
    sums = found.sums
    volume = zscore(sums[0], list(found.articles[:-1]))
    latest = _latest(view, entity, window, before) if sums[0] else None
    repeats = _repeats(view, entity, window, before)
    score = Score(subject.node, window, Sums(*sums), volume, latest.models if latest else "", repeats.count)
    return Computed(score, found, latest, repeats)


def _latest(view: View, entity: str, window: Window, before: Before | None) -> Latest | None:
    """From the store only where what came since does not tell."""
    if before and before.computed.latest and before.computed.score.window == window and not before.since.facts_differ:
        known, newest = before.computed.latest, before.since.newest
        if newest is None or newest.event_time < known.event_time:
            return known
        if known.event_time < newest.event_time < window.end_ms and newest.models is not None:
            return Latest(newest.event_time, newest.models)
    fact = next(facts_in(view, entity, Question(window)), None)
    return Latest(fact.key.event_time, fact.value.models) if fact else None


def _repeats(view: View, entity: str, window: Window, before: Before | None) -> Repeats:
    if before and before.computed.score.window == window:
        changed = before.computed.repeats.changed(window, before.since.repeats)
        if changed is not None:
            return changed
    return stored_repeats(view, entity, window)


def latest_models(view: View, members: Members, question: Question) -> str:
    """The model versions of the latest fact in a window; empty where there is none."""
    firsts = (next(facts_in(view, entity, question), None) for entity in members)
    latest = min((fact for fact in firsts if fact), key=_by_age, default=None)
    return latest.value.models if latest else ""


def _by_age(fact: KnownFact) -> tuple[int, str, str]:
    return -fact.key.event_time, fact.key.topic, fact.key.article


def series(view: View, subject: Subject, last: Question, count: int, first_ms: int | None) -> list[Score]:
    """The scores of windows side by side, oldest first, each as `score` gives it alone."""
    bins = binned(view, subject.members, last, count)
    begin = Question(last.window.before(count - 1), last.known_at_ms)
    before = article_counts(view, subject.members, begin, first_ms)
    counts = [*before, *(sums[0] for sums in bins)]
    repeats = repeat_counts(view, subject.members, last, count)
    points = []
    for at, sums in enumerate(bins):
        window = last.window.before(count - 1 - at)
        here = len(before) + at
        volume = zscore(sums[0], counts[here - history_length(window, first_ms) : here])
        models = latest_models(view, subject.members, Question(window, last.known_at_ms)) if sums[0] else ""
        points.append(Score(subject.node, window, Sums(*sums), volume, models, repeats[at]))
    return points


def article_count(view: View, entity: str, end_ms: int | None, known_at_ms: int | None) -> int:
    """The number of an entity's facts before a moment, if one is given, of those known by then."""
    end_ms = floor_minute(TIME_MAX) if end_ms is None else end_ms
    if known_at_ms is not None:
        ((articles, *_),) = _known_bins(view, (entity,), Question(Window(end_ms, end_ms), known_at_ms), 1)
        return articles
    prefix, span = keyspace.bucket_prefix(entity), row_length_ms(Grain.DAY)
    base = end_ms - end_ms % span
    days = view.scan(prefix + row_suffix(Grain.DAY, 0), prefix + row_suffix(Grain.DAY, base))
    whole = sum(row_articles(value, 0, SLOTS[Grain.DAY]) for _, value in days)
    ((rest, *_),) = binned(view, (entity,), Question(Window(end_ms, end_ms - base)), 1)
    return whole + rest
