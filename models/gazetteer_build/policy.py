"""Which names a company goes by, and how ambiguous each of them is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.gazetteer_build.merge import Row
from models.gazetteer_build.words import WordUse
from udfs.aliases import Policy
from udfs.names import LEGAL_FORMS, alias_key, strip_legal_form, word_set

_LARGE, _MID = 4, 3
_SHORT_MAX = 3
_DESCRIPTORS = word_set(
    "motor motors pharmaceuticals pharmaceutical pharma therapeutics biosciences biotherapeutics biopharma biotech"
    " technologies technology industries international energy bank financial bancorp airlines airways communications"
    " systems laboratories stores brands resources petroleum sciences electronics semiconductor semiconductors"
    " platforms"
    " entertainment networks software health healthcare medical foods steel chemical chemicals insurance oil automotive"
    " interactive worldwide enterprises solutions bancshares oncology genomics robotics labs com group global"
)
"""Last words that headlines leave out: "Regeneron" for Regeneron Pharmaceuticals."""
_ALWAYS_DROPPED = word_set(
    "pharmaceuticals pharmaceutical therapeutics biosciences biotherapeutics biopharma com group"
)
_NEVER_CLEAR = word_set(
    "activision bony brambles bruker celsius chubb divis fortis gartner graco hubbell humana keppel kingfisher kirin"
    " kroger larsen legrand linde loblaw loews masco merck middleby mondi natura neste otsuka paccar pentair persimmon"
    " polyus rocket roche rollins safran safeway sampo schindler schroders schwab snowflake splunk stryker suzano sysco"
    " thales tiffany tribune varta vedanta ventas westlake wharf workday worldline wrigley twitter zebra"
)
"""Names that are too much like persons, places or things to be linked where NER sees no mention."""
_CALENDAR = word_set(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august"
    " september october november december"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name that a company may be linked by."""

    key: str
    policy: Policy
    capitals: bool = False


class Ambiguity:
    """Weighs names by how words are used in running text."""

    def __init__(self, use: WordUse) -> None:
        self._use = use

    def candidates(self, row: Row) -> Iterator[Candidate]:
        """Yield the aliases that a company's own names give."""
        for name in row.names:
            stripped = strip_legal_form(alias_key(name).split())
            yield self.judged(stripped, row)
            if len(stripped) > 1 and stripped[-1] in _DESCRIPTORS:
                yield from self._shortened(stripped, row)

    def judged(self, words: list[str], row: Row) -> Candidate:
        """Return a name with the policy that its words call for."""
        return Candidate(" ".join(words), self._policy(words, row))

    def _shortened(self, words: list[str], row: Row) -> Iterator[Candidate]:
        short = strip_legal_form(words[:-1])
        known = row.size >= _LARGE or words[-1] in _ALWAYS_DROPPED
        rare = not any(self._use.common(word) or self._use.personal(word) for word in short)
        if len(short) > 1 and words[-1] in {"group", "com"}:
            yield self.judged(short, row)
        elif len(short) == 1 and known and rare and len(short[0]) > _SHORT_MAX:
            yield Candidate(short[0], Policy.NAME)

    def _policy(self, words: list[str], row: Row) -> Policy:
        content = [word for word in words if word not in LEGAL_FORMS and word not in {"&", "of", "the", "'s"}]
        vague = all(self._vague(word) for word in content)
        if len(content) > 1:
            return self._policy_of_many(content, row, vague=vague)
        if vague or not content:
            return Policy.CONTEXT if row.size >= _LARGE else Policy.STRICT
        if len(content[0]) <= _SHORT_MAX:
            return Policy.NAME if row.size >= _MID else Policy.STRICT
        plain = bool(self._use.lower[content[0]]) or content[0] in _NEVER_CLEAR or len(content[0]) <= _SHORT_MAX + 1
        return Policy.CLEAR if row.size >= _LARGE and not plain else Policy.NAME

    def _vague(self, word: str) -> bool:
        return len(word) == 1 or word in _CALENDAR or self._use.common(word) or self._use.personal(word)

    def _policy_of_many(self, content: list[str], row: Row, *, vague: bool) -> Policy:
        if vague:
            return Policy.NAME
        if row.size < _LARGE and self._use.given(content[0]):
            # Companies named after people: the person may be meant.
            return Policy.NAME
        return Policy.CLEAR
