"""The public lists that the gazetteer is compiled from, as companies; see the CARD for licences."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from udfs.names import alias_key, strip_legal_form, word_set

SIZES = {"Mega Cap": 5, "Large Cap": 4, "Mid Cap": 3, "Small Cap": 2, "Micro Cap": 1, "Nano Cap": 0}
_RANKS = ((100, 5), (700, 4), (2_000, 3), (4_000, 2), (7_000, 1))
"""The SEC lists companies by market value: up to this rank, this size."""
_HOME_SUFFIX = {
    "Germany": "DE", "France": "PA", "United Kingdom": "L", "Netherlands": "AS", "Japan": "T", "Hong Kong": "HK",
    "China": "HK SS SZ", "Canada": "TO V", "Australia": "AX", "India": "NS BO", "South Korea": "KS KQ",
    "Italy": "MI", "Spain": "MC", "Sweden": "ST", "Finland": "HE", "Denmark": "CO", "Norway": "OL",
    "Switzerland": "SW", "Brazil": "SA", "Mexico": "MX", "Taiwan": "TW TWO", "Singapore": "SI", "Belgium": "BR",
    "Austria": "VI", "Ireland": "IR L", "Portugal": "LS", "Russia": "ME", "South Africa": "JO", "Thailand": "BK",
    "Malaysia": "KL", "Indonesia": "JK", "Saudi Arabia": "SR", "Israel": "TA", "New Zealand": "NZ", "Greece": "AT",
    "Chile": "SN", "Argentina": "BA", "Poland": "WA", "Turkey": "IS", "Qatar": "QA", "Philippines": "PS",
}  # fmt: skip
_SECURITY = re.compile(
    r",?\s+[-\u2013]?\s*(?:\(?(?:Class|Series) [A-Z]\b|\d+(?:\.\d+)?%|Common (?:Stock|Shares?|Units?)|Ordinary Shares?|"
    r"American Depositary|Depositary|ADSs?\b|Units?\b|Warrants?\b|Rights?\b|Subordinate|Preferred|Tangible|"
    r"Capital Stock|"
    r"Registered|Shares of Beneficial|Limited Partner|Non-?Voting|Global Depositary|each representing).*$",
    re.IGNORECASE,
)
_NOISE = re.compile(r"\s*\(publ\)|^Public Joint Stock Company |,? Sponsored ADR$| \(The\)$", re.IGNORECASE)
_RECEIPT = re.compile(r"\b(?:DRN|ADRs?|GDRs?|ADS)\b|drn$|\bADR/|\.adr", re.IGNORECASE)
_STATE = re.compile(r"\s*[/\\][A-Za-z .]{2,12}[/\\]?\s*$")
_FUND = re.compile(
    r"\b(?:ETF|ETN|Fund|Funds|SPDR|iShares|ProShares|Index Trust|Municipal|Income Trust|Term Trust)\b", re.IGNORECASE
)
_SPELLED = {
    "corporation": "corp", "incorporated": "inc", "company": "co", "limited": "ltd", "aktiengesellschaft": "ag",
    "companies": "cos",
}  # fmt: skip
_BROKERS_NAME = re.compile(r"\bEO\b|\bDL\b|\d,|-,|\bINH\b|O\.N\.?|\bNAM\b|UNSP|%|\d/\d", re.IGNORECASE)
"""Brokers' abbreviations: "PRYSMIAN S.P.A.  EO 0,10"."""
_SMALL_COUNTRIES = frozenset(_HOME_SUFFIX) - frozenset(
    {"China", "India", "Taiwan", "Thailand", "Malaysia", "Indonesia", "Saudi Arabia", "Israel", "Greece", "Turkey"}
)
_ACRONYM_MAX = 4
"""Longer words in capitals are shouting, not acronyms."""
_LOWER_WORDS = word_set("of and the de du des del la le et und in on for at")


@dataclass(frozen=True, slots=True)
class Company:
    """A listed company of one list. `symbol` becomes its id, `symbols` are all its tickers."""

    name: str
    symbol: str
    symbols: tuple[str, ...]
    sector: str
    country: str
    size: int

    @property
    def key(self) -> str:
        """The name's key without legal forms."""
        return stripped_key(self.name)

    @property
    def full_key(self) -> str:
        """The name's key with its legal forms, spelled in one way."""
        return " ".join(_SPELLED.get(word, word) for word in alias_key(self.name).split())


@dataclass(frozen=True, slots=True)
class IndianCompany:
    """A row of SEntFiN's list: the symbol in Mumbai and the surfaces that headlines use."""

    symbol: str
    surfaces: tuple[str, ...]


def stripped_key(name: str) -> str:
    """Return the key of a company's name without legal forms."""
    return " ".join(strip_legal_form(alias_key(name).split()))


def clean_name(name: str) -> str:
    """Return a company's name without what lists add to it: kind of security, state, shouting."""
    name = _SECURITY.sub("", _STATE.sub("", _NOISE.sub("", name.strip()))).strip(" ,-")
    letters = re.sub(r"[^A-Za-z]", "", name)
    if len(letters) > _ACRONYM_MAX + 1 and name.upper() == name:
        name = " ".join(_title(word, first=index == 0) for index, word in enumerate(name.split()))
    return name


def _title(word: str, *, first: bool) -> str:
    if not first and word.lower() in _LOWER_WORDS:
        return word.lower()
    vowels = set(word.upper()) & set("AEIOUY")
    return word if len(word) <= _ACRONYM_MAX and not vowels else "-".join(part.capitalize() for part in word.split("-"))


def read_sec(folder: Path) -> list[Company]:
    """Return the companies that file with the SEC, by market value; funds are left out."""
    rows = json.loads((folder / "sec_company_tickers.json").read_text(encoding="utf-8"))
    listed = _exchange_names(folder)
    tickers: dict[int, list[str]] = {}
    for row in rows.values():
        tickers.setdefault(row["cik_str"], []).append(row["ticker"])
    companies, seen = [], set()
    for rank, row in enumerate(rows.values()):
        if row["cik_str"] in seen or _FUND.search(row["title"]):
            continue
        seen.add(row["cik_str"])
        symbols = sorted(tickers[row["cik_str"]], key=lambda symbol: symbol not in listed)
        name = _better_name(clean_name(row["title"]), listed.get(symbols[0], ""))
        size = next((size for limit, size in _RANKS if rank < limit), 0)
        # Over-the-counter shares of foreign companies keep a symbol at home, where one is known.
        country = "United States" if symbols[0] in listed else ""
        companies.append(Company(name, symbols[0], tuple(symbols), "", country, size))
    return companies


def _better_name(title: str, listed: str) -> str:
    """Prefer the exchange's spelling where it is the same name."""
    return listed if listed and stripped_key(listed) == stripped_key(title) else title


def _exchange_names(folder: Path) -> dict[str, str]:
    names: dict[str, str] = {}
    for file, column in (("nasdaq-listed-symbols.csv", "Symbol"), ("other-listed.csv", "ACT Symbol")):
        with (folder / file).open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if row["ETF"] != "Y" and row["Test Issue"] != "Y":
                    names[row[column].replace(".", "-")] = clean_name(row["Company Name"])
    return names


def read_sp500(folder: Path) -> dict[str, tuple[str, str]]:
    """Return name and GICS sector by ticker."""
    with (folder / "sp500_constituents.csv").open(encoding="utf-8", newline="") as lines:
        return {
            row["Symbol"].replace(".", "-"): (clean_name(row["Security"]), row["GICS Sector"])
            for row in csv.DictReader(lines)
        }


def read_world(folder: Path) -> list[Company]:
    """Return FinanceDatabase's mid, large and mega caps with the symbol of their home market."""
    with gzip.open(folder / "financedatabase_companies_mid_large_mega.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [company for line in lines if (company := _world_company(json.loads(line)))]


def _world_company(row: dict[str, object]) -> Company | None:
    symbols = [symbol for symbol in _strings(row["symbols"]) if "/" not in symbol]
    country, name = str(row["country"]), clean_name(str(row["name"]))
    if not symbols or not name or _FUND.search(name) or _RECEIPT.search(name):
        return None
    symbol = _home_symbol(symbols, country)
    return Company(name, symbol, tuple(symbols), str(row["sector"]), country, SIZES[str(row["market_cap"])])


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _home_symbol(symbols: list[str], country: str) -> str:
    if country == "United States":
        # Mexico lists foreign shares under their home symbol.
        plain = [symbol for symbol in symbols if "." not in symbol]
        mexican = [symbol.removesuffix(".MX") for symbol in symbols if symbol.endswith(".MX")]
        return next(iter([*plain, *mexican]), "")
    for suffix in _HOME_SUFFIX.get(country, "").split():
        home = [symbol for symbol in symbols if symbol.endswith(f".{suffix}")]
        if home:
            # Preferred shares and notes have the longer symbols.
            return min(home, key=len)
    # Listed abroad only, as far as this list knows: no symbol to make an id of.
    return "" if country in _HOME_SUFFIX else symbols[0]


def read_small(folder: Path) -> list[Company]:
    """Return FinanceDatabase's smaller companies with a sector and a symbol at home, outside the US."""
    path = folder / "financedatabase_companies_all_names.tsv.gz"
    companies = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            name, country, sector, _, _, _, market_cap, symbols = line.rstrip("\n").split("\t")
            if country not in _SMALL_COUNTRIES or not sector or market_cap in {"Micro Cap", "Nano Cap"}:
                continue
            row = {"name": name, "country": country, "sector": sector, "symbols": symbols.split("|")}
            company = _world_company({**row, "market_cap": market_cap or "Small Cap"})
            if company and company.symbol and not _BROKERS_NAME.search(name):
                companies.append(company)
    return sorted(companies, key=lambda company: -company.size)


def read_sectors(folder: Path) -> dict[str, tuple[str, str, int]]:
    """Return sector, country and size by the full key of a name, of all FinanceDatabase's companies."""
    found: dict[str, tuple[str, str, int]] = {}
    path = folder / "financedatabase_companies_all_names.tsv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            name, country, sector, _, _, _, market_cap, symbols = line.rstrip("\n").split("\t")
            size = SIZES.get(market_cap, 0)
            company = Company(clean_name(name), symbols, (), sector, country, size)
            if sector and size >= found.get(company.full_key, ("", "", -1))[2]:
                found[company.full_key] = (sector, country, size)
    return found


def read_indian(folder: Path) -> list[IndianCompany]:
    """Return the companies of SEntFiN's list; its indices, commodities and groups are left out."""
    with (folder / "entity_list_comprehensive.csv").open(encoding="utf-8", newline="") as lines:
        return list(_indian(csv.DictReader(lines)))


def _indian(rows: Iterable[dict[str, str]]) -> Iterator[IndianCompany]:
    for row in rows:
        surfaces = tuple(surface.strip() for surface in row["Entity"].split(",") if surface.strip())
        symbol = row["Symbol"].strip().upper()
        if re.fullmatch(r"[A-Z0-9&-]{2,12}", symbol) and surfaces and re.search(r"\b(?:Ltd|Limited)\b", surfaces[0]):
            yield IndianCompany(symbol, surfaces)
