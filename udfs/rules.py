"""Rules as data: the language of patterns, as YAML and as JSON on the topic `control`.

    name: coupon-abuse
    why: More than 5 views of high-value items within 2 minutes, then a coupon attempt
    trigger: {kind: coupon_attempt}
    when:
      - count: {kind: view, price: {min: 200}}
        more_than: 5
        within: 2m

A core rule looks at one session: at each event that is its `trigger`, at t, all of `when` must hold for the events
in [t - within, t], and what `unless` names must not happen in (t, t + within]. A batch rule counts its triggers
across sessions, for each user or each coupon, on windows of 5 seconds.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    model_validator,
)

from udfs.alerts import CASCADE
from udfs.records import MICRO
from udfs.rule_values import WINDOW_MAX_MS, DurationMs, Kinds, Micro, ScoreMicro, Texts, duration

PANE_MS = 5_000
"""The step of the windows of a batch rule."""
MATCH_KINDS = frozenset({"coupon_attempt", "checkout", "purchase"})
"""Kinds that batch rules may count: they are rare, so all of them can go where sessions meet."""
TERMS_MAX = 8

Terms = Annotated[tuple["Term", ...], BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)]


class _Strict(BaseModel):
    """Unknown fields are refused, nothing is converted silently, and what was read never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=False)


class PriceRange(_Strict):
    """A price >= `min` and <= `max`; an event without a price lies in no range."""

    min_micro: Micro | None = Field(default=None, alias="min")
    max_micro: Micro | None = Field(default=None, alias="max")

    @model_validator(mode="after")
    def _bounded(self) -> PriceRange:
        if self.min_micro is None and self.max_micro is None:
            raise ValueError("write min, max or both")
        if self.min_micro is not None and self.max_micro is not None and self.min_micro > self.max_micro:
            raise ValueError("min is above max: no price lies between them")
        return self


class CouponIs(_Strict):
    """Whether an event names a coupon, or which."""

    present: bool | None = None
    one_of: Texts | None = Field(default=None, alias="equals")

    @model_validator(mode="after")
    def _one(self) -> CouponIs:
        if (self.present is None) == (self.one_of is None):
            raise ValueError("write either present or equals")
        return self


class Filter(_Strict):
    """Which events are meant: all that is written must hold."""

    kind: Kinds
    price: PriceRange | None = None
    item: Texts | None = None
    coupon: CouponIs | None = None


class Threshold(_Strict):
    """Exactly one of the two; `at_least` in what the term counts: events, or micro-units of price."""

    @staticmethod
    def least(more_than: int | None, at_least: int | None) -> int:
        """The smallest count that reaches the threshold."""
        if (more_than is None) == (at_least is None):
            raise ValueError("write either more_than or at_least")
        return more_than + 1 if more_than is not None else at_least or 0


class Count(_Strict):
    """So many events in [t - within, t], the trigger included where it is one of them."""

    of: Filter = Field(alias="count")
    more_than: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    at_least: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    within_ms: DurationMs = Field(alias="within")

    @model_validator(mode="after")
    def _one(self) -> Count:
        Threshold.least(self.more_than, self.at_least)
        return self

    @property
    def least(self) -> int:
        """The smallest number of events for which it holds."""
        return Threshold.least(self.more_than, self.at_least)


class Sum(_Strict):
    """Prices that add up to so much in [t - within, t]; an event without a price adds nothing."""

    of: Filter = Field(alias="sum")
    more_than_micro: Micro | None = Field(default=None, alias="more_than")
    at_least_micro: Micro | None = Field(default=None, alias="at_least")
    within_ms: DurationMs = Field(alias="within")

    @model_validator(mode="after")
    def _one(self) -> Sum:
        Threshold.least(self.more_than_micro, self.at_least_micro)
        return self

    @property
    def least(self) -> int:
        """The smallest sum for which it holds, in micro-units."""
        return Threshold.least(self.more_than_micro, self.at_least_micro)


class Before(_Strict):
    """`times` such events in [t - within, t) before the trigger, none of `without` between them and the trigger.

    Before and between are by (event time, event id).
    """

    of: Filter = Field(alias="before")
    times: Annotated[int, Field(ge=1, le=1_000)] = 1
    without: Filter | None = None
    within_ms: DurationMs = Field(alias="within")


def _term_tag(value: Any) -> str | None:  # noqa: ANN401 - pydantic hands over whatever was written
    if isinstance(value, dict):
        return next((name for name in ("count", "sum", "before") if name in value), None)
    return type(value).__name__.lower() if isinstance(value, Count | Sum | Before) else None


Term: TypeAlias = Annotated[
    Annotated[Count, Tag("count")] | Annotated[Sum, Tag("sum")] | Annotated[Before, Tag("before")],
    Discriminator(_term_tag, custom_error_type="term", custom_error_message="write one of count, sum, before"),
]


class Absence(_Strict):
    """What must not happen in (t, t + within], strictly behind the trigger by (event time, event id)."""

    happens: Filter
    within_ms: DurationMs = Field(alias="within")


class _RuleBase(_Strict):
    name: Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$")]
    why: Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"^[^\x00-\x1f]*$")]
    enabled: bool = True
    score_micro: ScoreMicro = Field(default=MICRO, alias="score")
    trigger: Filter

    @model_validator(mode="after")
    def _own_name(self) -> _RuleBase:
        if self.name == CASCADE:
            raise ValueError(f"name: {CASCADE} is what alerts of the models are called")
        return self


class CoreRule(_RuleBase):
    """A pattern in one session, decided on arrival, or with `unless` when the watermark has passed its end."""

    tier: Literal["core"] = "core"
    when: Annotated[Terms, Field(max_length=TERMS_MAX)] = ()
    unless: Absence | None = None

    @model_validator(mode="after")
    def _spans(self) -> CoreRule:
        if self.before_ms + self.after_ms > WINDOW_MAX_MS:
            raise ValueError(f"when and unless together reach over more than {duration(WINDOW_MAX_MS)}")
        return self

    @property
    def before_ms(self) -> int:
        """How far before its trigger the rule looks."""
        return max((term.within_ms for term in self.when), default=0)

    @property
    def after_ms(self) -> int:
        """How far behind its trigger the rule looks; 0 where it decides on arrival."""
        return self.unless.within_ms if self.unless else 0


class BatchRule(_RuleBase):
    """So many sessions or events of one user or one coupon within a window, checked each 5 seconds of event time."""

    tier: Literal["batch"]
    across: Literal["user", "coupon"]
    counting: Literal["sessions", "events"] = "sessions"
    more_than: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    at_least: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    within_ms: DurationMs = Field(alias="within")

    @model_validator(mode="after")
    def _fits(self) -> BatchRule:
        Threshold.least(self.more_than, self.at_least)
        if self.within_ms % PANE_MS:
            raise ValueError(f"within: write a multiple of {duration(PANE_MS)}")
        if not MATCH_KINDS.issuperset(self.trigger.kind):
            raise ValueError(f"trigger.kind: across sessions only {', '.join(sorted(MATCH_KINDS))} are counted")
        return self

    @property
    def least(self) -> int:
        """The smallest count for which it holds."""
        return Threshold.least(self.more_than, self.at_least)


def _tier(value: Any) -> str:  # noqa: ANN401 - pydantic hands over whatever was written
    return str(value.get("tier", "core") if isinstance(value, dict) else getattr(value, "tier", "core"))


Rule: TypeAlias = CoreRule | BatchRule
RULE: TypeAdapter[Rule] = TypeAdapter(
    Annotated[Annotated[CoreRule, Tag("core")] | Annotated[BatchRule, Tag("batch")], Discriminator(_tier)]
)


def rule_fields(rule: Rule) -> dict[str, Any]:
    """A rule as it was written, for JSON; defaults are left out."""
    fields: dict[str, Any] = rule.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {"tier": rule.tier, **fields}
