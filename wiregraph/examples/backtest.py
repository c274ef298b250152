"""A backtest on a replayed wire: what was known each evening, and what surrounds the wire's largest moves.

    wiregraph replay --topic news --from 2008-09-01T00:00:00Z --to 2008-10-01T00:00:00Z --graph september
    WIREGRAPH_ADDRESS=127.0.0.1:20001 WIREGRAPH_GRAPH=september python -m wiregraph.examples.backtest

Every number is asked for with `known_at` = the time of the decision, 21:00 UTC of each day of the graph, so nothing
in the frame can look ahead. There are no prices of 2008 here: the events are moves of the wire's own volume.
"""

# %% Connect, and take the entities that the wire is about.
import os
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

from serving.client import Client, Tls
from wiregraph.examples.study import abnormal_volume, decisions, draw, event_study

graph = os.environ.get("WIREGRAPH_GRAPH", "")
ca = os.environ.get("WIREGRAPH_CA")
client = Client(
    os.environ.get("WIREGRAPH_ADDRESS", "127.0.0.1:20001"),
    os.environ.get("WIREGRAPH_TOKEN"),  # Only a guarded server asks for one.
    tls=Tls(Path(ca)) if ca else None,
    deadline_s=60,
)
days = int(os.environ.get("WIREGRAPH_DAYS", "30"))
status = client.status(graph)
assert status.latest_event is not None
close = status.latest_event.replace(hour=21, minute=0, second=0, microsecond=0)
last = close if close <= status.latest_event else close - timedelta(days=1)
times: list[datetime] = [last - timedelta(days=day) for day in reversed(range(days))]
top = client.top(window=f"{days}d", as_of=last, limit=200, type="ORG", graph=graph).to_pandas()

# %% The frame: one row an entity and day, by what was known at 21:00 UTC.
frame = decisions(client, list(top["entity_id"]), times, graph)
frame["abnormal"] = abnormal_volume(frame["articles"])
print(f"{len(frame):,} rows of {len(top)} companies, {times[0]:%Y-%m-%d} to {times[-1]:%Y-%m-%d}")

# %% The largest moves of volume: news where there had been little. Each is known on its own evening.
news_least = 5
largest = frame[frame["articles"] >= news_least].nlargest(20, "abnormal")
print(largest.reset_index().head(10).to_string(index=False))

# %% What surrounds them? Days before the event show what a signal could have had; days after it what followed.
studied = pd.DataFrame(
    {
        "articles": event_study(frame["articles"], largest.index)["mean"],
        "sentiment": event_study(frame["sentiment"], largest.index)["mean"],
    }
)
print(studied.round(3).to_string())
for column in studied.columns:
    print(draw(studied[[column]], f"{column} around the {len(largest)} largest moves of volume", f"{column}.png"))
client.close()
