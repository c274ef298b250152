"""What a text says around a name: whether an alias may be linked there.

Pure rules over tokens; `udfs.linking` asks them for each alias that it finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from udfs.aliases import Alias, Match, Policy
from udfs.names import LEGAL_FORMS, Token, word_set
from udfs.records import EntityType

NEAR_TOKENS = 10
"""How far from a name a market word supports it, in tokens."""

MARKET_WORDS = word_set(
    "share shares stock stocks earnings profit profits loss losses revenue revenues sales dividend dividends quarter"
    " quarterly q1 q2 q3 q4 ceo cfo chairman ipo upgrade upgrades upgraded downgrade downgrades downgraded rating"
    " analyst analysts price-target buyback outlook guidance forecast forecasts merger merge acquire acquires acquired"
    " acquisition takeover buyout bid stake deal investor investors shareholder shareholders bankruptcy bonds debt"
    " credit results eps ebitda net income margin retailer bank insurer carmaker automaker airline drugmaker chipmaker"
    " telecom telecoms operator maker firm company subsidiary unit plc inc corp ltd cfo nyse nasdaq neutral overweight"
    " underweight outperform underperform hold buy sell raises cuts layoffs jobs antitrust sues lawsuit smartphone"
    " store stores chain subscribers customers plant plants contract supplier executive executives board"
    " unveils launches iphone ipad app brand brands billion bln million mln pct"
)

PLAIN_WORDS = LEGAL_FORMS | word_set(
    "the & 's group shares share stock stocks bank banking banks securities capital asset management research"
    " international global worldwide asia pacific europe european japan china india usa us uk america americas american"
    " north financial finance services service investment investments partners markets wealth private equity fund funds"
    " technology technologies industries systems update rpt refile brief corrected wrapup exclusive alert text analysis"
    " stake ceo cfo chief parent owner unit deal profit bonds debt holdings corp adr brokerage insurance motors motor"
    " pharma pharmaceuticals pharmaceutical laboratories labs energy airlines airways communications"
)
"""Words that may stand beside a clear company name in a mention: a part of the same company."""

NEUTRAL_WORDS = LEGAL_FORMS | word_set(
    "the & 's group shares share stock stocks update rpt refile brief corrected wrapup exclusive alert text analysis"
    " ceo cfo chief usa us uk"
)
"""Words that may stand beside any company name; "Capital" behind a plain name is another company."""

_CONNECTORS = word_set("of & the 's de la du des del und et y e for on")
_WORDS_IN_CAPITALS = word_set("us it all now who what on or")
"""Aliases in capitals that a text written in capitals throughout has as plain words."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as the rules see it. `marked` and `named`: indices of entities found beyond doubt."""

    tokens: Sequence[Token]
    lower: bool
    upper: bool
    marked: AbstractSet[int] = frozenset()
    named: AbstractSet[int] = frozenset()

    @classmethod
    def of(cls, text: str, tokens: Sequence[Token], marked: AbstractSet[int]) -> Reading:
        """Read a text; `marked` has the entities of its ticker marks."""
        return cls(tokens, lower=text == text.lower(), upper=text == text.upper(), marked=marked)

    def linkable(self, match: Match, mention_type: EntityType | None, entity_type: EntityType) -> bool:
        """Whether an alias may be linked to an entity; `mention_type` is None outside of mentions."""
        alias = match.alias
        if alias.capitals and not self._in_capitals(match, mentioned=mention_type is not None):
            return False
        if mention_type is None:
            return alias.policy is Policy.CLEAR and self._capitalised(match)
        if alias.policy is Policy.CLEAR:
            return True
        if mention_type is not entity_type:
            return False
        return alias.policy is Policy.NAME or self._supported(match, alias)

    def _supported(self, match: Match, alias: Alias) -> bool:
        if alias.entity in self.marked or alias.entity in self.named or self._legal_form_follows(match):
            return True
        return alias.policy is Policy.CONTEXT and self._market_word_near(match)

    def _legal_form_follows(self, match: Match) -> bool:
        return match.last < len(self.tokens) and self.tokens[match.last].key in LEGAL_FORMS

    def _market_word_near(self, match: Match) -> bool:
        before = self.tokens[max(0, match.first - NEAR_TOKENS) : match.first]
        after = self.tokens[match.last : match.last + NEAR_TOKENS]
        return any(token.key in MARKET_WORDS for token in (*before, *after))

    def _in_capitals(self, match: Match, *, mentioned: bool) -> bool:
        words = [token for token in self.tokens[match.first : match.last] if token.key not in {"&", "'s"}]
        if self.upper and not mentioned and words[0].key in _WORDS_IN_CAPITALS:
            return False
        return all(token.upper for token in words) or (self.lower and mentioned)

    def _capitalised(self, match: Match) -> bool:
        if self.lower:
            return True
        words = self.tokens[match.first : match.last]
        return all(token.capital or token.key in _CONNECTORS for token in words)


def plain(tokens: Sequence[Token], policies: Iterable[Policy]) -> bool:
    """Whether words beside aliases in a mention leave those the same companies."""
    words = PLAIN_WORDS if all(policy is Policy.CLEAR for policy in policies) else NEUTRAL_WORDS
    return all(token.key in words or token.key.isdigit() for token in tokens)
