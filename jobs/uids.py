"""The registry of job names, operator uids, table names and consumer groups.

A uid names an operator's state in savepoints: once released it never changes.
"""

NEWS_GRAPH = "news-graph"

KEY_BY_PARTITION = "key-by-partition"
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


def consumer_group(job: str, graph: str) -> str:
    """The group under which a job commits what its checkpoints cover; the applier reads it."""
    return f"wiregraph-{job}.{graph}" if graph else f"wiregraph-{job}"
