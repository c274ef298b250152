"""What the backtests measure: abnormal volume, event studies, information coefficients. Frames in, frames out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from serving.client import Client

ENTITIES_A_CALL = 1_000
NAMES_LEAST = 5
"""A day with fewer names has no rank correlation worth the word."""


def decisions(client: Client, entity_ids: Sequence[str], times: Sequence[datetime], graph: str = "") -> pd.DataFrame:
    """What could be known of each entity at each time: `articles` and `sentiment` of the 24 hours before.

    The index is (entity_id, known_at). Each question has `known_at` = the decision's own time, so that nothing in the
    frame was published, received or corrected later. An entity that was unknown then has 0 articles, no sentiment.
    """
    parts = []
    for time in times:
        for at in range(0, len(entity_ids), ENTITIES_A_CALL):
            asked = entity_ids[at : at + ENTITIES_A_CALL]
            found = client.batch(asked, window="24h", as_of=time, known_at=time, graph=graph).to_pandas()
            part = found.set_index("entity_id").reindex(list(asked))[["articles", "sentiment"]]
            parts.append(part.assign(known_at=time))
    frame: pd.DataFrame = pd.concat(parts).set_index("known_at", append=True).rename_axis(["entity_id", "known_at"])
    frame["articles"] = frame["articles"].fillna(0).astype("int64")
    return frame.sort_index()


def abnormal_volume(articles: pd.Series, before: int = 10) -> pd.Series:
    """The z-score of each day's articles against the `before` days before it, by entity.

    It is absent where there are fewer than 5 such days, or all are alike.
    """
    past = articles.groupby(level="entity_id", group_keys=False)
    mean = past.apply(lambda one: one.shift().rolling(before, min_periods=5).mean())
    spread = past.apply(lambda one: one.shift().rolling(before, min_periods=5).std(ddof=0))
    abnormal: pd.Series = (articles - mean) / spread.where(spread > 0)
    return abnormal.rename("abnormal")


def event_study(values: pd.Series, events: pd.MultiIndex, reach: int = 5) -> pd.DataFrame:
    """The mean of `values`, and how many there were, at each offset in days from -reach to reach around events.

    Both are indexed by (entity_id, known_at), sorted, one row a day; beyond an entity's days nothing counts.
    """
    by_entity = values.groupby(level="entity_id")
    around = {offset: by_entity.shift(-offset).reindex(events) for offset in range(-reach, reach + 1)}
    by_day: pd.DataFrame = pd.DataFrame(around).agg(["mean", "count"]).T
    return by_day.rename_axis("day")


def information_coefficient(signal: pd.Series, returns: pd.Series) -> pd.Series:
    """The rank correlation of signal and what came after it, day by day, of days with enough names.

    Both are indexed by (entity_id, known_at); `returns` must begin after `known_at`, or it looks ahead.
    """
    both = pd.DataFrame({"signal": signal, "returns": returns}).dropna()
    ranks = both.groupby(level="known_at").rank()
    days = {
        day: one["signal"].corr(one["returns"])
        for day, one in ranks.groupby(level="known_at")
        if len(one) >= NAMES_LEAST and (one.std() > 0).all()
    }
    return pd.Series(days, dtype="float64").rename_axis("known_at")


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its bootstrap interval; `days` is what it is the mean of."""

    mean: float
    low: float
    high: float
    days: int

    def __str__(self) -> str:
        """With what it says."""
        verdict = "not different from 0" if self.low <= 0 <= self.high else "different from 0"
        return f"{self.mean:+.4f} [{self.low:+.4f}, {self.high:+.4f}] over {self.days} days: {verdict}"


def bootstrap(daily: pd.Series, block: int = 5, draws: int = 10_000, seed: int = 7) -> Interval:
    """The mean of daily values and its 95 % interval by a circular block bootstrap.

    Days resemble their neighbours, so `block` of them are drawn together.
    """
    values = daily.dropna().to_numpy()
    if not len(values):
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    starts = np.random.default_rng(seed).integers(0, len(values), (draws, -(-len(values) // block)))
    picked = (starts[:, :, None] + np.arange(block)) % len(values)
    means = values[picked.reshape(draws, -1)[:, : len(values)]].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(values.mean()), float(low), float(high), len(values))


def draw(frame: pd.DataFrame, title: str, file: str) -> str:
    """A picture of a frame as PNG; gives what to say, also where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - only pictures need it
    except ModuleNotFoundError:
        return f"{file}: not drawn, matplotlib is not installed"
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for name in frame.columns:
        axes.plot(frame.index, frame[name], marker="o", label=str(name))
    axes.set(title=title, xlabel=str(frame.index.name))
    axes.legend()
    axes.grid(visible=True, alpha=0.3)
    figure.savefig(file, dpi=120)
    return file
