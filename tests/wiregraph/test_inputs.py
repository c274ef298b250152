import gzip
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiregraph.errors import UsageError
from wiregraph.inputs import Format, _input, guess_format, open_input


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jsonl", Format.JSONL),
        ("a.NDJSON.gz", Format.JSONL),
        ("a.b.csv", Format.CSV),
        ("stream.tsv.gz", Format.TSV),
        ("feed.atom", Format.RSS),
        ("feed.xml", Format.RSS),
        ("-", Format.JSONL),
    ],
)
def test_the_name_tells_the_format(name: str, expected: Format) -> None:
    assert guess_format(name) is expected


@pytest.mark.parametrize("name", ["a.txt", "a", "a.gz"])
def test_a_name_that_tells_nothing_is_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError, match="--format"):
        guess_format(name)


@given(st.binary(max_size=200).filter(lambda data: not data.startswith(b"\x1f\x8b")))
def test_plain_and_gzipped_input_give_the_same_bytes(data: bytes) -> None:
    plain, zipped = io.BytesIO(data), io.BytesIO(gzip.compress(data[:50]) + gzip.compress(data[50:]))
    assert _input(plain, None).stream.read() == data
    assert _input(zipped, None).stream.read() == data


def test_gzip_is_known_by_its_bytes_and_position_counts_the_file(tmp_path: Path) -> None:
    file = tmp_path / "named.jsonl"
    file.write_bytes(gzip.compress(b"line\n" * 1000))
    with open_input(str(file)) as source:
        assert source.size == file.stat().st_size
        assert source.stream.read() == b"line\n" * 1000
        assert source.position() == source.size


def test_a_line_of_a_pipe_is_there_before_the_pipe_ends() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"first\nsec")
    with os.fdopen(reader, "rb") as pipe:
        assert _input(pipe, None).stream.readline() == b"first\n"
        os.close(writer)


@pytest.mark.parametrize("name", ["nowhere.jsonl", "."])
def test_what_cannot_be_read_is_wrong_usage(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"), open_input(str(tmp_path / name)):
        pass


@pytest.mark.parametrize("content", [b"", b"x", b'{"id": "1"}\n'])
def test_what_is_named_gz_and_is_not_gzipped_is_wrong_usage(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "plain.jsonl.gz"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="not gzipped"), open_input(str(file)):
        pass
