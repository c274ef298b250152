"""Templates of the generated wire and how they are filled: text, and who is named where in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from udfs.records import EntityType
from wiregraph.generator_cast import Cast, load_names, named_entity
from wiregraph.generator_records import Sign, TrueMention

DATA = Path(__file__).parent / "data"
BODY_SHARE = 0.6
"""How many of the templates that have a body give one."""

_SIGNS = {"+": Sign.POSITIVE, "-": Sign.NEGATIVE, "0": Sign.NEUTRAL}
_PART = re.compile(
    r"\{(?P<role>[A-Z])(?:\.(?P<form>full|short|sym|cash))?(?P<sign>[+\-0])\}"
    r"|\{(?P<filler>[a-z]+)\}"
    r"|\[(?P<surface>[^|\]]+)\|(?P<type>PER|ORG|LOC)\|(?P<fixed_sign>[+\-0])\]"
)


@dataclass(frozen=True, slots=True)
class Template:
    """A headline (or a post's text, with no body) in the notation of data/news.yaml."""

    group: str
    headline: str
    body: tuple[str, ...] = ()

    @property
    def listed_roles(self) -> frozenset[str]:
        """The roles that need a ticker."""
        parts = _PART.finditer(" ".join((self.headline, *self.body)))
        return frozenset(part["role"] for part in parts if part["form"] in {"sym", "cash"})


@dataclass(frozen=True, slots=True)
class Text:
    """A filled template; offsets of `mentions` are into headline, two line breaks, body."""

    headline: str
    body: str
    mentions: tuple[TrueMention, ...]

    @property
    def whole(self) -> str:
        """The text that the mentions' offsets are into."""
        return f"{self.headline}\n\n{self.body}" if self.body else self.headline


@cache
def load_templates(name: str) -> tuple[Template, ...]:
    """The templates of data/NAME.yaml."""
    groups: dict[str, list[Any]] = yaml.safe_load((DATA / f"{name}.yaml").read_text(encoding="utf-8"))
    return tuple(_template(group, entry) for group, entries in groups.items() for entry in entries)


def _template(group: str, entry: str | dict[str, Any]) -> Template:
    if isinstance(entry, str):
        return Template(group, entry)
    return Template(group, entry["headline"], tuple(entry.get("body", ())))


def fill(template: Template, rng: Random) -> Text:
    """The template with a cast of its own."""
    cast = Cast(rng, load_names(), template.listed_roles)
    headline = _Filled(0)
    headline.add(template.headline, cast)
    body = _Filled(len(headline.text) + len("\n\n"))
    if template.body and rng.random() < BODY_SHARE:
        body.add(" ".join(template.body), cast)
    return Text(headline.text, body.text, (*headline.mentions, *body.mentions))


class _Filled:
    """Text as it grows, with the mentions in it; `base` is the offset of its first character."""

    def __init__(self, base: int) -> None:
        self.text = ""
        self.mentions: list[TrueMention] = []
        self._base = base

    def add(self, template: str, cast: Cast) -> None:
        end = 0
        for part in _PART.finditer(template):
            self.text += template[end : part.start()]
            self._add_part(part, cast)
            end = part.end()
        self.text += template[end:]

    def _add_part(self, part: re.Match[str], cast: Cast) -> None:
        if part["filler"]:
            self.text += cast.filler(part["filler"])
            return
        if part["surface"]:
            surface, sign = part["surface"], part["fixed_sign"]
            entity = named_entity(surface, EntityType(part["type"]))
        else:
            subject, sign = cast.subject(part["role"]), part["sign"]
            surface, entity = subject.form(part["form"]), subject.entity
        start = self._base + len(self.text)
        self.text += surface
        self.mentions.append(TrueMention(start, start + len(surface), surface, entity, _SIGNS[sign]))
