"""The registry of operator uids and table names.

A uid names an operator's state in savepoints: once released it never changes.
"""

READ_ARTICLE = "read-article"

ARTICLES = "articles"
READINGS = "readings"
FACTS = "facts"
BUCKETS = "buckets"
EDGES = "edges"
NODES = "nodes"
COUNTS = "counts"
DEAD_LETTERS = "dead_letters"
LATE = "late"

BATCH_CLICKS = "batch-clicks"
BATCH_MATCHES = "batch-matches"
DECIDE_CLICKS = "decide-clicks"
DECIDE_ACROSS = "decide-across"

CLICKS = "clicks"
CONTROL = "control"
DECISIONS = "decisions"
RATES = "rates"
ALERTS = "alerts"
MATCHES = "matches"

RULES_STATE = "rules"
CHUNKS_STATE = "chunks"
WATERMARK_STATE = "watermark"
