"""Whom the generated stream speaks about: companies, people, places, and their names in use."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from udfs.records import EntityType
from wiregraph.generator_records import Kind, TrueEntity

LISTED_SHARE = 0.6
"""How many companies are listed ones; the rest are invented, so no gazetteer can know them."""

_PREFIX = {EntityType.ORG: "org", EntityType.PER: "per", EntityType.LOC: "loc"}
_KIND = {EntityType.ORG: Kind.OTHER, EntityType.PER: Kind.PERSON, EntityType.LOC: Kind.PLACE}

_ORGANISATIONS = ("central_banks", "regulators", "other_bodies", "private")
_PLAIN = ("roots", "trades", "legal", "given", "family", "places")


@dataclass(frozen=True, slots=True)
class Subject:
    """An entity with its names: the usual one, the legal one, the shortest one and the ticker if any."""

    entity: TrueEntity
    full: str
    short: str
    ticker: str = ""

    def form(self, form: str | None) -> str:
        """The surface for a template's form; None is the usual name."""
        forms = {"full": self.full, "short": self.short, "sym": self.ticker, "cash": f"${self.ticker}"}
        return forms[form] if form else self.entity.name


@dataclass(frozen=True, slots=True)
class Names:
    """data/names.yaml, read and checked."""

    listed: tuple[Subject, ...]
    ambiguous: tuple[Subject, ...]
    central_banks: tuple[Subject, ...]
    regulators: tuple[Subject, ...]
    other_bodies: tuple[Subject, ...]
    private: tuple[Subject, ...]
    roots: tuple[str, ...]
    trades: tuple[str, ...]
    legal: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]
    places: tuple[str, ...]
    fillers: dict[str, tuple[str, ...]]


def entity_id(entity_type: EntityType, name: str) -> str:
    """The contract's id of an entity that is not listed: NFKC, casefold, single hyphens for blanks."""
    return f"{_PREFIX[entity_type]}:{'-'.join(unicodedata.normalize('NFKC', name).casefold().split())}"


def fixed_entity(name: str, entity_type: EntityType, *others: str) -> TrueEntity:
    """An entity that goes by its name, or by one of `others`."""
    accepts = frozenset(entity_id(entity_type, each) for each in (name, *others))
    return TrueEntity(name, entity_type, _KIND[entity_type], accepts)


@cache
def load_names() -> Names:
    """The names of data/names.yaml."""
    raw: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "data" / "names.yaml").read_text(encoding="utf-8"))
    listed = {tickers: _listed(tickers.split("/"), names) for tickers, names in raw["listed"].items()}
    organisations: dict[str, Any] = {key: tuple(map(_organisation, raw[key])) for key in _ORGANISATIONS}
    plain: dict[str, Any] = {key: tuple(raw[key]) for key in _PLAIN}
    return Names(
        listed=tuple(listed.values()),
        ambiguous=tuple(listed[tickers] for tickers in raw["ambiguous"]),
        **organisations,
        fillers={name: tuple(values) for name, values in raw["fillers"].items()},
        **plain,
    )


def _listed(tickers: list[str], names: list[str]) -> Subject:
    entity = TrueEntity(names[0], EntityType.ORG, Kind.LISTED, frozenset(f"eq:{ticker}" for ticker in tickers))
    usual = (names[0], *names[2:])
    return Subject(entity, full=names[1], short=min(usual, key=len), ticker=tickers[0])


def _organisation(names: list[str]) -> Subject:
    entity = fixed_entity(names[0], EntityType.ORG, *names[1:])
    return Subject(entity, full=names[0], short=names[-1])


def named_entity(surface: str, entity_type: EntityType) -> TrueEntity:
    """The entity of words that stand in a template: a public body by any of its names, else just the words."""
    for body in load_names().other_bodies:
        if surface in {body.entity.name, body.short}:
            return body.entity
    return fixed_entity(surface, entity_type)


class Cast:
    """Who plays which role in one article: drawn when first named, the same from then on, all different."""

    def __init__(self, rng: Random, names: Names, listed_roles: frozenset[str]) -> None:
        self._rng = rng
        self._names = names
        self._listed_roles = listed_roles
        self._subjects: dict[str, Subject] = {}

    def filler(self, name: str) -> str:
        """A value that names nobody."""
        return self._rng.choice(self._names.fillers[name])

    def subject(self, role: str) -> Subject:
        """The player of a role of data/news.yaml."""
        while role not in self._subjects:
            drawn = self._draw(role)
            if all(drawn.short != other.short for other in self._subjects.values()):
                self._subjects[role] = drawn
        return self._subjects[role]

    def _draw(self, role: str) -> Subject:
        names, rng = self._names, self._rng
        if role in "AB":
            return self._company(role)
        if role == "P":
            family = rng.choice(names.family)
            return _plain(f"{rng.choice(names.given)} {family}", EntityType.PER, family)
        if role in "LK":
            place = rng.choice(names.places)
            return _plain(place, EntityType.LOC, place)
        pools = {"X": names.ambiguous, "C": names.central_banks, "O": names.regulators, "N": names.private}
        return rng.choice(pools[role])

    def _company(self, role: str) -> Subject:
        names, rng = self._names, self._rng
        if role in self._listed_roles or rng.random() < LISTED_SHARE:
            return rng.choice(names.listed)
        root, trade, legal = rng.choice(names.roots), rng.choice(names.trades), rng.choice(names.legal)
        name, full = f"{root} {trade}", f"{root} {trade} {legal}"
        return Subject(fixed_entity(name, EntityType.ORG), full=full, short=root)


def _plain(name: str, entity_type: EntityType, short: str) -> Subject:
    return Subject(fixed_entity(name, entity_type), full=name, short=short)
