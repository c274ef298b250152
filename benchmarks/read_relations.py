"""Who is named with an entity, the 20 strongest of a day, from sqlite or kuzu; runs in the benchmark's own environment.

python -m benchmarks.read_relations sqlite|kuzu DIRECTORY FACTS SECONDS    prints questions a second

Both get the edges by the hour, for a day that begins at a full hour: a little less than what our window of a day at any
minute adds up. They are asked in process, one question after the other, entities by Zipf's law.
"""

from __future__ import annotations

import csv
import sqlite3
import sys
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import numpy as np

from benchmarks.read_graph import DAY_MS, END_MS, Size, Sums, edges, generate, zipf_weights
from benchmarks.read_names import ENTITIES, entity_id
from udfs.changelog import Grain

Ask = Callable[[str], list[object]]
DRAWS = 20_000
_DAY = {"id": "", "since": END_MS - DAY_MS, "until": END_MS}
_SQL = """
  SELECT other, SUM(articles), SUM(weight) AS heavy, SUM(weighted) FROM edge
  WHERE entity = $id AND start >= $since AND start < $until
  GROUP BY other ORDER BY heavy DESC, other LIMIT 20
"""
_CYPHER = """
  MATCH (a:Entity {id: $id})-[e:Edge]-(b:Entity) WHERE e.start >= $since AND e.start < $until
  RETURN b.id, SUM(e.articles), SUM(e.weight) AS heavy, SUM(e.weighted) ORDER BY heavy DESC, b.id LIMIT 20
"""


def sqlite(directory: Path, found: Sums) -> Ask:
    """One table by entity and start, from both ends as ours."""
    database = sqlite3.connect(directory / "edges.sqlite")
    columns = "entity TEXT, start INT, other TEXT, articles INT, weight INT, weighted INT"
    database.execute(f"CREATE TABLE edge ({columns}, PRIMARY KEY (entity, start, other)) WITHOUT ROWID")
    rows = ((entity_id(a), entity_id(b), start, sums) for a, b, start, sums in found.rows())
    both = ((one, start, other, *sums) for a, b, start, sums in rows for one, other in ((a, b), (b, a)))
    database.executemany("INSERT INTO edge VALUES (?, ?, ?, ?, ?, ?)", sorted(both))
    database.commit()
    return lambda entity: database.execute(_SQL, {**_DAY, "id": entity}).fetchall()


def kuzu(directory: Path, found: Sums) -> Ask:
    """Nodes and undirected edges, one thread."""
    import kuzu as engine  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415 - not in the run-time environment

    nodes, rels = directory / "nodes.csv", directory / "edges.csv"
    with nodes.open("w") as file:
        file.writelines(f"{entity_id(number)}\n" for number in range(ENTITIES))
    with rels.open("w", newline="") as file:
        rows = ((entity_id(a), entity_id(b), start, *sums) for a, b, start, sums in found.rows())
        csv.writer(file).writerows(rows)
    connection = engine.Connection(engine.Database(str(directory / "kuzu")), num_threads=1)
    connection.execute("CREATE NODE TABLE Entity(id STRING, PRIMARY KEY (id))")
    sums = "start INT64, articles INT64, weight INT64, weighted INT64"
    connection.execute(f"CREATE REL TABLE Edge(FROM Entity TO Entity, {sums})")
    connection.execute(f"COPY Entity FROM '{nodes}' (header=false)")
    connection.execute(f"COPY Edge FROM '{rels}' (header=false)")
    prepared = connection.prepare(_CYPHER)
    return lambda entity: connection.execute(prepared, {**_DAY, "id": entity}).get_all()


def rate(ask: Ask, seconds: float) -> float:
    """Questions a second."""
    drawn = np.random.default_rng(1).choice(ENTITIES, DRAWS, p=zipf_weights(ENTITIES))
    entities = cycle([entity_id(int(number)) for number in drawn])
    count, begun_s = 0, time.perf_counter()
    while (elapsed_s := time.perf_counter() - begun_s) < seconds:
        ask(next(entities))
        count += 1
    return count / elapsed_s


def main() -> None:
    """One contender."""
    name, directory, facts, seconds = sys.argv[1:]
    found = edges(generate(Size(int(facts))), Grain.HOUR)
    print(rate({"sqlite": sqlite, "kuzu": kuzu}[name](Path(directory), found), float(seconds)))


if __name__ == "__main__":
    main()
