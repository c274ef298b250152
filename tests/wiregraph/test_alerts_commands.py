"""The commands about alerts against a real server in this process, whose Kafka is away."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from serving.erasures import Erasure
from serving.labels import Label
from serving.progress import Progress
from serving.server import Server
from serving.settings import ServerSettings
from tests.oracles.alerts import Event, make_alert
from tests.serving.fraud_events import apply_events
from udfs.pseudonyms import Pseudonyms
from wiregraph import alerts_commands
from wiregraph.errors import Failure, UsageError
from wiregraph.pseudonym_key import ensure_key, key_file, stack_pseudonyms
from wiregraph.stack import Stack, save_stack

COUNT = 1_105
DAY_MS = 86_400_000
SEEN = make_alert("seen", 6, event_time_ms=COUNT * DAY_MS)

app = typer.Typer()
alerts_commands.register(app)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("cli")
    alerts = [make_alert(f"{number:032x}", event_time_ms=number * DAY_MS) for number in range(COUNT)]
    user = Pseudonyms(ensure_key(directory).read_bytes().strip())("jane@example.com")
    events: list[Event] = [
        *alerts,
        SEEN,
        Label("seen", "alert", "fraud", "ann", 5, note="the same card"),
        Erasure(user, 6),
    ]
    apply_events(directory / "store" / "live", events, Progress("topic", {}))
    server = Server(ServerSettings("127.0.0.1:1", directory / "store", 0, {}))
    server.start()
    save_stack(directory, Stack(kafka_port=1, grpc_port=server.port))
    yield directory
    server.stop()


def run(directory: Path, *arguments: str, words: str = "") -> str:
    result = CliRunner().invoke(app, [*arguments, "--dir", str(directory)], input=words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def ids(directory: Path, *arguments: str) -> list[str]:
    return [one["alert_id"] for one in json.loads(run(directory, "alerts", "--json", *arguments))]


def test_the_list_is_complete_unless_limited(directory: Path) -> None:
    everything = ids(directory)
    assert everything == ["seen", *(f"{number:032x}" for number in reversed(range(COUNT)))]
    assert ids(directory, "--open") == everything[1:]
    assert ids(directory, "--limit", "1001") == everything[:1_001]
    assert ids(directory, "--rule", "coupon-abuse", "--limit", "1") == ["seen"]
    assert ids(directory, "--session", "s-seen") == ["seen"]
    assert ids(directory, "--from", "1970-01-02T00:00:00Z", "--to", str(3 * DAY_MS)) == everything[-2:-4:-1][::-1]


def test_an_alert_for_programs_and_for_people(directory: Path) -> None:
    found = json.loads(run(directory, "alert", "seen", "--json"))
    assert (found["state"], found["rule_version"], found["version"]) == ("reviewed", 1, 6)
    assert found["features"] == {"views": 6.0}
    assert len(found["evidence"]) == 6
    assert found["event_time"].endswith("Z")
    assert found["review"]["note"] == "the same card"
    words = run(directory, "alert", "seen")
    for part in (SEEN.why, "SAVE10", "fraud, says ann", "evidence: 6 events", "views 6", "0:02:00"):
        assert part in words
    assert f"{7:032x}" in run(directory, "alerts")  # Whole, so that it can be copied.
    with pytest.raises(Failure, match="there is no alert 'x': see `wiregraph alerts`"):
        run(directory, "alert", "x")


def test_what_cannot_be_kept_fails(directory: Path) -> None:
    with pytest.raises(Failure, match=r"send the same again.*stack status"):
        run(directory, "review", "seen", "--verdict", "ok", "--by", "bob")
    with pytest.raises(Failure, match="Kafka"):
        run(directory, "erase", "session:s-seen")
    assert "fraud, says ann" in run(
        directory, "review", "seen", "--verdict", "fraud", "--by", "ann", "--note", "the same card"
    )


def test_a_user_is_erased_by_the_pseudonym_alone(directory: Path) -> None:
    expected = stack_pseudonyms(directory)("jane@example.com")
    assert json.loads(run(directory, "erase", "user:jane@example.com", "--json"))["subject"] == expected
    words = run(directory, "erase", "-", words="user:jane@example.com\n")
    assert expected in words
    assert "jane" not in words
    with pytest.raises(UsageError, match="user:ID") as raised:
        run(directory, "erase", "jane@example.com")
    assert "jane@" not in str(raised.value)


def test_watch_follows_everything_or_nothing(directory: Path) -> None:
    with pytest.raises(UsageError, match="--watch follows all sessions"):
        run(directory, "alerts", "--watch", "--session", "x")


def test_the_key_is_made_once_and_its_owners_alone(tmp_path: Path) -> None:
    file = ensure_key(tmp_path)
    key = file.read_text()
    assert len(bytes.fromhex(key.strip())) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert ensure_key(tmp_path).read_text() == key
    assert [each.name for each in file.parent.iterdir()] == ["pseudonym.key"]
    assert ensure_key(tmp_path / "other").read_text() != key
    file.write_text("short")
    with pytest.raises(Failure, match="at least 16"):
        stack_pseudonyms(tmp_path)
    with pytest.raises(Failure, match="stack up"):
        stack_pseudonyms(tmp_path / "nowhere")
    assert key_file(tmp_path) == file
