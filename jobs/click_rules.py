"""The rules in an operator: those of the start, those of the checkpoint, those that come while it runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyflink.common import Types
from pyflink.datastream.state import MapStateDescriptor

from jobs import uids
from udfs.rulebook import Rulebook, RuleError, parse_history

RULES = MapStateDescriptor(uids.RULES_STATE, Types.STRING(), Types.STRING())
"""Broadcast state: each rule's history as it stands on `control`, by name. Read once, at the start."""


class RulesInForce:
    """The book by which an operator decides; broadcast state only brings it over a restart."""

    def __init__(self, starting: Iterable[bytes]) -> None:
        self._starting = tuple(starting)
        self._begun = False
        self.checkpointed = Rulebook.built_in()
        """By these the checkpoint's log was decided; an engine is rebuilt with them, then told of the book."""
        self.book = self.checkpointed

    def begin(self, state: Any) -> None:  # noqa: ANN401 - Flink's two contexts give two kinds of state
        """Read the checkpoint's rules, before anything else is done with them; later calls do nothing."""
        if not self._begun:
            self._begun = True
            self.checkpointed = _with_rules(self.checkpointed, [text.encode() for _name, text in state.items()])
            self.book = _with_rules(self.checkpointed, self._starting)

    def take(self, payload: bytes | None, state: Any) -> bool:  # noqa: ANN401 - as above
        """Take a record of `control`; whether it is a rule. Raises RuleError where it is a broken one."""
        self.begin(state)
        history = parse_history(payload)
        if history is None or payload is None:
            return False
        state.put(history.name, payload.decode())
        self.book = self.book.with_history(history)
        return True


def _with_rules(book: Rulebook, values: Iterable[bytes]) -> Rulebook:
    """A book with the rules in values of `control`; what is broken or of another kind is left out."""
    for value in values:
        try:
            history = parse_history(value)
        except RuleError:
            continue
        book = book.with_history(history) if history else book
    return book
