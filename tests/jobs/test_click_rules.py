import pytest

from jobs.click_rules import RulesInForce
from udfs.rulebook import COUPON_ABUSE, Rulebook, RuleError, RuleHistory, RuleVersion, history_row

OTHER = COUPON_ABUSE.model_copy(update={"name": "other"})
FIRST = RuleHistory("other", (RuleVersion(1, 0, OTHER),))
LONGER = FIRST.with_version(OTHER, 9)
BROKEN = b'{"kind": "rule", "name": "other", "versions": []}'


class State(dict[str, str]):
    """Broadcast state, as far as it is used."""

    put = dict.__setitem__


def names(book: Rulebook) -> dict[str, int]:
    return {name: len(history.versions) for name, history in book.histories.items()}


def test_the_start_knows_what_is_built_in_and_what_the_topic_held() -> None:
    rules = RulesInForce([history_row(FIRST), BROKEN, b"{", b'{"kind": "erasure"}'])
    rules.begin(State())
    assert names(rules.checkpointed) == {"coupon-abuse": 1}
    assert names(rules.book) == {"coupon-abuse": 1, "other": 1}


def test_the_checkpoints_rules_are_told_from_those_that_came_since() -> None:
    rules = RulesInForce([history_row(LONGER)])
    state = State(other=history_row(FIRST).decode())
    rules.begin(state)
    state["other"] = BROKEN.decode()
    rules.begin(state)  # The state is read once.
    assert names(rules.checkpointed) == {"coupon-abuse": 1, "other": 1}
    assert names(rules.book) == {"coupon-abuse": 1, "other": 2}


def test_a_rule_that_comes_counts_and_is_kept() -> None:
    rules, state = RulesInForce([]), State()
    assert rules.take(history_row(FIRST), state)
    assert rules.take(history_row(LONGER), state)
    assert names(rules.book)["other"] == 2
    again = RulesInForce([])
    again.begin(state)
    assert again.checkpointed == rules.book


@pytest.mark.parametrize("payload", [None, b"", b'{"kind": "erasure"}'])
def test_what_is_no_rule_changes_nothing(payload: bytes | None) -> None:
    rules, state = RulesInForce([]), State()
    assert not rules.take(payload, state)
    assert (names(rules.book), state) == ({"coupon-abuse": 1}, {})


def test_a_broken_rule_is_refused_and_not_kept() -> None:
    rules, state = RulesInForce([]), State()
    with pytest.raises(RuleError):
        rules.take(BROKEN, state)
    assert (names(rules.book), state) == ({"coupon-abuse": 1}, {})
