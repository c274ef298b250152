"""The table in the making: automatic rows, corrected and completed by the curated ones."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from models.gazetteer_build.merge import Row
from models.gazetteer_build.policy import Ambiguity, Candidate
from models.gazetteer_build.sources import IndianCompany
from udfs.aliases import Policy
from udfs.gazetteer import COLUMNS
from udfs.names import LEGAL_FORMS, alias_key, strip_legal_form

CURATED = Path(__file__).resolve().parent / "curated.tsv"
CURATED_SIZE = 4
_DOMINANCE = 2
"""Of companies with one name, the larger has it alone if it is larger by so many classes."""
_CAPITALS = re.compile(r"[A-Z][A-Z&.\d]{0,4}")
_RANK = {Policy.CLEAR: 0, Policy.NAME: 1, Policy.CONTEXT: 2, Policy.STRICT: 3}
_TYPES = {"eq": "ORG", "org": "ORG", "per": "PER", "loc": "LOC"}


@dataclass(slots=True)
class TableRow:
    """A row of the shipped table, its aliases by key."""

    entity_id: str
    name: str
    sector: str
    country: str
    size: int
    tickers: list[str]
    aliases: dict[str, Candidate] = field(default_factory=dict)
    curated: set[str] = field(default_factory=set)

    def offer(self, candidate: Candidate, *, curated: bool = False) -> None:
        """Add an alias; a curated one stands, of automatic ones the more cautious policy."""
        key = candidate.key
        if not key or (key in self.curated and not curated):
            return
        known = self.aliases.get(key)
        if curated or known is None or _RANK[candidate.policy] > _RANK[known.policy]:
            self.aliases[key] = candidate
        if curated:
            self.curated.add(key)

    def line(self) -> str:
        """The row as it is shipped."""
        packed = "|".join(_packed(self.aliases[key]) for key in sorted(self.aliases))
        entity_type = _TYPES[self.entity_id.partition(":")[0]]
        fields = (self.entity_id, self.name, entity_type, self.sector, self.country, str(self.size))
        return "\t".join((*fields, " ".join(dict.fromkeys(self.tickers)), packed))


def _packed(candidate: Candidate) -> str:
    letter = candidate.policy.value
    return (letter.upper() if candidate.capitals else letter) + candidate.key


def build_table(
    rows: Iterable[Row], indian: Sequence[IndianCompany], ambiguity: Ambiguity, curated: Path = CURATED
) -> list[TableRow]:
    """Return the table's rows, sorted by id; every alias belongs to one row only."""
    table = {row.entity_id: _table_row(row, ambiguity) for row in rows}
    _add_indian(table, indian, ambiguity)
    _add_curated(table, curated)
    _settle(table.values())
    kept = [row for row in table.values() if row.aliases or row.tickers]
    return sorted(kept, key=lambda row: row.entity_id)


def lines(table: Iterable[TableRow]) -> Iterator[str]:
    """Yield the table's lines, the header first."""
    yield "\t".join(COLUMNS)
    yield from (row.line() for row in table)


def _table_row(row: Row, ambiguity: Ambiguity) -> TableRow:
    made = TableRow(row.entity_id, shown_name(row.name), row.sector, row.country, row.size, list(row.tickers))
    for candidate in ambiguity.candidates(row):
        made.offer(candidate)
    return made


def shown_name(name: str) -> str:
    """Return a company's name as people read it: without legal forms at its end."""
    words = name.replace(",", " ").split()
    while len(words) > 1 and (alias_key(words[-1]) in LEGAL_FORMS or alias_key(words[-1]) in {"", "&"}):
        words = words[:-1]
    return " ".join(words)


def _add_indian(table: dict[str, TableRow], indian: Sequence[IndianCompany], ambiguity: Ambiguity) -> None:
    by_ticker = {ticker: row for row in table.values() for ticker in row.tickers}
    by_alias = {key: row for row in table.values() for key in row.aliases if row.country in {"India", ""}}
    for company in indian:
        plain = Row(company.symbol, company.surfaces[0], "", "India", 0, list(company.surfaces))
        key = " ".join(strip_legal_form(alias_key(company.surfaces[0]).split()))
        row = by_ticker.get(f"{company.symbol}.NS") or by_alias.get(key)
        if row is None:
            entity_id = f"eq:{company.symbol}.NS"
            row = TableRow(entity_id, shown_name(company.surfaces[0]), "", "India", 2, [f"{company.symbol}.NS"])
            table[entity_id] = row
        plain.size = row.size
        for surface in company.surfaces:
            if _CAPITALS.fullmatch(surface) or surface == company.symbol:
                row.offer(Candidate(alias_key(surface), Policy.NAME, capitals=True))
            else:
                row.offer(ambiguity.judged(strip_legal_form(alias_key(surface).split()), plain))


def _add_curated(table: dict[str, TableRow], path: Path) -> None:
    by_ticker = {ticker: row.entity_id for row in table.values() for ticker in row.tickers}
    with path.open(encoding="utf-8", newline="") as source:
        for fields in csv.DictReader((line for line in source if not line.startswith("#")), delimiter="\t"):
            row = _curated_row(table, fields)
            for ticker in fields["tickers"].split():
                _absorb(table, row, ticker, by_ticker)
            for packed in fields["aliases"].split(", "):
                if packed.strip():
                    row.offer(_curated_alias(packed.strip()), curated=True)
            named = _curated_alias(shown_name(fields["name"].removeprefix("=")))
            if named.key not in row.curated:
                row.offer(named, curated=True)


def _curated_row(table: dict[str, TableRow], fields: dict[str, str]) -> TableRow:
    entity_id = fields["id"]
    row = table.get(entity_id)
    if row is None:
        if not fields["name"]:
            raise ValueError(f"curated.tsv: {entity_id} is in no list, so it needs a name")
        tickers = [entity_id.removeprefix("eq:")] if entity_id.startswith("eq:") else []
        row = table[entity_id] = TableRow(entity_id, fields["name"].removeprefix("="), "", "", CURATED_SIZE, tickers)
    name = fields["name"].removeprefix("=")
    if name and name == fields["name"] and not _words(row.name) & _words(name):
        raise ValueError(f"curated.tsv: {entity_id} is {row.name} in the lists, not {name}")
    row.name = name or row.name
    row.sector = fields["sector"] or row.sector
    row.size = max(row.size, CURATED_SIZE)
    return row


def _words(name: str) -> set[str]:
    return set(alias_key(name).split())


def _absorb(table: dict[str, TableRow], row: TableRow, ticker: str, by_ticker: dict[str, str]) -> None:
    """Enter a ticker; "+" before it takes over the automatic row that has it, "-" marks a former one."""
    if ticker.startswith("+"):
        other_id = by_ticker.get(ticker[1:])
        if other_id not in table or other_id is None:
            raise ValueError(f"curated.tsv: {row.entity_id} takes over {ticker[1:]}, which is in no list")
        if other_id == row.entity_id:
            return
        other = table.pop(other_id)
        row.tickers += other.tickers
        row.sector, row.country = row.sector or other.sector, row.country or other.country
        for candidate in other.aliases.values():
            row.offer(candidate)
    else:
        row.tickers.append(ticker)


def _curated_alias(packed: str) -> Candidate:
    letter, colon, name = packed.partition(":")
    if not colon:
        letter, name = "c", packed
    return Candidate(alias_key(name), Policy(letter), capitals=bool(_CAPITALS.fullmatch(name)))


def _settle(table: Iterable[TableRow]) -> None:
    """Leave each alias with one row: a curated one, else a clearly larger one, else with none."""
    claims: dict[str, list[TableRow]] = {}
    for row in table:
        for key in row.aliases:
            claims.setdefault(key, []).append(row)
    for key, rows in claims.items():
        owner = _owner(key, rows)
        for row in rows:
            if row is not owner:
                del row.aliases[key]


def _owner(key: str, rows: list[TableRow]) -> TableRow | None:
    curated = [row for row in rows if key in row.curated]
    if len(curated) > 1:
        raise ValueError(f"curated.tsv gives {key!r} to {', '.join(row.entity_id for row in curated)}")
    if curated:
        return curated[0]
    first, *others = sorted(rows, key=lambda row: -row.size)
    return first if not others or first.size >= others[0].size + _DOMINANCE else None
