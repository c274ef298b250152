"""Lines as an agency's wire has them and no data set we may use: results, tables, datelines, signatures.

The lines are made of the templates and names under `models/data` and of names from the training sets. What
they teach is a convention: a country that plays is a place, a club or a city's team is an organisation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

import yaml

from models import corpora

_DATA = Path(__file__).with_name("data")
_SLOT = re.compile(r"\{(\w+)\}")
_PERSON = re.compile(r"[A-Z][a-z]+ [A-Z][a-z]+(?:[-'][A-Z][a-z]+)?")
_COMPANY = re.compile(r"[A-Z]\S*(?: \S+){0,3}")
_SHARES = {"tables": 0.45, "headings": 0.2, "lines": 0.35}
HELD_SHARE = 0.15
"""The share of templates and of names that only the development part uses."""

Names = Mapping[str, Sequence[str]]


def wires(
    training: Mapping[str, Sequence[corpora.Example]], count: int, chance: Random, *, held: bool
) -> list[corpora.Example]:
    """Return `count` lines; those with `held` share no template, and no name of a kind, with those without."""
    source = yaml.safe_load((_DATA / "wires.yaml").read_text(encoding="utf-8"))
    lines = yaml.safe_load((_DATA / "wire_lines.yaml").read_text(encoding="utf-8"))
    names = {kind: _part(values, held=held) for kind, values in (source["names"] | _people(training)).items()}
    templates = {kind: _part(sorted(set(texts)), held=held) for kind, texts in lines.items()}
    groups = chance.choices(list(_SHARES), list(_SHARES.values()), k=count)
    return [_fill(chance.choice(templates[group]), names, source["types"], chance) for group in groups]


def _part(values: Sequence[str], *, held: bool) -> list[str]:
    """Return the development or the training part of a list."""
    order = sorted(values)
    Random(0).shuffle(order)
    cut = round(HELD_SHARE * len(order))
    return order[:cut] if held else order[cut:]


def _people(training: Mapping[str, Sequence[corpora.Example]]) -> dict[str, list[str]]:
    """Return persons, first names and organisations that the training sets name."""
    people: set[str] = set()
    organisations: set[str] = set()
    for example in (*training["wikineural"], *training["finer_ord"]):
        for span in example.spans:
            name = example.text[span.start : span.end]
            if span.type == "PER" and _PERSON.fullmatch(name):
                people.add(name)
            if span.type == "ORG" and example.source == "finer_ord" and _COMPANY.fullmatch(name):
                organisations.add(name)
    return {"person": sorted(people), "org": sorted(organisations)}


def _fill(template: str, names: Names, types: Mapping[str, str], chance: Random) -> corpora.Example:
    """Fill a template's slots; a slot in capitals gets its name in capitals."""
    text, spans, end = "", [], 0
    for slot in _SLOT.finditer(template):
        text += template[end : slot.start()]
        end = slot.end()
        kind = slot[1].lower() if slot[1] not in names else slot[1]
        value = _value(kind, names, chance)
        if slot[1].isupper():
            value = value.upper()
        if kind in types:
            spans.append(corpora.Span(len(text), len(text) + len(value), types[kind]))
        text += value
    return corpora.Example(text + template[end:], tuple(spans), "wires")


def _value(kind: str, names: Names, chance: Random) -> str:
    """Return a name or a number of a kind."""
    if kind in {"per", "sur", "init"}:
        first, _, last = chance.choice(names["person"]).partition(" ")
        if chance.random() < 0.5:  # noqa: PLR2004 - half of the people are new combinations
            last = chance.choice(names["person"]).partition(" ")[2]
        return {"per": f"{first} {last}", "sur": last, "init": f"{first[0]}. {last}"}[kind]
    if kind == "desk":
        word = chance.choice(("Newsroom", "newsroom", "Newsdesk", "Bureau"))
        return f"{chance.choice(names['city'])} {word}"
    if kind in names:
        return chance.choice(names[kind])
    return _number(kind, chance)


def _number(kind: str, chance: Random) -> str:
    """Return a number, a set, a time, a date or a telephone number."""
    draw = chance.randrange
    if kind == "s":
        return chance.choice(("6-4", "7-5", "6-3", "3-6", "7-6 ( 7-4 )", "6-2", "6-0", "4-6"))
    if kind == "t":
        return f"{draw(1, 3)}:{draw(60):02}.{draw(100):02}"
    if kind == "d":
        return f"1996-{draw(1, 13):02}-{draw(1, 29):02}"
    if kind == "tel":
        return f"+{draw(1, 99)} {draw(10, 999)} {draw(100, 999)} {draw(1000, 9999)}"
    return str(chance.choice((draw(10), draw(100), draw(400))))
