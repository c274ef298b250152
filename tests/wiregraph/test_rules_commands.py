"""Rules on a real broker: put, listed, refused where they would be too early, tried on history."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from tests.oracles.patterns import expected
from tests.oracles.sessions import case
from tests.wiregraph.kafka_topics import Tail
from udfs.clicks import Click
from udfs.records import MICRO
from udfs.rulebook import RuleHistory, RuleVersion, history_row, parse_history
from udfs.topics import CLICKS, CONTROL
from wiregraph import rules_control
from wiregraph.cli import app
from wiregraph.errors import Failure, UsageError
from wiregraph.producing import Outgoing, open_sender
from wiregraph.rules_control import AHEAD_MS, Wish, latest_event_ms, put_rule, read_rulebook
from wiregraph.rules_file import load_rule
from wiregraph.times import rfc3339

pytestmark = pytest.mark.jvm

DATA = Path(__file__).parents[2] / "wiregraph/data/rules"
HOUR_MS = 3_600_000
FAR_MS = 200_000_000_000_000
START_MS = 1_600_000_000_000
GUESSING, REFERENCE, SPRAY = (DATA / f"coupon-{name}.yaml" for name in ("guessing", "abuse", "spray"))


def run(stack_dir: Path, *arguments: object) -> Any:  # noqa: ANN401 - whatever JSON the command prints
    result = CliRunner().invoke(app, ["rules", *map(str, arguments), "--dir", str(stack_dir), "--json"])
    if isinstance(result.exception, Failure | UsageError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return orjson.loads(result.stdout)


def value_of(click: Click) -> bytes:
    return orjson.dumps(
        {
            "session_id": click.session_id,
            "event_id": click.event_id,
            "event_time": rfc3339(click.event_time_ms),
            "kind": click.kind,
            "item_id": click.item_id,
            "price": None if click.price_micro is None else click.price_micro / MICRO,
            "coupon": click.coupon,
        }
    )


def send(options: dict[str, Any], clicks: Sequence[Click]) -> None:
    with open_sender(options, CLICKS) as sender:
        for click in clicks:
            assert sender.send(Outgoing(CLICKS, click.session_id.encode(), value_of(click), click.event_time_ms))
        sender.flush()


def ended(path: Path) -> Path:
    """The rule, but disabled: other tests run on the same broker."""
    path.write_text(GUESSING.read_text("utf-8") + "enabled: false\n", "utf-8")
    return path


def test_a_rule_is_put_and_listed(stack_dir: Path, stack_broker: str, tmp_path: Path) -> None:
    guessing = ended(tmp_path / "rule.yaml")
    options, tail = {"bootstrap_servers": stack_broker}, Tail({"bootstrap_servers": stack_broker}, CONTROL)
    assert run(stack_dir, "list")[0]["name"] == "coupon-abuse"
    send(options, [Click("late", "e1", START_MS + 9 * HOUR_MS, "view")])
    latest_ms = latest_event_ms(options)
    assert latest_ms is not None
    assert latest_ms >= START_MS + 9 * HOUR_MS
    earliest = rfc3339(latest_ms + AHEAD_MS)
    put = run(stack_dir, "put", guessing)
    assert (put["version"], put["effective_from"], put["current"]) == (1, earliest, True)
    with pytest.raises(UsageError, match=r"too early, clicks up to .* came: use .* or later, or --retroactive"):
        run(stack_dir, "put", guessing, "--effective-from", latest_ms + AHEAD_MS - 1)
    assert run(stack_dir, "put", guessing, "--effective-from", latest_ms + AHEAD_MS)["version"] == 2
    assert run(stack_dir, "put", guessing, "--effective-from", 7, "--retroactive")["version"] == 3
    listed = [one for one in run(stack_dir, "list") if one["name"] == "coupon-guessing"]
    assert [(one["version"], one["tier"], one["enabled"], one["current"]) for one in listed] == [
        (1, "core", False, False),
        (2, "core", False, False),
        (3, "core", False, True),
    ]
    records = tail.records()
    assert [record.key for record in records] == [b"coupon-guessing"] * 3
    history = parse_history(records[-1].value)
    assert history == read_rulebook(options).histories["coupon-guessing"]


def test_the_built_in_rule_gets_version_2(stack_broker: str) -> None:
    options = {"bootstrap_servers": stack_broker}
    version = put_rule(options, Wish(load_rule(REFERENCE), FAR_MS))
    assert version.version >= 2
    assert read_rulebook(options).histories["coupon-abuse"].versions[0].effective_from_ms == 0


def test_two_puts_at_once_are_both_there(stack_broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"bootstrap_servers": stack_broker}
    ours = load_rule(SPRAY).model_copy(update={"enabled": False})
    theirs = ours.model_copy(update={"at_least": 99})
    write = rules_control._write

    def crossing(options: dict[str, Any], history: RuleHistory) -> None:
        monkeypatch.setattr(rules_control, "_write", write)
        write(options, RuleHistory(history.name, history.versions[:-1]).with_version(theirs, 5))
        write(options, history)

    monkeypatch.setattr(rules_control, "_write", crossing)
    version = put_rule(options, Wish(ours))
    versions = read_rulebook(options).histories["coupon-spray"].versions
    assert [one.rule for one in versions] == [theirs, ours]
    assert versions[-1] == version


def test_other_records_on_control_are_left_alone(stack_broker: str) -> None:
    options = {"bootstrap_servers": stack_broker}
    before = read_rulebook(options)
    with open_sender(options, CONTROL) as sender:
        for value in (b'{"kind":"model"}', b"not JSON", None, history_row(RuleHistory("x", ()))[:-1]):
            sender.send(Outgoing(CONTROL, b"other", value, 1))
        sender.flush()
    assert read_rulebook(options) == before


def test_a_dry_run_says_what_would_have_been_caught(stack_dir: Path, stack_broker: str) -> None:
    shift_ms = 50 * 24 * HOUR_MS
    moved = [one._replace(event_time_ms=one.event_time_ms - shift_ms) for one in case(1, 300).clicks]
    clicks = sorted(set(moved), key=lambda one: one.event_time_ms)
    send({"bootstrap_servers": stack_broker}, clicks)
    truth = expected(clicks, [RuleHistory("coupon-guessing", (RuleVersion(1, 0, load_rule(GUESSING)),))])
    times = {(one.session_id, one.event_id): one.event_time_ms for one in clicks}
    from_ms, to_ms = clicks[0].event_time_ms + HOUR_MS // 6, clicks[0].event_time_ms + HOUR_MS // 4
    inside = [one for one in truth if from_ms <= times[one.session_id, one.evidence[-1]] < to_ms]
    assert 0 < len(inside) < len(truth)
    found = run(stack_dir, "dry-run", GUESSING, "--from", from_ms, "--to", rfc3339(to_ms))
    assert (found["alerts"], found["sessions"]) == (len(inside), len({one.session_id for one in inside}))
    assert sum(hour["alerts"] for hour in found["hours"]) == len(inside)
    samples = {(sample["session_id"], tuple(sample["evidence"])) for sample in found["samples"]}
    assert len(samples) == min(5, len(inside))
    assert samples <= {(one.session_id, one.evidence) for one in inside}
    whole = run(stack_dir, "dry-run", GUESSING, "--from", clicks[0].event_time_ms, "--to", clicks[-1].event_time_ms + 1)
    assert whole["alerts"] == len(truth)
    with pytest.raises(UsageError, match="before --to"):
        run(stack_dir, "dry-run", REFERENCE, "--from", 5, "--to", 5)


def test_a_dry_run_for_people(stack_dir: Path) -> None:
    arguments = ["rules", "dry-run", str(SPRAY), "--from", "0", "--to", "2001-01-01", "--dir", str(stack_dir)]
    result = CliRunner().invoke(app, arguments)
    assert "coupon-spray would have raised 0 alerts in 0 sessions" in result.output
    listed = CliRunner().invoke(app, ["rules", "list", "--dir", str(stack_dir)])
    assert "coupon-abuse" in listed.output
