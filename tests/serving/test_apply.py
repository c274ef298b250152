from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from serving import keyspace
from serving.apply import Poll, Record, apply_poll, coalesce
from serving.progress import Progress
from serving.store import GraphReader, GraphWriter
from serving.subjects import find_node
from tests.oracles.graph import Article, Said, Upsert, changelog, fact_row
from tests.oracles.strategies import ARTICLES, BASE_MS
from tests.serving.filling import fill_store
from wiregraph.dump import dump_lines

EMPTY = Progress("topic", {})
ARTICLE = Article("x", BASE_MS, BASE_MS, (Said("org:a", 500_000, 100_000), Said("org:b", 400_000, 0)))


def everything(path: Path) -> list[tuple[bytes, bytes]]:
    with GraphReader(path) as reader:
        stored = reader.view().scan(b"\0", b"\xff")
        return [pair for pair in stored if not pair[0].startswith((keyspace.PROGRESS, keyspace.CHANGE))]


def dumped(path: Path) -> bytes:
    with GraphReader(path) as reader:
        return b"".join(dump_lines(reader.view()))


@settings(max_examples=10)
@given(ARTICLES, st.randoms(use_true_random=False), st.data())
def test_order_repeats_and_crashes_change_nothing(articles: list[Article], chance: object, data: st.DataObject) -> None:
    """A job that reads in another order and starts again, an applier that dies between batches."""
    shuffled = list(articles)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # st.randoms() gives random.Random
    rows = changelog(shuffled)
    back = data.draw(st.integers(0, len(rows)), label="the job starts again from")
    ahead = data.draw(st.integers(back, len(rows)), label="after having written up to")
    log = [row.record(offset) for offset, row in enumerate([*rows[:ahead], *rows[back:]])]
    with TemporaryDirectory() as directory:
        path = Path(directory) / "g"
        at = 0
        while at < len(log):
            size = data.draw(st.integers(1 + len(log) // 6, len(log)), label="batch")
            with GraphWriter(path) as writer:  # Opened anew for each batch, as after a kill.
                progress = writer.progress() or EMPTY
                assert progress.offsets.get(0, 0) == at
                at = min(at + size, len(log))
                apply_poll(writer, Poll(log[progress.offsets.get(0, 0) : at], {0: at}), progress, at)
        reference = fill_store(Path(directory) / "reference", articles)
        assert everything(path) == everything(reference)
        with GraphReader(path) as reader, GraphReader(reference) as other:
            found, expected = reader.view().progress(), other.view().progress()
            assert (found.facts, found.entities) == (expected.facts, expected.entities)
            assert found.facts == sum(len(article.said) for article in articles)
            assert found.first_event_ms == min(article.event_time for article in articles)
            assert found.latest_event_ms == max(article.event_time for article in articles)
            assert found.latest_event_ms == expected.latest_event_ms


def test_a_lower_or_equal_version_changes_nothing(tmp_path: Path) -> None:
    path = fill_store(tmp_path / "g", [ARTICLE])
    before = everything(path)
    row = fact_row(ARTICLE, Said("org:a", 1, 1))
    with GraphWriter(path) as writer:
        progress = writer.progress()
        assert progress is not None
        outcome = apply_poll(writer, Poll([row.record(99)], {0: 100}), progress, 5)
    assert (outcome.applied, outcome.refused) == (0, 0)
    assert outcome.progress.offsets == {0: 100}
    assert everything(path) == before


def test_coalescing_keeps_the_highest_version() -> None:
    rows = [Upsert("count/news/0", version, count_fields(version)) for version in (3, 7, 5)]
    upserts, refused = coalesce([row.record() for row in rows])
    assert [upsert.version for upsert in upserts] == [7]
    assert refused == 0


def count_fields(version: int) -> dict[str, object]:
    names = ("empty", "duplicates", "dead_letters", "edges_cut", "known_assumed", "late", "latest_event")
    return {**dict.fromkeys(names, 0), "topic": "news", "partition": 0, "articles": version}


def test_what_does_not_parse_is_counted_and_passed(tmp_path: Path) -> None:
    good = fact_row(ARTICLE, ARTICLE.said[0])
    bad = [
        Record(0, 0, None, b"{}"),
        Record(0, 1, b"fact/org:a/news/x", None),
        Record(0, 2, b"fact/org:a/news/x", b"{"),
        Record(0, 3, b"fact/org:a/news/x", b'{"version": 1}'),
        Record(0, 4, b"what/is/this", b'{"version": 1}'),
        Record(0, 5, b"\xff", b'{"version": 1}'),
        Upsert(good.key, 1, {**good.fields, "event_time": "soon"}).record(),
        Upsert(good.key, 1, {**good.fields, "event_time": -1}).record(),
        Upsert(good.key, 1, {**good.fields, "relevance": 2**63}).record(),
        Upsert(good.key, 1, {**good.fields, "entity": "org:a/b"}).record(),
        Upsert(good.key, -1, good.fields).record(),
    ]
    with GraphWriter(tmp_path / "g") as writer:
        for record in bad:
            outcome = apply_poll(writer, Poll([record], {0: record.offset + 1}), EMPTY, 1)
            assert (outcome.applied, outcome.refused) == (0, 1), record
        outcome = apply_poll(writer, Poll([*bad, good.record(11)], {0: 12}), EMPTY, 1)
    assert (outcome.applied, outcome.refused) == (1, len(bad))
    assert outcome.progress.offsets == {0: 12}


def test_a_deletion_stays_as_a_guard(tmp_path: Path) -> None:
    path = fill_store(tmp_path / "g", [ARTICLE])
    gone = [row for row in changelog([ARTICLE]) if "org:a" in row.key]
    deletions = [Upsert(key, 2**63 - 1, {"deleted": True}) for key in {row.key for row in gone}]
    fill_store(path, [], deletions)
    fill_store(path, [ARTICLE])  # A replay brings nothing back.
    with GraphReader(path) as reader:
        view = reader.view()
        assert find_node(view, "org:a") is None
        assert find_node(view, "org:b") is not None
        assert (view.progress().facts, view.progress().entities) == (1, 1)
    assert b"org:a" not in dumped(path)
    assert all(key[:1] == b"r" for key, _ in everything(path) if b"org:a" in key)
