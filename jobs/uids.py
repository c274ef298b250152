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
