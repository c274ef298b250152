import io
import json
from pathlib import Path

import pytest

from serving.store import GraphReader
from tests.oracles.graph import Article, Said, Upsert, changelog
from tests.oracles.strategies import BASE_MS
from tests.serving.filling import fill_store
from wiregraph.dump import DumpKind, dump, dump_lines, json_lines, write_lines
from wiregraph.errors import Failure, UsageError

ARTICLES = [
    Article("one\ttwo\n\\", BASE_MS, BASE_MS, (Said("org:a", 5, 6), Said("org:b", 7, 8))),
    Article("zwei ü\u2028", BASE_MS, BASE_MS, (Said("org:a", 1, 1),)),
]


@pytest.fixture
def reader(tmp_path: Path) -> GraphReader:
    return GraphReader(fill_store(tmp_path / "store" / "live", ARTICLES))


def test_lines_are_sorted_and_hold_all_rows(reader: GraphReader) -> None:
    lines = list(dump_lines(reader.view()))
    assert lines == sorted(lines)
    parts = [line.rstrip(b"\n").split(b"\t") for line in lines]
    assert all(len(part) == 3 for part in parts)
    highest = {row.key: row.version for row in changelog(ARTICLES)}
    assert sorted(int(version) for _, version, _ in parts) == sorted(highest.values())
    kinds = {key.split(b"/")[0] for key, _, _ in parts}
    assert kinds == {b"bucket", b"count", b"edge", b"fact", b"node"}


def test_values_are_canonical_and_show_state_only(tmp_path: Path) -> None:
    noisy = {"zeta": 1, "alpha": "x", "decided_at": 9, "applied_at": 9, "lateness": 9}
    row = changelog(ARTICLES)[0]
    path = fill_store(tmp_path / "g", [], [Upsert(row.key, 1, {**noisy, **row.fields})])
    with GraphReader(path) as reader:
        (line,) = dump_lines(reader.view())
    value = line.rstrip(b"\n").split(b"\t")[2]
    fields = json.loads(value)
    assert list(fields) == sorted(fields) == sorted({"zeta", "alpha", *row.fields})
    assert b" " not in value.replace(b'"A"', b"")


def test_each_kind_by_itself(reader: GraphReader) -> None:
    everything = list(dump_lines(reader.view()))
    for kind, prefix in ((DumpKind.FACTS, b"fact/"), (DumpKind.BUCKETS, b"bucket/"), (DumpKind.EDGES, b"edge/")):
        found = list(dump_lines(reader.view(), kind))
        assert found
        assert found == [line for line in everything if line.startswith(prefix)]
    assert list(dump_lines(reader.view(), DumpKind.ALERTS)) == []


def test_json_says_the_same(reader: GraphReader) -> None:
    lines = [line.rstrip(b"\n").split(b"\t") for line in dump_lines(reader.view())]
    objects = [json.loads(line) for line in json_lines(reader.view())]
    assert [one["version"] for one in objects] == [int(version) for _, version, _ in lines]
    assert [one["value"] for one in objects] == [json.loads(value) for _, _, value in lines]
    assert f"fact/org:a/news/{ARTICLES[0].article_id}" in [one["key"] for one in objects]


def test_lines_are_written_whole() -> None:
    out = io.BytesIO()
    write_lines(iter([b"%d\n" % number for number in range(2_500)]), out)
    assert out.getvalue().splitlines() == [b"%d" % number for number in range(2_500)]


def test_without_a_store_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="wiregraph stack up"):
        dump(tmp_path)
    with pytest.raises(UsageError, match="--graph"):
        dump(tmp_path, "../live")
