"""Do tweets say anything about tomorrow's price? Probably not: StockNet's tweets and prices, honestly.

    python -m wiregraph.examples.stocknet FOLDER [FROM TO]

FOLDER holds `tweets_preprocessed.tsv.gz` (timestamp_utc, ticker, text) and `prices_raw.csv.gz` (ticker, Date, Adj
Close), as StockNet has them. The signal of a ticker and a trading day is the mean tone of its tweets in the 24 hours
before 21:00 UTC, when New York has closed, in summer as in winter; it is set against the return from that day's close
to the next one. The information coefficient is the rank correlation of both over the tickers of a day.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pandas as pd

from udfs.social import SocialScorer
from wiregraph.evaluate import models_of_environment
from wiregraph.examples.study import Interval, bootstrap, information_coefficient

CLOSE_HOUR = 21


def next_returns(prices: pd.DataFrame) -> pd.Series:
    """The return from each day's close to the next trading day's, by (entity_id, known_at)."""
    closes = prices.set_index(["ticker", "Date"])["Adj Close"].sort_index()
    returns: pd.Series = closes.groupby(level="ticker").shift(-1) / closes - 1
    return returns.rename_axis(["entity_id", "known_at"])


def daily_tone(tweets: pd.DataFrame) -> pd.Series:
    """The mean tone of a ticker's tweets by the day at whose close they were known."""
    known_at = (tweets["time"] + pd.Timedelta(hours=24 - CLOSE_HOUR)).dt.tz_localize(None).dt.normalize()
    tones: pd.Series = tweets["tone"].groupby([tweets["ticker"], known_at]).mean()
    return tones.rename_axis(["entity_id", "known_at"])


def read_tweets(folder: Path, start: str, end: str) -> pd.DataFrame:
    """The tweets of [start, end), without quoting, as the file is."""
    file = folder / "tweets_preprocessed.tsv.gz"
    tweets = pd.read_csv(file, sep="\t", quoting=csv.QUOTE_NONE, keep_default_na=False)
    times = pd.to_datetime(tweets["timestamp_utc"])
    chosen: pd.DataFrame = tweets.assign(time=times)[(times >= f"{start}T00:00Z") & (times < f"{end}T00:00Z")]
    return chosen


def coefficient(tweets: pd.DataFrame, prices: pd.DataFrame) -> Interval:
    """The information coefficient by day, with its bootstrap interval."""
    return bootstrap(information_coefficient(daily_tone(tweets), next_returns(prices)))


def main() -> None:
    """Scores the tweets and prints what they were worth."""
    folder, start, end = (*sys.argv[1:], *("", "2015-07-01", "2015-10-01")[len(sys.argv) - 1 :])[:3]
    tweets = read_tweets(Path(folder), start, end)
    scorer = SocialScorer(models_of_environment().text)
    tones = {text: scorer.score(text).score for text in tweets["text"].unique()}
    tweets = tweets.assign(tone=tweets["text"].map(tones))
    prices = pd.read_csv(Path(folder) / "prices_raw.csv.gz", parse_dates=["Date"])
    print(f"{len(tweets):,} tweets of {tweets['ticker'].nunique()} tickers, {start} to {end}")
    print(f"mean information coefficient {coefficient(tweets, prices)}")


if __name__ == "__main__":
    main()
