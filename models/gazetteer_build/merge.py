"""One row for each company out of several lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from models.gazetteer_build.sources import Company, stripped_key
from udfs.names import strip_legal_form

_MERGE_TOKENS_MIN = 2


@dataclass(slots=True)
class Row:
    """A row of the table in the making. `names` give aliases; `former` tickers are weaker marks."""

    symbol: str
    name: str
    sector: str
    country: str
    size: int
    names: list[str] = field(default_factory=list)
    tickers: list[str] = field(default_factory=list)
    over_the_counter: bool = False

    @property
    def entity_id(self) -> str:
        """The id of a listed company."""
        return f"eq:{self.symbol}"


def merge(
    american: Sequence[Company],
    world: Sequence[Company],
    sp500: Mapping[str, tuple[str, str]],
    sectors: Mapping[str, tuple[str, str, int]],
) -> list[Row]:
    """Return one row per company: those of the SEC, with FinanceDatabase's facts, then the others."""
    rows = [_american_row(company, sp500, sectors) for company in american]
    index = _Index(rows)
    for company in world:
        row = index.find(company)
        if row is None:
            row = Row(company.symbol, company.name, company.sector, company.country, company.size)
            if not company.symbol or company.symbol in index.by_symbol:
                continue
            rows.append(row)
        _absorb(row, company)
        index.add(row)
    return rows


def _american_row(
    company: Company, sp500: Mapping[str, tuple[str, str]], sectors: Mapping[str, tuple[str, str, int]]
) -> Row:
    name, sector = sp500.get(company.symbol, (company.name, ""))
    known_sector, country, _ = sectors.get(company.full_key, ("", "", 0))
    row = Row(company.symbol, name, sector or known_sector, country or company.country, company.size)
    row.over_the_counter = not company.country
    row.names += [company.name, name]
    row.tickers += company.symbols
    return row


def _absorb(row: Row, company: Company) -> None:
    row.sector = row.sector or company.sector
    row.country = company.country or row.country
    row.size = max(row.size, company.size)
    row.names.append(company.name)
    if row.over_the_counter and "." in company.symbol:
        # Shares over the counter are foreign companies' second listing: the first one names them.
        row.symbol, row.over_the_counter = company.symbol, False
    row.tickers += [symbol for symbol in _home_listings(company) if symbol not in row.tickers]


def _home_listings(company: Company) -> list[str]:
    suffix = company.symbol.rpartition(".")[2] if "." in company.symbol else ""
    return [symbol for symbol in company.symbols if symbol.endswith(f".{suffix}" if suffix else company.symbol)]


class _Index:
    """Rows by ticker and by name; two companies may share a short name, such as Merck."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.by_symbol: dict[str, Row] = {}
        self.by_full_key: dict[str, Row] = {}
        self.by_key: dict[str, Row] = {}
        for row in rows:
            self.add(row)

    def add(self, row: Row) -> None:
        """Enter a row under its tickers and names; the first, larger one keeps a name."""
        for symbol in (row.symbol, *row.tickers):
            self.by_symbol.setdefault(symbol, row)
        for name in row.names:
            self.by_full_key.setdefault(Company(name, "", (), "", "", 0).full_key, row)
            self.by_key.setdefault(stripped_key(name), row)

    def find(self, company: Company) -> Row | None:
        """Return the row of the same company, or None."""
        row = self.by_full_key.get(company.full_key)
        if row is not None:
            return row
        row = self.by_key.get(company.key)
        if row is None or not _same(row, company):
            return None
        return row


def _same(row: Row, company: Company) -> bool:
    """Whether a company with the same name but for legal forms is the same company."""
    if len(company.key.split()) >= _MERGE_TOKENS_MIN or company.country == "United States":
        return True
    if company.country == row.country and company.sector == row.sector:
        return True
    bases = {symbol.partition(".")[0] for symbol in company.symbols if symbol.endswith((".MX", ".BA"))}
    if bases & set(row.tickers):
        return True
    forms = {_form(name) for name in row.names}
    return _form(company.name) in forms | {""} or (row.over_the_counter and "" in forms)


def _form(name: str) -> str:
    """Return the legal forms at a name's end, in one spelling."""
    full = Company(name, "", (), "", "", 0).full_key.split()
    return " ".join(full[len(strip_legal_form(full)) :])
