import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.marks import find_marks


@pytest.mark.parametrize(
    ("text", "symbols", "surface", "attached"),
    [
        ("$AAPL up", ("AAPL",), "$AAPL", False),
        ("buy $brk.b now", ("BRK-B", "BRK"), "$brk.b", False),
        ("Gap Inc (NYSE: GPS) rose", ("GPS",), "GPS", True),
        ("Shell (LSE:SHEL)", ("SHEL.L",), "SHEL", True),
        ("Siemens <SIEGn.DE> fell", ("SIEG-N.DE",), "SIEGn.DE", True),
        ("Citi <C.N> rose", ("C",), "C.N", True),
        ("watch AAPL.O, GPS.N", ("AAPL",), "AAPL.O", False),
        ("HSBC 0005.HK", ("0005.HK",), "0005.HK", False),
    ],
)
def test_marks_are_read(text: str, symbols: tuple[str, ...], surface: str, *, attached: bool) -> None:
    mark = find_marks(text, 1_000)[0]
    assert (mark.symbols, text[mark.start : mark.end], mark.attached) == (symbols, surface, attached)


@pytest.mark.parametrize(
    "text", ["$5 million", "US$100", "the U.S. and J.P. Morgan", "A$AP", "costs $C100", "N.Y. to L.A."]
)
def test_money_and_initials_are_no_marks(text: str) -> None:
    assert find_marks(text, 1_000) == []


@given(st.text(alphabet="$ABc.<>(): NYSE1", max_size=60))
def test_marks_never_overlap(text: str) -> None:
    last = 0
    for mark in find_marks(text, 1_000):
        assert last <= mark.opening <= mark.start < mark.end <= len(text)
        last = mark.end
