"""The rules on the topic `control`: read them, and put one more version so that all jobs see the same."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from udfs.clicks import Click, decode_click
from udfs.rulebook import Rulebook, RuleError, RuleHistory, RuleVersion, history_row, parse_history
from udfs.rules import Rule
from udfs.topics import CLICKS, CONTROL
from wiregraph.consuming import read_to_end
from wiregraph.errors import Failure, UsageError
from wiregraph.producing import Outgoing, open_sender
from wiregraph.times import rfc3339
from wiregraph.topics_admin import consumer, highest_timestamps, partitions

AHEAD_MS = 500
"""How far behind the clicks that came a rule starts, so that all jobs know it before it decides."""
TAIL_RECORDS = 500
"""So many records at the end of each partition are asked for their event times."""
ATTEMPTS_MAX = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """A rule to put. `effective_from_ms` None: as soon as it may; `retroactive`: at any time, for replays."""

    rule: Rule
    effective_from_ms: int | None = None
    retroactive: bool = False


def read_rulebook(options: Mapping[str, Any]) -> Rulebook:
    """All rules with their histories as jobs see them; raises Failure where a record cannot be read."""
    book = Rulebook.built_in()
    with consumer(options) as reader:
        for record in read_to_end(reader, CONTROL):
            try:
                history = parse_history(record.value)
            except RuleError as error:
                raise Failure(f"{error} (offset {record.offset}): put the rule again with this version") from error
            book = book.with_history(history) if history else book
    return book


def put_rule(options: Mapping[str, Any], wish: Wish) -> RuleVersion:
    """Append a version to its rule's history.

    Where somebody else puts the same rule at the same time, the first record of a version counts and this one comes
    behind it: so the topic is read again. Raises UsageError for a time that is too early, Failure where Kafka fails.
    """
    for _ in range(ATTEMPTS_MAX):
        history = read_rulebook(options).histories.get(wish.rule.name) or RuleHistory(wish.rule.name, ())
        wanted = history.with_version(wish.rule, _effective_from_ms(options, wish))
        _write(options, wanted)
        if read_rulebook(options).histories[wish.rule.name].versions[: len(wanted.versions)] == wanted.versions:
            return wanted.versions[-1]
    raise Failure(f"others keep putting the rule {wish.rule.name}: see `wiregraph rules list`, then try again")


def _write(options: Mapping[str, Any], history: RuleHistory) -> None:
    record = Outgoing(CONTROL, history.name.encode(), history_row(history), int(time.time() * 1_000))
    with open_sender(options, CONTROL) as sender:
        if not sender.send(record):
            raise Failure(f"the history of {history.name} is too large for Kafka: put the rule under a new name")
        sender.flush()


def _effective_from_ms(options: Mapping[str, Any], wish: Wish) -> int:
    wanted_ms = wish.effective_from_ms
    if wish.retroactive and wanted_ms is not None:
        return wanted_ms
    latest_ms = latest_event_ms(options)
    earliest_ms = 0 if latest_ms is None else latest_ms + AHEAD_MS
    if wanted_ms is None:
        return earliest_ms
    if wanted_ms < earliest_ms:
        raise UsageError(
            f"--effective-from {rfc3339(wanted_ms)} is too early, clicks up to {rfc3339(earliest_ms - AHEAD_MS)} came: "
            f"use {rfc3339(earliest_ms)} or later, or --retroactive for replays"
        )
    return wanted_ms


def latest_event_ms(options: Mapping[str, Any]) -> int | None:
    """The highest event time in `clicks`, which bounds what jobs have seen; None where there is no click.

    Looks at the record with the highest timestamp and at the last ones of each partition, by the times in them.
    """
    with consumer(options) as reader:
        parts = partitions(reader, CLICKS)
        firsts, ends = reader.beginning_offsets(parts), reader.end_offsets(parts)
        tails = {part: max(firsts[part], ends[part] - TAIL_RECORDS) for part in parts}
        times = [_event_ms(record.value) for record in read_to_end(reader, CLICKS, tails)]
        highest = {part: at for part, at in highest_timestamps(options, parts).items() if at < tails[part]}
        for part, offset in highest.items():
            reader.assign([part])
            reader.seek(part, offset)
            times += [_event_ms(record.value) for record in reader.poll(5_000, max_records=1).get(part, ())]
    return max((time_ms for time_ms in times if time_ms is not None), default=None)


def _event_ms(value: bytes | None) -> int | None:
    found = decode_click(value, -1, lambda user_id: user_id)
    return found.event_time_ms if isinstance(found, Click) else None
