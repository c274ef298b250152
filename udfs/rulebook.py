"""The rules with their histories: which version of a rule decides about an event is a matter of its event time.

One record of the topic `control` carries a rule's whole history, since the topic is compacted:

    key = name, value = {"kind": "rule", "name", "versions": [{"version", "effective_from", "rule"}, ...]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from udfs.rules import RULE, BatchRule, CoreRule, Rule, rule_fields

RULE_KIND = "rule"
"""The `kind` of a rule's record on `control`; records of other kinds are other readers'."""


class RuleError(ValueError):
    """A record of a rule on `control` that cannot be read."""


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One version of a rule; `effective_from_ms` is event time."""

    version: int
    effective_from_ms: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class RuleHistory:
    """All versions of a rule, numbered from 1."""

    name: str
    versions: tuple[RuleVersion, ...]

    def at(self, event_time_ms: int) -> RuleVersion | None:
        """The version that decides about an event: the last one put of those that are effective by then."""
        return next((one for one in reversed(self.versions) if one.effective_from_ms <= event_time_ms), None)

    def with_version(self, rule: Rule, effective_from_ms: int) -> RuleHistory:
        """The history with one more version."""
        added = RuleVersion(len(self.versions) + 1, effective_from_ms, rule)
        return RuleHistory(self.name, (*self.versions, added))


COUPON_ABUSE = CoreRule.model_validate(
    {
        "name": "coupon-abuse",
        "why": "More than 5 views of high-value items within 2 minutes, then a coupon attempt",
        "trigger": {"kind": "coupon_attempt"},
        "when": [{"count": {"kind": "view", "price": {"min": 200}}, "more_than": 5, "within": "2m"}],
    }
)
"""The reference rule of the contract; wiregraph/data/rules/coupon-abuse.yaml is the same for people."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules by name; immutable."""

    histories: Mapping[str, RuleHistory] = field(default_factory=dict)

    @classmethod
    def built_in(cls) -> Rulebook:
        """What holds before anybody puts a rule: version 1 of `coupon-abuse`, from the beginning of time."""
        return cls().with_history(RuleHistory(COUPON_ABUSE.name, (RuleVersion(1, 0, COUPON_ABUSE),)))

    def with_history(self, history: RuleHistory) -> Rulebook:
        """The book with a rule's history; the same book where it knows that many versions already."""
        known = self.histories.get(history.name)
        if known is not None and len(known.versions) >= len(history.versions):
            return self
        return Rulebook({**self.histories, history.name: history})

    def at(self, name: str, event_time_ms: int) -> RuleVersion | None:
        """The version of a rule that decides about an event at this time; None where none does."""
        history = self.histories.get(name)
        version = history.at(event_time_ms) if history else None
        return version if version and version.rule.enabled else None

    def core(self) -> Iterator[RuleHistory]:
        """The histories that hold a core rule, by name."""
        return self._of(CoreRule)

    def batch(self) -> Iterator[RuleHistory]:
        """The histories that hold a batch rule, by name."""
        return self._of(BatchRule)

    def _of(self, kind: type[Rule]) -> Iterator[RuleHistory]:
        for _name, history in sorted(self.histories.items()):
            if any(isinstance(one.rule, kind) for one in history.versions):
                yield history


def history_row(history: RuleHistory) -> bytes:
    """The value for the topic `control`; its key is the name."""
    versions = [
        {"version": one.version, "effective_from": one.effective_from_ms, "rule": rule_fields(one.rule)}
        for one in history.versions
    ]
    return orjson.dumps({"kind": RULE_KIND, "name": history.name, "versions": versions})


def parse_history(value: bytes | None) -> RuleHistory | None:
    """The history in a record of `control`, None where it holds something else; raises RuleError where it is broken."""
    try:
        fields = orjson.loads(value or b"null")
    except orjson.JSONDecodeError:
        return None
    if not isinstance(fields, dict) or fields.get("kind") != RULE_KIND:
        return None
    try:
        versions = tuple(_version(one) for one in fields["versions"])
        name = versions[-1].rule.name
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise RuleError(f"a rule on control cannot be read: {type(error).__name__} {error}") from error
    numbered = [one.version for one in versions] == list(range(1, len(versions) + 1))
    if not numbered or any(one.rule.name != name for one in versions) or fields.get("name") != name:
        raise RuleError(f"the rule {name} on control: its versions are not numbered from 1, or of other names")
    return RuleHistory(name, versions)


def _version(fields: dict[str, Any]) -> RuleVersion:
    return RuleVersion(int(fields["version"]), int(fields["effective_from"]), RULE.validate_python(fields["rule"]))
