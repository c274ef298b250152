"""A server with tokens in this process, and tokens of each kind."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from serving.scopes import Scope
from serving.tokens import Grant, new_token, write_grants

Metadata = tuple[tuple[str, str], ...]


class TokenBox:
    """A file of tokens, and the tokens that were put into it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._grants: list[Grant] = []
        self._save()

    def add(self, name: str, scopes: Iterable[Scope], days: float = 1) -> str:
        token, grant = new_token(name, scopes, datetime.now(UTC) + timedelta(days=days))
        self._grants.append(grant)
        self._save()
        return token

    def revoke(self, name: str) -> None:
        self._grants = [grant for grant in self._grants if grant.name != name]
        self._save()

    def _save(self) -> None:
        write_grants(self.path, self._grants)


def bearer(token: str) -> Metadata:
    return (("authorization", f"Bearer {token}"),)
