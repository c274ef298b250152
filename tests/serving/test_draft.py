from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.draft import Draft
from serving.keyspace import Entry
from serving.progress import Progress
from serving.store import GraphWriter


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[GraphWriter]:
    with GraphWriter(tmp_path / "g") as made:
        made.write([Entry(key, b"stored") for key in (b"za", b"zc", b"ze")], [], Progress("topic", {}))
        yield made


def test_a_draft_is_the_store_as_it_will_be(writer: GraphWriter) -> None:
    draft = Draft(writer)
    draft.put(b"zb", b"new")
    draft.put(b"zc", b"other")
    draft.delete(b"ze")
    assert [draft.get(key) for key in (b"za", b"zb", b"zc", b"zd", b"ze")] == [b"stored", b"new", b"other", None, None]
    assert draft.items(b"z") == [(b"za", b"stored"), (b"zb", b"new"), (b"zc", b"other")]
    assert draft.keys(b"zc") == [b"zc"]
    assert writer.get_many([b"zb", b"zc"]) == [None, b"stored"]
    writer.write(draft.puts, draft.deletes, Progress("topic", {}))
    assert Draft(writer).items(b"z") == draft.items(b"z")


def test_the_last_word_on_a_key_counts(writer: GraphWriter) -> None:
    draft = Draft(writer)
    draft.put(b"za", b"new")
    draft.delete(b"za")
    draft.delete(b"zc")
    draft.put(b"zc", b"again")
    assert (list(draft.puts), draft.deletes) == ([Entry(b"zc", b"again")], [b"za"])
