import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from serving import tokens
from serving.scopes import Scope
from serving.tokens import TokenFileError, Tokens, UnknownTokenError, new_token, read_grants, write_grants
from tests.serving.guarded import TokenBox

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TokenBox:
    monkeypatch.setattr(tokens, "LOOK_AGAIN_S", 0.0)
    return TokenBox(tmp_path / "tokens.json")


def test_a_token_gives_what_it_was_made_with(box: TokenBox) -> None:
    token = box.add("desk-1", [Scope.READ, Scope.REVIEW])
    grant = Tokens(box.path).grant(token)
    assert grant.name == "desk-1"
    assert set(grant.scopes) == {Scope.READ, Scope.REVIEW}


def test_the_file_holds_no_token_and_is_its_owners_alone(box: TokenBox) -> None:
    token = box.add("desk", [Scope.READ])
    assert token.rpartition(".")[2] not in box.path.read_text()
    assert box.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in box.path.parent.iterdir()] == ["tokens.json"]


def test_tokens_are_long_and_never_alike() -> None:
    made = {new_token("desk", [Scope.READ], LATER)[0] for _ in range(100)}
    assert len(made) == 100
    assert all(len(token.rpartition(".")[2]) == 43 for token in made)  # 256 bits in base64.


def test_others_are_unknown(box: TokenBox) -> None:
    token = box.add("desk", [Scope.READ])
    known = Tokens(box.path)
    others = ("", "desk", "wiregraph.desk", "wiregraph.desk.", token[:-1], f"{token}x", f"{token}.", f"x{token}",
              token.replace("desk", "other"), token.upper(), "\ud800", "." * 1_000)  # fmt: skip
    for other in others:
        with pytest.raises(UnknownTokenError, match="unknown or revoked"):
            known.grant(other)


def test_an_expired_token_is_told_so_only_to_who_has_it(box: TokenBox) -> None:
    token = box.add("desk", [Scope.READ], days=-1)
    known = Tokens(box.path)
    with pytest.raises(UnknownTokenError, match="the token desk has expired"):
        known.grant(token)
    with pytest.raises(UnknownTokenError, match="unknown or revoked"):
        known.grant("wiregraph.desk.x")


def test_the_file_is_read_again_when_it_changes(box: TokenBox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    known = Tokens(box.path)
    token = box.add("desk", [Scope.READ])
    assert known.grant(token).name == "desk"
    box.revoke("desk")
    with pytest.raises(UnknownTokenError):
        known.grant(token)
    token = box.add("desk", [Scope.READ])
    assert known.grant(token).name == "desk"
    assert token not in caplog.text
    assert token.rpartition(".")[2] not in caplog.text


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"tokens": [{"name": "secret-stuff"}]}', b"\xff", None])
def test_a_file_that_cannot_be_read_lets_nobody_in(
    box: TokenBox, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    token = box.add("desk", [Scope.READ])
    known = Tokens(box.path)
    assert known.grant(token)
    box.path.unlink()
    if content is not None:
        box.path.write_bytes(content)
    with pytest.raises(UnknownTokenError):
        known.grant(token)
    assert "secret-stuff" not in caplog.text
    if content is not None:
        assert "nobody is let in" in caplog.text
        with pytest.raises(TokenFileError):
            Tokens(box.path)


def test_a_directory_is_no_file_of_tokens(tmp_path: Path) -> None:
    with pytest.raises(TokenFileError, match="cannot be read"):
        read_grants(tmp_path)


@pytest.mark.parametrize("name", ["", "a.b", "Desk", "-a", "a" * 64, "a b", "ä", "a\n"])
def test_names_are_plain(name: str) -> None:
    with pytest.raises(ValidationError):
        new_token(name, [Scope.READ], LATER)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    grants = tuple(new_token(name, [Scope.ADMIN], LATER)[1] for name in ("a", "b"))
    write_grants(tmp_path / "tokens.json", grants)
    assert read_grants(tmp_path / "tokens.json") == grants
    assert read_grants(tmp_path / "none.json") == ()
