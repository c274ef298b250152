"""The scores of all entities as features of Feast, online in sqlite; runs in Feast's own environment.

python -m benchmarks.read_feast_repo DIRECTORY ENTITIES    makes a repository that `feast serve` answers from
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.read_names import entity_id

COUNTS = ("mentions", "articles", "positive", "neutral", "negative")
MEASURES = ("sentiment", "sentiment_stddev", "relevance", "volume_zscore")
VIEW = "scores"
CONFIG = """
project: bench
provider: local
registry: registry.db
online_store: {type: sqlite, path: online.db}
entity_key_serialization_version: 3
"""


def make(directory: Path, ids: list[str]) -> None:
    """One row an entity; the values are of no matter, their number is that of a score's."""
    import pandas as pd  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415 - only there
    from feast import (  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415 - only there
        Entity,
        FeatureStore,
        FeatureView,
        Field,
        FileSource,
    )
    from feast.types import Float64, Int64  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415 - only there

    (directory / "feature_store.yaml").write_text(CONFIG, "utf-8")
    rows: dict[str, Any] = {"entity": ids, "event_timestamp": [datetime.now(UTC)] * len(ids)}
    rows |= {name: list(range(len(ids))) for name in COUNTS}
    rows |= {name: [number / len(ids) for number in range(len(ids))] for name in MEASURES}
    frame = pd.DataFrame(rows)
    frame.head(10).to_parquet(directory / "rows.parquet")
    entity = Entity(name="entity", join_keys=["entity"])
    source = FileSource(path=str(directory / "rows.parquet"), timestamp_field="event_timestamp")
    schema = [
        *(Field(name=name, dtype=Int64) for name in COUNTS),
        *(Field(name=one, dtype=Float64) for one in MEASURES),
    ]
    view = FeatureView(name=VIEW, entities=[entity], ttl=timedelta(days=3_650), schema=schema, source=source)
    store = FeatureStore(repo_path=str(directory))
    store.apply([entity, view])
    store.write_to_online_store(VIEW, frame)


def main() -> None:
    """Make it."""
    make(Path(sys.argv[1]), [entity_id(number) for number in range(int(sys.argv[2]))])


if __name__ == "__main__":
    main()
