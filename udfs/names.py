"""Names as keys: how a surface becomes tokens, an alias's key, an entity id and a display name.

An id's name is NFKC, casefolded, its runs of letters and digits joined by single hyphens; the
dots of initials are dropped first ("U.S. Steel" and "US Steel" are one name). Everything here is a
pure function of its argument, so no later article can change an id or a name.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from udfs.records import Entity, EntityType

ID_LENGTH_MAX = 200
"""Code points of an entity id, its prefix included."""

PREFIXES: dict[EntityType, str] = {EntityType.ORG: "org:", EntityType.PER: "per:", EntityType.LOC: "loc:"}
LISTED_PREFIX = "eq:"
SECTOR_PREFIX = "sector:"


def word_set(words: str) -> frozenset[str]:
    """Return the words of a line as a set."""
    return frozenset(words.split())


LEGAL_FORMS = word_set(
    "inc incorporated corp corporation co company cos companies plc ltd limited llc llp lp ag sa se nv spa ab asa oyj"
    " gmbh kgaa kk bhd berhad pte pty sab pjsc ojsc jsc tbk sarl bv srl holding holdings aktiengesellschaft oy"
)
"""Last words of a company's name that do not tell companies apart."""

WIRE_LABELS = word_set(
    "advisory alert brief correction corrected diary factbox highlights instant-view newsmaker poll preview reg refile"
    " research-alert rpt snapshot table text timeline update video"
)
"""What wires write before a headline; alone it names nobody, whatever a model takes it for."""

_APOSTROPHES = "'\u2019`\u00b4"
_INITIALS = r"(?:[^\W\d_]\.)+[^\W\d_](?!\w)\.?|(?:[^\W\d_]\.){2,}"
_TOKEN = re.compile(rf"{_INITIALS}|[{_APOSTROPHES}][sS](?!\w)|[^\W_]+|&")
_DOTTED = re.compile(_INITIALS)
_RUN = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(rf"[{_APOSTROPHES}]s(?!\w)")
POSSESSIVE_KEY = "'s"


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text: [start, end) in code points, `key` as aliases are compared.

    `upper` says that it is written in capitals or as dotted initials, `capital` that it has a
    capital letter or digit anywhere.
    """

    start: int
    end: int
    key: str
    upper: bool
    capital: bool


def tokenise(text: str, limit: int | None = None) -> list[Token]:
    """Return the words of `text[:limit]`; a possessive's "'s" is a token of its own."""
    end = len(text) if limit is None else min(limit, len(text))
    return [_token(match.start(), match.end(), match.group()) for match in _TOKEN.finditer(text, 0, end)]


def _token(start: int, end: int, surface: str) -> Token:
    dotted = "." in surface
    capital = surface != surface.lower() or surface[0].isdigit()
    return Token(start, end, token_key(surface), dotted or (surface.isupper()), capital)


def token_key(surface: str) -> str:
    """Return a token as aliases compare it: casefolded, initials without dots, "and" as "&"."""
    key = surface.lower() if surface.isascii() else _folded(surface)
    if key == "and":
        return "&"
    if key[0] in _APOSTROPHES:
        return POSSESSIVE_KEY
    return key.replace(".", "")


def alias_key(name: str) -> str:
    """Return an alias's key: the keys of its tokens, joined by single spaces."""
    return " ".join(token.key for token in tokenise(name))


def strip_possessive(keys: list[str]) -> list[str]:
    """Return the token keys without a possessive at their end."""
    return keys[:-1] if keys and keys[-1] == POSSESSIVE_KEY else keys


def strip_legal_form(keys: list[str]) -> list[str]:
    """Return token keys without a leading "the" and legal forms at the end, never fewer than one."""
    while len(keys) > 1 and keys[0] == "the":
        keys = keys[1:]
    while len(keys) > 1 and (keys[-1] in LEGAL_FORMS or keys[-1] == "&"):
        keys = keys[:-1]
    return keys


def _folded(text: str) -> str:
    """NFKC and casefold, to a fixed point: one pass may open the way for another."""
    for _ in range(4):
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        if folded == text:
            break
        text = folded
    return text


def normalised(name: str, entity_type: EntityType) -> str:
    """Return the part of an id behind its prefix; empty where the name has no letter or digit.

    Idempotent. Only organisations lose legal forms; every type loses a leading "the" and a
    possessive.
    """
    joined = _DOTTED.sub(lambda match: match.group().replace(".", "") + " ", _folded(name))
    words = _RUN.findall(_POSSESSIVE.sub(" ", joined))
    # What is cut off may leave a legal form at the end, so the words are stripped once more.
    cut = "-".join(_stripped(words, entity_type))[: ID_LENGTH_MAX - len(PREFIXES[entity_type])]
    return "-".join(_stripped(_RUN.findall(cut), entity_type))


def _stripped(words: list[str], entity_type: EntityType) -> list[str]:
    while len(words) > 1 and words[0] == "the":
        words = words[1:]
    if entity_type is EntityType.ORG:
        while len(words) > 1 and words[-1] in LEGAL_FORMS:
            words = words[:-1]
    return words


def sector_id(sector: str) -> str:
    """Return the id of a sector's node, `sector:` and its words; empty where it has none."""
    words = _RUN.findall(_folded(sector))
    return (SECTOR_PREFIX + "-".join(words))[:ID_LENGTH_MAX] if words else ""


def display_name(entity_id: str) -> str:
    """Return the name that people read for an id that no table knows: its words, capitalised."""
    _, _, name = entity_id.partition(":")
    return " ".join(word[:1].upper() + word[1:] for word in name.split("-"))


def nil_entity(name: str, entity_type: EntityType) -> Entity | None:
    """Return the entity of a name that the gazetteer does not know; None where no name is left.

    A legal form or a wire's label alone is no name.
    """
    name = normalised(name, entity_type)
    if not name or name in WIRE_LABELS or LEGAL_FORMS.issuperset(name.split("-")):
        return None
    entity_id = PREFIXES[entity_type] + name
    return Entity(entity_id, display_name(entity_id), entity_type)


def entity_of_id(entity_id: str) -> Entity:
    """Return what an id alone says of an entity; raises `ValueError` for an unknown prefix."""
    for entity_type, prefix in PREFIXES.items():
        if entity_id.startswith(prefix):
            return Entity(entity_id, display_name(entity_id), entity_type)
    if entity_id.startswith(LISTED_PREFIX):
        return Entity(entity_id, entity_id.removeprefix(LISTED_PREFIX), EntityType.ORG)
    raise ValueError(f"entity_id {entity_id!r} has none of the prefixes eq:, org:, per:, loc:")
