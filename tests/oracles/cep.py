"""The reference rule by Flink's own CEP: MATCH_RECOGNIZE on the hashmap backend.

python -m tests.oracles.cep CLICKS.jsonl    prints the ids of the sessions in which it matches, one a line

Rows are {"session_id", "event_id", "ts" (milliseconds), "kind", "price"}. A match is over once it has matched, so a
session should hold one coupon attempt.
"""

import sys

from pyflink.common import Configuration
from pyflink.table import EnvironmentSettings, TableEnvironment

VIEWS = 6
WITHIN_MS = 120_000
DISORDER_S = 60
_PATTERN = " ".join(f"v{at} o{at}*?" for at in range(VIEWS))
_DEFINE = ", ".join(f"v{at} AS v{at}.kind = 'view' AND v{at}.price >= 200" for at in range(VIEWS))


def main() -> None:
    configuration = Configuration()
    configuration.set_string("state.backend.type", "hashmap")
    configuration.set_string("parallelism.default", "1")
    settings = EnvironmentSettings.new_instance().in_streaming_mode().with_configuration(configuration).build()
    table = TableEnvironment.create(settings)
    table.execute_sql(f"""CREATE TABLE clicks (session_id STRING, event_id STRING, ts BIGINT, kind STRING, price DOUBLE,
  moment AS TO_TIMESTAMP_LTZ(ts, 3), WATERMARK FOR moment AS moment - INTERVAL '{DISORDER_S}' SECOND)
WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{sys.argv[1]}')""")
    # WITHIN leaves its end out, the rule's window does not.
    within = f"INTERVAL '{WITHIN_MS // 1000}.001' SECOND(3)"
    query = f"""SELECT session_id FROM clicks MATCH_RECOGNIZE (
  PARTITION BY session_id ORDER BY moment MEASURES c.event_id AS event_id AFTER MATCH SKIP PAST LAST ROW
  PATTERN ({_PATTERN} c) WITHIN {within}
  DEFINE {_DEFINE}, c AS c.kind = 'coupon_attempt')"""  # noqa: S608 - made of constants
    with table.execute_sql(query).collect() as rows:
        for row in rows:
            print(row[0], flush=True)  # noqa: T201 - what it is run for


if __name__ == "__main__":
    main()
