"""An analyst's questions, cell by cell (`# %%` in VS Code, PyCharm or Jupyter), or all at once.

    WIREGRAPH_ADDRESS=127.0.0.1:20001 python -m wiregraph.examples.analyst

The address is what `wiregraph stack status` shows for the server. Without a window a question is about the 24 hours up
to the latest event; here all times are counted from there, so that it runs on a wire of any year.
"""

# %% Connect. A server that is started again meanwhile is no trouble: calls are repeated until their deadline.
import os
from datetime import timedelta
from pathlib import Path

from serving.client import Client, Tls

ca = os.environ.get("WIREGRAPH_CA")
client = Client(
    os.environ.get("WIREGRAPH_ADDRESS", "127.0.0.1:20001"),
    os.environ.get("WIREGRAPH_TOKEN"),  # Only a guarded server asks for one.
    tls=Tls(Path(ca)) if ca else None,
    deadline_s=60,
)
status = client.status()
print(f"{status.facts:,} facts about {status.entities:,} entities, complete up to {status.watermark}")

# %% Who is in the news? A list becomes a frame with typed columns.
top = client.top(window="7d", limit=10).to_pandas()
print(top[["entity_id", "name", "articles", "sentiment", "relevance"]].to_string(index=False))

# %% A name becomes an id, and an id a series of scores, indexed by time in UTC.
name = str(top["name"].iloc[0])
entity = client.resolve(name, limit=1)[0].entity_id
score = client.get(entity)
assert score.as_of is not None
series = client.series(entity, step="1h", start=score.as_of - timedelta(days=2), end=score.as_of).to_pandas()
daily = series.resample("1D")["articles"].sum()
print(f"{entity}: {daily.to_dict()}")

# %% Sentiment, smoothed by the articles behind it. Hours without news have no sentiment, not zero.
weighted = (series["sentiment"] * series["articles"]).rolling("12h").sum()
smooth = weighted / series["articles"].where(series["sentiment"].notna()).rolling("12h").sum()
print(smooth.dropna().tail(3).to_string())

# %% Every number goes down to headlines.
mentions = client.mentions(entity, window="2d", as_of=score.as_of, limit=5).to_pandas()
print(mentions[["event_time", "sentiment", "relevance", "headline"]].to_string(index=False))

# %% Who is named along with it?
for neighbor in client.neighbors(entity, window="7d", limit=5):
    print(f"{neighbor.name}: {neighbor.articles} articles, weight {neighbor.weight:.2f}")

# %% A backtest reads what was known then: articles that came later, or late, are not in it.
then = score.as_of - timedelta(hours=12)
at_that_time = client.batch(top["entity_id"], as_of=then, known_at=then)
for known in at_that_time:
    today = client.get(known.entity_id, as_of=then)
    print(f"{known.entity_id} at {then:%Y-%m-%d %H:%M}: {known.articles} articles known, {today.articles} in the end")

# %% Follow it live. `watch` goes on without end; here the first answer is enough.
stream = client.watch([entity])
print(f"now: {next(stream).articles} articles in 24 hours")
client.close()
