from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from models.fraud_cases import attempts
from models.fraud_recorded import record, sessions
from udfs.cascade import Stage
from udfs.clicks import Click
from udfs.inference.cascade import LIGHT, check_cascade, load_cascade
from udfs.inference.manifest import MANIFEST, ModelError
from udfs.inference.models import WEIGHTS

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "recorded_cascade.json").read_text(encoding="utf-8"))
METRICS: dict[str, Any] = json.loads((WEIGHTS / "cascade" / "metrics.json").read_text(encoding="utf-8"))
CASCADE = load_cascade()
NOW_MS = 1_700_000_000_000


def test_recorded_outputs() -> None:
    found: dict[str, Any] = record(CASCADE)
    assert found["version"] == RECORDED["version"], "run python -m models.fraud_recorded"
    assert found["records"].keys() == RECORDED["records"].keys()
    for event_id, (score, *decided) in RECORDED["records"].items():
        assert found["records"][event_id][0] == pytest.approx(score, abs=1e-4)
        assert found["records"][event_id][1:] == decided
    assert {tuple(decided) for _, *decided in RECORDED["records"].values()} == {
        (Stage.LIGHT, True),
        (Stage.ENSEMBLE, True),
        (Stage.ENSEMBLE, False),
    }


def test_the_same_session_gives_the_same_bits_whatever_was_scored_before() -> None:
    windows = [window for case in sessions(9) for _, window in attempts(case.clicks)]
    first = [CASCADE.judge(window).score for window in windows]
    order = list(range(len(windows)))
    Random(1).shuffle(order)
    again = {place: CASCADE.judge(windows[place]).score for place in order}
    assert [again[place] for place in range(len(windows))] == first


def view(number: int) -> Click:
    return Click("s", f"v{number:06d}", NOW_MS - 5 * number, "view", item_id=f"i{number % 7}")


def test_a_session_of_100_000_clicks_without_prices_is_scored_at_once() -> None:
    events = [*(view(number) for number in range(100_000, 0, -1)), Click("s", "z", NOW_MS, "coupon_attempt")]
    least_s = min(seconds(lambda: CASCADE.judge(events)) for _ in range(20))
    assert 0 <= CASCADE.judge(events).score <= 1
    assert least_s < 0.005


def seconds(call: Callable[[], object]) -> float:
    started_s = time.perf_counter()
    call()
    return time.perf_counter() - started_s


def test_a_lone_attempt_is_scored() -> None:
    assert 0 <= CASCADE.judge([Click("s", "z", 0, "coupon_attempt")]).score <= 1


def test_light_attempts_cost_under_a_millisecond() -> None:
    windows = [window for case in sessions(5) for _, window in attempts(case.clicks)]
    light = [window for window in windows if CASCADE.judge(window).stage is Stage.LIGHT]
    assert len(light) > 10
    # The least of some calls: what the code costs, not what else the machine does.
    assert max(min(seconds(partial(CASCADE.judge, window)) for _ in range(10)) for window in light) < 0.001


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(WEIGHTS / "cascade", tmp_path / "cascade")
    return tmp_path


def test_what_was_tampered_with_is_refused(root: Path) -> None:
    path = root / "cascade" / LIGHT
    path.write_bytes(path.read_bytes().replace(b'"clear_below": 0.', b'"clear_below": 1.'))
    with pytest.raises(ModelError, match=r"light\.json is not the file of its manifest"):
        load_cascade(root)


def change_manifest(root: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = root / "cascade" / MANIFEST
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def test_a_model_of_other_features_is_refused(root: Path) -> None:
    change_manifest(root, lambda content: content["labels"].reverse())
    with pytest.raises(ModelError, match="other features"):
        check_cascade(root)


def test_a_folder_without_the_light_model_is_refused(root: Path) -> None:
    change_manifest(root, lambda content: content["files"].pop(LIGHT))
    with pytest.raises(ModelError, match=r"lists no light\.json"):
        load_cascade(root)


def test_a_version_that_is_no_number_is_refused(root: Path) -> None:
    change_manifest(root, lambda content: content.update(version="new"))
    with pytest.raises(ModelError, match="not as it should be"):
        load_cascade(root)


def test_what_is_shipped_is_small_and_reached_its_targets() -> None:
    files = {path.name: path.stat().st_size for path in (WEIGHTS / "cascade").iterdir()}
    assert sum(files.values()) < 1_000_000
    assert files["precision_recall.png"] < 100_000
    assert METRICS["test_cleared_by_light"] >= 0.9
    assert METRICS["test_at_cut"]["good_alerted"] <= 0.001
    handbook = METRICS["handbook"]
    for name, published in handbook["published"].items():
        assert handbook["test"][name] > published
