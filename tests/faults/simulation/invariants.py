"""What must hold at every moment, whatever has happened before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from serving import alert_keys, keyspace
from serving.progress import Progress
from serving.queries import Question, score
from serving.store import View
from serving.subjects import Subject
from serving.windows import Window
from tests.faults.simulation.inputs import Incoming
from tests.faults.simulation.store import Snapshot
from tests.faults.simulation.twin import SUMMED, Applied, content_of, counted, expected, guards_in, is_fact, is_node
from tests.oracles.strategies import DAY_MS
from udfs.alerts import Alert
from udfs.changelog import BucketRow, Grain, fact_key


class BrokenInvariantError(AssertionError):
    """What must never happen has happened."""


def demand(holds: bool, what: str) -> None:
    if not holds:
        raise BrokenInvariantError(what)


def being_erased(snapshot: Snapshot) -> set[str]:
    """Subjects of which some may still be there: the guard is written first."""
    return guards_in(snapshot.data).keys() - snapshot.applied.subjects


def check_content(snapshot: Snapshot) -> None:
    """The store holds what the records say that it has applied, and no more; nothing erased is left.

    While an erasure is under way, whose guard is written first, some of the subject may still be there.
    """
    guards = guards_in(snapshot.data)
    found = {key: value for key, value in content_of(snapshot.data).items() if not key.startswith(SUMMED)}
    wanted = expected(snapshot.applied, guards)
    under_way = [subject.removeprefix("session:").encode() for subject in being_erased(snapshot)]
    demand(snapshot.applied.subjects <= guards.keys(), "an erased subject has no guard")
    wrong = [key for key in wanted if found.get(key) != wanted[key]]
    extra = [key for key in found.keys() - wanted.keys() if not any(one in key + found[key] for one in under_way)]
    demand(not wrong, f"missing or not what it should be: {wrong[:3]}")
    demand(not extra, f"nobody has said this: {extra[:3]}")
    _check_changes(snapshot)
    if not under_way:
        _check_counters(snapshot, guards)
        _check_erased(snapshot.data, guards)


def _check_changes(snapshot: Snapshot) -> None:
    """Each alert that is shown has one change, the number of which its stamp knows."""
    stamps = {key[1:]: value for key, value in snapshot.data.items() if key.startswith(alert_keys.STAMP)}
    wanted = {
        alert_keys.change_key(alert_keys.unpack_stamp(value).change, key.decode()) for key, value in stamps.items()
    }
    found = {key for key in snapshot.data if key.startswith(alert_keys.CHANGE)}
    demand(found == wanted, "the changes of alerts are not those of their stamps")


def _check_counters(snapshot: Snapshot, guards: Mapping[str, bytes]) -> None:
    progress, applied = snapshot.progress, snapshot.applied
    assert progress is not None
    kept = applied.kept(guards)
    found = (progress.facts, progress.entities, progress.erasures, progress.first_event_ms, progress.latest_event_ms)
    wanted = (counted(kept, is_fact), counted(kept, is_node), len(guards), applied.first_ms, applied.latest_ms)
    demand(found == wanted, f"progress counts {found}, there are {wanted}")


def _check_erased(found: Mapping[bytes, bytes], guards: Iterable[str]) -> None:
    texts = [subject.removeprefix("session:").encode() for subject in guards]
    for text in texts:
        named = [key for key, value in found.items() if text in key or text in value]
        left = [key for key in named if not key.startswith(keyspace.ERASED)]
        demand(not left, f"{left[:3]} name an erased subject")


def check_written(before: Progress | None, after: Snapshot, measured: Mapping[str, list[Incoming]]) -> None:
    """Neither offsets nor watermarks go back, and no watermark leads; `measured` is what there was of each group's."""
    progress = after.progress
    assert progress is not None
    was = before or Progress("", {})
    if before is not None and before.topic_id == progress.topic_id:
        demand(all(progress.offsets.get(one, 0) >= at for one, at in before.offsets.items()), "offsets went back")
    marks = ((was.watermark_ms, progress.watermark_ms), (was.alerts_watermark_ms, progress.alerts_watermark_ms))
    for (old, new), incoming in zip(marks, measured.values(), strict=True):
        demand(old is None or (new is not None and new >= old), f"the watermark went back from {old} to {new}")
        if new is not None and new != old:
            _check_complete(after, [one for one in incoming if one.event_ms < new])


def _check_complete(after: Snapshot, incoming: Iterable[Incoming]) -> None:
    """All that was there when it was measured, was not late, and is before the watermark, is applied."""
    applied, guards = after.applied, guards_in(after.data)
    least: dict[str, int] = {}
    for one in incoming:
        for key in _keys(one):
            least[key] = least.get(key, 0) + 1
        for alert in one.alerts:
            version = _highest(applied, alert.alert_id)
            demand(version >= alert.version, f"the watermark leads: {alert.alert_id} is not applied")
    for key, version in least.items():
        line = applied.rows.get(key)
        demand(line is not None and line.version >= version, f"the watermark leads: {key} is not applied")
        if line is not None and not guards.keys() & line.named:
            demand(line.row_key in after.data, f"the watermark leads: {key} is not stored")


def _highest(applied: Applied, alert_id: str) -> int:
    return max((one.version for one in applied.side if isinstance(one, Alert) and one.alert_id == alert_id), default=-1)


def _keys(incoming: Incoming) -> Iterator[str]:
    article = incoming.article
    if article is not None:
        day = article.event_time - article.event_time % DAY_MS
        for said in article.said:
            yield fact_key(said.entity, article.topic, article.article_id)
            yield f"bucket/{said.entity}/{Grain.DAY}/{day}"


def check_scores(view: View, subject: Subject, applied: Applied, day_ms: int) -> None:
    """A day's sums are those of its bucket, straight from the changelog."""
    sums = score(view, subject, Question(Window(day_ms + DAY_MS, DAY_MS)), None).sums
    line = applied.rows.get(f"bucket/{subject.node.entity}/{Grain.DAY}/{day_ms}")
    row = line.row if line else None
    wanted = (row.version, row.mentions, row.weight, row.weighted) if isinstance(row, BucketRow) else (0, 0, 0, 0)
    found = (sums.articles, sums.mentions, sums.weight, sums.weighted)
    demand(found == wanted, f"{subject.node.entity}: read {found}, applied {wanted}")
