"""Ticker marks in a text: cashtags, "(NYSE: GPS)" and Reuters codes such as GPS.N.

A mark says outright which listing is meant. Symbols are written as in the gazetteer: "GPS" for a
listing in the United States, "SIE.DE" with the market's suffix for one elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from udfs.names import word_set

_US_SUFFIXES = frozenset({"N", "O", "OQ", "A", "K", "PK", "OB", "P", "Z"})
_US_MARKETS = word_set("NYSE NASDAQ NASDAQGS NASDAQGM NASDAQCM NYSEAMERICAN NYSEMKT AMEX OTC OTCBB OTCQB OTCQX")
_SUFFIX_OF_MARKET = {
    "LSE": "L", "LON": "L", "TSX": "TO", "TSE": "TO", "ASX": "AX", "NSE": "NS", "BSE": "BO", "HKEX": "HK", "HKG": "HK",
    "SEHK": "HK", "FRA": "DE", "ETR": "DE", "XETRA": "DE", "EPA": "PA", "AMS": "AS", "BIT": "MI", "BME": "MC",
    "STO": "ST", "SWX": "SW", "TYO": "T", "KRX": "KS", "JSE": "JO",
}  # fmt: skip
_SUFFIX_OF_REUTERS = {"VX": "SW", "S": "SW", "BSE": "BO", "NSE": "NS"}
_MARKETS = "|".join(sorted({*_US_MARKETS, *_SUFFIX_OF_MARKET, "NASDAQ-GS", "NYSE Arca", "NYSE American"}, reverse=True))

_CASHTAG = re.compile(r"(?<![\w$])\$([A-Za-z]{1,5})(?:[.-]([A-Za-z]))?(?![\w$])")
_LISTED = re.compile(rf"(?<!\w)(?i:{_MARKETS})\s?:\s?([A-Z][A-Z0-9]{{0,9}})(?:[.-]([A-Z]))?(?![\w.]\w)")
_REUTERS = re.compile(r"(?<![\w.$])([A-Z0-9]{2,10}|(?<=<)[A-Z]|[A-Z]{1,5}[a-z])\.([A-Z]{1,3})(?![\w&]|\.\w)")


@dataclass(frozen=True, slots=True)
class Mark:
    """A ticker [start, end) in code points; `symbols` are the listings it may mean, best first.

    `opening` is where the mark begins with its market ("NYSE: GPS"), else `start`.
    `attached` says that it stands in brackets behind a name, `<GPS.N>` or `(NYSE: GPS)`, rather
    than alone.
    """

    start: int
    end: int
    symbols: tuple[str, ...]
    attached: bool
    opening: int


def find_marks(text: str, limit: int) -> list[Mark]:
    """Return the marks in `text[:limit]` in order, none overlapping another."""
    text = text[:limit]
    marks: list[Mark] = []
    if "$" in text:
        marks += [_cashtag(text, match) for match in _CASHTAG.finditer(text)]
    if ":" in text:
        marks += [_listed(match) for match in _LISTED.finditer(text)]
    if "." in text:
        marks += [_reuters(text, match) for match in _REUTERS.finditer(text)]
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: (mark.opening, -mark.end)):
        if not kept or mark.opening >= kept[-1].end:
            kept.append(mark)
    return kept


def _cashtag(text: str, match: re.Match[str]) -> Mark:
    symbol, share_class = match.group(1).upper(), match.group(2)
    symbols = (f"{symbol}-{share_class.upper()}", symbol) if share_class else (symbol,)
    return Mark(match.start(), match.end(), symbols, _in_brackets(text, match), match.start())


def _listed(match: re.Match[str]) -> Mark:
    market = re.sub(r"[\s-]", "", match.group().partition(":")[0]).upper()
    symbol, share_class = match.group(1), match.group(2)
    suffix = _SUFFIX_OF_MARKET.get(market)
    if suffix:
        symbols: tuple[str, ...] = (f"{symbol}.{suffix}",)
    else:
        symbols = (f"{symbol}-{share_class}", symbol) if share_class else (symbol,)
    return Mark(match.start(1), match.end(), symbols, attached=True, opening=match.start())


def _reuters(text: str, match: re.Match[str]) -> Mark:
    symbol, suffix = match.group(1), match.group(2)
    if symbol[-1].islower():
        # Reuters writes a share class in lower case: BRKb.N.
        symbol = f"{symbol[:-1]}-{symbol[-1].upper()}"
    suffix = _SUFFIX_OF_REUTERS.get(suffix, suffix)
    symbols = (symbol,) if suffix in _US_SUFFIXES else (f"{symbol}.{suffix}",)
    return Mark(match.start(), match.end(), symbols, _in_brackets(text, match), match.start())


def _in_brackets(text: str, match: re.Match[str]) -> bool:
    return text[max(0, match.start() - 2) : match.start()].rstrip().endswith(("(", "<", "["))
