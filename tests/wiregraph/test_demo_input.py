import json
from pathlib import Path

import pytest

from udfs.topics import NEWS
from wiregraph.demo_input import mapping_of, outgoing_of
from wiregraph.errors import UsageError


def test_a_wire_of_titles_is_mapped_by_its_columns(tmp_path: Path) -> None:
    file = tmp_path / "wire.tsv"
    file.write_text(
        "timestamp_utc\ttitle\n2008-09-15T06:00:00Z\tLehman files\nbroken\n2008-09-15T06:00:01Z\tMore\n", "utf-8"
    )
    sent = list(outgoing_of(file))
    fields = [json.loads(each.value or b"") for each in sent]
    assert [each["headline"] for each in fields] == ["Lehman files", "More"]
    assert [each["published_at"] for each in fields] == ["2008-09-15T06:00:00Z", "2008-09-15T06:00:01Z"]
    assert [each.timestamp_ms for each in sent] == [1_221_458_400_000, 1_221_458_401_000]
    assert {each.topic for each in sent} == {NEWS}


def test_json_lines_in_the_form_of_the_topic_need_no_mapping(tmp_path: Path) -> None:
    file = tmp_path / "wire.jsonl"
    line = b'{"id":"1","published_at":"2026-01-05T14:30:00Z","headline":"H","time":"x"}'
    file.write_bytes(line + b"\n")
    assert mapping_of(file) == []
    assert [each.value for each in outgoing_of(file)] == [line]


def test_a_file_without_headlines_is_refused_before_anything_starts(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("day,price\n2026-01-05,4\n", "utf-8")
    with pytest.raises(UsageError, match="headline"):
        outgoing_of(file)
