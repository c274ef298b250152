"""Matches gathered by the JVM are read as if each part had come alone."""

from jobs.click_rows import PART
from jobs.match_batches import read_matches
from udfs.batch_tier import pack_matches
from udfs.clicks import Click
from udfs.patterns_records import Match


def match(number: int) -> Match:
    return Match("coupon", "SPRAY", Click(f"s{number}", "c", number, "coupon_attempt", coupon="SPRAY"))


def gathered(*parts: list[Match]) -> bytes:
    """As the JVM gathers them."""
    packed = [pack_matches(part) for part in parts]
    return b"".join(PART.pack(0, len(part)) + part for part in packed)


def test_no_part_holds_no_match() -> None:
    assert list(read_matches(b"")) == []


def test_parts_are_read_in_their_order() -> None:
    first, second = [match(3), match(1)], [match(2)]
    assert list(read_matches(gathered(first, second))) == [*first, *second]


def test_an_empty_part_is_none() -> None:
    assert list(read_matches(gathered([], [match(1)], []))) == [match(1)]
