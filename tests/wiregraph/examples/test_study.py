"""What the backtests measure, on frames whose answers are known."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wiregraph.examples.stocknet import coefficient, daily_tone, next_returns
from wiregraph.examples.study import (
    abnormal_volume,
    bootstrap,
    draw,
    event_study,
    information_coefficient,
)

DAYS = pd.date_range("2008-09-01T21:00Z", periods=12, freq="D")


def by_day(values: dict[str, list[float]]) -> pd.Series:
    days = [pd.Series(one, index=DAYS[: len(one)]) for one in values.values()]
    return pd.concat(days, keys=values.keys(), names=["entity_id", "known_at"])


def test_abnormal_volume_knows_the_days_before_alone() -> None:
    volume = by_day({"a": [1, 2, 3, 2, 1, 9, 2], "b": [4, 4, 4, 4, 4, 4, 4]})
    abnormal = abnormal_volume(volume)
    assert abnormal["a"].isna().tolist() == [True] * 5 + [False] * 2
    assert abnormal["a", DAYS[5]] == pytest.approx((9 - 1.8) / np.std([1, 2, 3, 2, 1]))
    assert abnormal["b"].isna().all()
    later = volume.copy()
    later["a", DAYS[6]] = 100
    assert abnormal_volume(later)["a", DAYS[5]] == abnormal["a", DAYS[5]]


def test_an_event_study_looks_both_ways_and_not_beyond_an_entity() -> None:
    values = by_day({"a": [1, 2, 3, 4], "b": [10, 20, 30, 40]})
    events = pd.MultiIndex.from_tuples([("a", DAYS[1]), ("b", DAYS[3])])
    found = event_study(values, events, reach=2)
    assert found["mean"].dropna().to_dict() == {-2: 20.0, -1: 15.5, 0: 21.0, 1: 3.0, 2: 4.0}
    assert found["count"].tolist() == [1, 2, 2, 1, 1]


def test_the_information_coefficient_is_a_rank_correlation_by_day() -> None:
    names = [f"n{number}" for number in range(6)]
    signal = by_day({name: [number, -number, 1] for number, name in enumerate(names)})
    returns = by_day({name: [number**3, number**3, number] for number, name in enumerate(names)})
    found = information_coefficient(signal, returns)
    assert found.round(9).to_dict() == {DAYS[0]: 1.0, DAYS[1]: -1.0}  # On the third day all signals are alike.
    few = signal.drop(index=names[:2], level="entity_id")
    assert information_coefficient(few, returns).empty


def test_the_bootstrap_interval_holds_the_mean_and_says_what_is_nothing() -> None:
    noise = pd.Series(np.random.default_rng(1).normal(0, 1, 250))
    noise -= noise.mean()
    nothing, something = bootstrap(noise), bootstrap(noise + 1)
    assert nothing.low < nothing.mean < nothing.high
    assert "not different" in str(nothing)
    assert something.low > 0
    assert str(something).endswith("over 250 days: different from 0")
    assert bootstrap(noise) == nothing
    assert bootstrap(pd.Series([], dtype="float64")).days == 0


def test_tweets_after_the_close_belong_to_the_next_day_and_returns_come_after() -> None:
    times = pd.to_datetime(["2015-07-01T20:59:59Z", "2015-07-01T21:00:00Z", "2015-07-02T10:00:00Z"])
    tweets = pd.DataFrame({"time": times, "ticker": "A", "tone": [1.0, 0.0, 0.5]})
    first, second = pd.Timestamp("2015-07-01"), pd.Timestamp("2015-07-02")
    assert daily_tone(tweets).to_dict() == {("A", first): 1.0, ("A", second): 0.25}
    prices = pd.DataFrame({"ticker": "A", "Date": [first, second], "Adj Close": [100.0, 110.0]})
    assert next_returns(prices).dropna().round(9).to_dict() == {("A", first): 0.1}
    assert coefficient(tweets, prices).days == 0


def test_pictures_are_left_out_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    said = draw(pd.DataFrame({"a": [1]}), "title", str(tmp_path / "a.png"))
    assert "matplotlib is not installed" in said
    assert list(tmp_path.iterdir()) == []
