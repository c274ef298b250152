"""The reference rule in Flink's SQL, and a plain copy, with the click job's own settings.

python -m benchmarks.fraud_sql copy|over|match BOOTSTRAP STATE_DIR JARS    until it is ended
"""

from __future__ import annotations

import sys
from pathlib import Path

from jobs.environment import table_environment
from jobs.settings import JobSettings
from udfs.topics import CLICK_FRAUD

VIEWS = 6
_DEAR = "kind = 'view' AND price >= 200"

QUERIES = {
    "copy": "SELECT `value` FROM records",
    "over": f"""SELECT event_id FROM (
  SELECT event_id, kind, SUM(CASE WHEN {_DEAR} THEN 1 ELSE 0 END) OVER (
    PARTITION BY session_id ORDER BY ts RANGE BETWEEN INTERVAL '2' MINUTE PRECEDING AND CURRENT ROW) AS n
  FROM clicks)
WHERE kind = 'coupon_attempt' AND n >= {VIEWS}""",
    "match": f"""SELECT event_id FROM clicks MATCH_RECOGNIZE (
  PARTITION BY session_id ORDER BY ts MEASURES c.event_id AS event_id AFTER MATCH SKIP PAST LAST ROW
  PATTERN ({" ".join(f"v{at} o{at}*?" for at in range(VIEWS))} c) WITHIN INTERVAL '2' MINUTE
  DEFINE {", ".join(f"v{at} AS v{at}.kind = 'view' AND v{at}.price >= 200" for at in range(VIEWS))},
    c AS c.kind = 'coupon_attempt')""",
}


def main() -> None:
    """Run one query until the process is ended."""
    name, bootstrap, state, jars = sys.argv[1:]
    folder = Path(state)
    settings = JobSettings(bootstrap, folder, Path(jars), folder / "logs", graph=name, job=CLICK_FRAUD)
    table = table_environment(settings)
    kafka = f"'connector' = 'kafka', 'properties.bootstrap.servers' = '{bootstrap}'"
    read = f"{kafka}, 'topic' = 'clicks', 'scan.startup.mode' = 'earliest-offset', 'properties.group.id' = '{name}'"
    table.execute_sql(f"CREATE TEMPORARY TABLE records (`value` BYTES) WITH ({read}, 'format' = 'raw')")
    table.execute_sql(f"""CREATE TEMPORARY TABLE clicks (
  session_id STRING, event_id STRING, kind STRING, price DOUBLE, ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ({read}, 'format' = 'json')""")
    column, form = ("`value` BYTES", "raw") if name == "copy" else ("event_id STRING", "json")
    table.execute_sql(
        f"CREATE TEMPORARY TABLE found ({column}) WITH ({kafka}, 'topic' = '{name}', 'format' = '{form}')"
    )
    table.execute_sql(f"INSERT INTO found {QUERIES[name]}").wait()


if __name__ == "__main__":
    main()
