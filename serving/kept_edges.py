"""The neighbours that a process keeps: sums of edges by entity and standard window, and the answers made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from serving import keyspace
from serving.changes import EdgeChange
from serving.edge_sums import EdgeSums
from serving.fragments import Present
from serving.generations import Generations
from serving.subjects import find_node
from serving.views import View
from serving.window_rows import SUFFIX_BYTES
from serving.windows import Window
from udfs.changelog import NodeRow

NOTHING: Mapping[int, EdgeSums] = {}
ADJACENT_MAX = 10_000
NODES_MAX = 50_000


class KeptEdges:
    """`young` is for any thread, sums by window in ms, by entity; all else is for who holds the store's lock."""

    def __init__(self, weight_max: int) -> None:
        self._entities: Generations[str, Mapping[int, EdgeSums]] = Generations(weight_max)
        self._nodes: dict[str, NodeRow] = {}

    @property
    def young(self) -> Mapping[str, Mapping[int, EdgeSums]]:
        """What was used of late."""
        return self._entities.young

    def sums(self, view: View, entity: str, window_ms: int, now: Present) -> EdgeSums | None:
        """Those of the window that ends now; None for an entity that the graph does not know."""
        held = self._entities.use(entity) or NOTHING
        sums, window = held.get(window_ms), Window(now.end_ms, window_ms)
        if sums is not None and (sums.window == window or sums.move(window)):
            return sums
        if sums is None and find_node(view, entity) is None:
            return None
        sums = EdgeSums(view, entity, window)
        held = {**held, window_ms: sums}
        self._entities.put(entity, held, sum(len(one.edges) + 1 for one in held.values()))
        return sums

    def name(self, view: View, entity: str) -> NodeRow | None:
        """A node that may stand in many answers."""
        node = self._nodes.get(entity)
        if node is None:
            node = find_node(view, entity)
            if node is not None:
                if len(self._nodes) >= NODES_MAX:
                    self._nodes.clear()
                self._nodes[entity] = node
        return node

    def change(self, change: EdgeChange) -> None:
        """Adds what was added to an edge."""
        for one, other in ((change.a, change.b), (change.b, change.a)):
            for sums in self._held(one):
                sums.change(other, change)

    def rename(self, view: View, node: str) -> None:
        """A node is another one: the answers in which it stands, or should stand, are made again."""
        prefix = keyspace.edge_prefix(node)
        keys = [key for key, _ in islice(view.scan_prefix(prefix), ADJACENT_MAX)]
        if len(keys) == ADJACENT_MAX:
            self.clear()
        self._nodes.pop(node, None)
        self._entities.drop(node)  # It may be there no more.
        for entity in {key[len(prefix) + SUFFIX_BYTES :].decode() for key in keys}:
            for sums in self._held(entity):
                sums.forget_answers()

    def clear(self) -> None:
        """Forgets all."""
        self._entities.clear()
        self._nodes.clear()

    def _held(self, entity: str) -> Iterator[EdgeSums]:
        held = self._entities.peek(entity)
        return iter(held.values() if held else ())


def kept_sums(edges: KeptEdges, entity: str, window_ms: int) -> EdgeSums | None:
    """What was summed before; its window may have moved since."""
    return edges.young.get(entity, NOTHING).get(window_ms)
