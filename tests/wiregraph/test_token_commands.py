import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from serving.scopes import Scope
from serving.tokens import Tokens, UnknownTokenError
from wiregraph.cli import run
from wiregraph.errors import Failure, UsageError
from wiregraph.guarding import tokens_file

Command = Callable[..., str]
"""Runs `wiregraph token` with words and gives what it prints."""


@pytest.fixture
def wiregraph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    def call(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["wiregraph", "token", *words, "--dir", str(tmp_path)])
        assert run() == 0
        return capsys.readouterr().out

    return call


def test_a_token_is_shown_once_and_lets_in(wiregraph: Command, tmp_path: Path) -> None:
    token = wiregraph("add", "desk", "--scope", "read", "--scope", "review", "--days", "90").strip()
    assert re.fullmatch(r"wiregraph\.desk\.[\w-]{43}", token)
    file = tokens_file(tmp_path)
    assert set(Tokens(file).grant(token).scopes) == {Scope.READ, Scope.REVIEW}
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    listed = wiregraph("list")
    assert "desk" in listed
    assert "read, review" in listed
    secret = token.rpartition(".")[2]
    assert secret not in listed + wiregraph("list", "--json") + file.read_text()
    assert "revoked" in wiregraph("revoke", "desk")
    with pytest.raises(UnknownTokenError):
        Tokens(file).grant(token)
    assert "no tokens" in wiregraph("list")


def test_json(wiregraph: Command) -> None:
    made = json.loads(wiregraph("add", "desk", "--scope", "admin", "--days", "1", "--json"))
    assert made["token"].startswith("wiregraph.desk.")
    left = datetime.fromisoformat(made["expires"]) - datetime.now(UTC)
    assert timedelta(hours=23) < left < timedelta(hours=25)
    (listed,) = json.loads(wiregraph("list", "--json"))
    assert listed == {key: made[key] for key in ("name", "scopes", "expires")}


def test_wrong_words_are_one_line(wiregraph: Command) -> None:
    wiregraph("add", "desk", "--scope", "read")
    with pytest.raises(Failure, match="there is a token desk already"):
        wiregraph("add", "desk", "--scope", "read")
    with pytest.raises(Failure, match="there is no token 'other'"):
        wiregraph("revoke", "other")
    for words in (("add", "A b", "--scope", "read"), ("add", "a", "--scope", "all"), ("add", "a")):
        with pytest.raises(UsageError):
            wiregraph(*words)


def test_two_at_once_are_both_kept(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "wiregraph", "token", "add", "--scope", "read", "--dir", str(tmp_path)]
    running = [subprocess.Popen([*command, name], stdout=subprocess.PIPE) for name in ("a", "b", "c")]
    tokens = [process.communicate(timeout=120)[0].decode().strip() for process in running]
    known = Tokens(tokens_file(tmp_path))
    assert [known.grant(token).name for token in tokens] == ["a", "b", "c"]
