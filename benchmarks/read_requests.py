"""What a server is asked: calls that are serialized before the clock runs, entities drawn by one seed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np
from google.protobuf.duration_pb2 import Duration

from benchmarks.read_feast_repo import COUNTS, MEASURES, VIEW
from benchmarks.read_graph import DAY_MS, DAYS, END_MS, zipf_weights
from benchmarks.read_http import HttpConnection, post
from benchmarks.read_names import ENTITIES, entity_id
from benchmarks.read_wire import Connection, Request, request
from wiregraph.v1 import graph_pb2 as pb

UNARY, BATCHED, NEIGHBORS = "GetEntity", "BatchGetEntities", "GetNeighbors"
FEAST = "/get-online-features"
BATCH = 100
TOP = 20
_SERVICE = "/wiregraph.v1.Graph/"
MINUTE_MS = 60_000
DAYS_BACK = DAYS - 8
"""So that a week lies in the graph."""
_DRAWS = 20_000
_BATCHES = 400


@dataclass(frozen=True, slots=True)
class Load:
    """`call` is one of the above; `rate` in calls/s, 0 for as many as are answered.

    `draw` is zipf or uniform over so many entities, of which each call names `batch` different ones; a `window_s` of 0
    is the server's default, a day. connections x streams calls are under way without a rate. With `past` each call asks
    for a random minute of the generated weeks, else for now. With a `ca`, a file, it asks over TLS.
    """

    address: str
    call: str
    seconds: float
    rate: float = 0.0
    batch: int = 1
    warm_s: float = 1.0
    draw: str = "zipf"
    entities: int = ENTITIES
    window_s: int = 0
    connections: int = 4
    streams: int = 4
    seed: int = 1
    ages: bool = False
    ca: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    past: bool = False


def connect(load: Load) -> Connection | HttpConnection:
    """By what the server speaks."""
    return HttpConnection(load.address) if load.call == FEAST else Connection(load.address, load.ca)


def requests(load: Load) -> list[Request] | list[bytes]:
    """Ready to be sent, in a random order."""
    rng = np.random.default_rng(load.seed)
    weights = zipf_weights(load.entities) if load.draw == "zipf" else None
    if load.batch > 1:
        drawn = [rng.choice(load.entities, load.batch, replace=False, p=weights) for _ in range(_BATCHES)]
    else:
        drawn = list(rng.choice(load.entities, (_DRAWS, 1), p=weights))
    named = [[entity_id(int(one)) for one in numbers] for numbers in drawn]
    if load.call == FEAST:
        return [post(load.address, FEAST, _feast(ids)) for ids in named]
    minutes = rng.integers(-DAYS_BACK * DAY_MS // MINUTE_MS, 0, len(named)).tolist()
    messages = [_message(load, ids) for ids in named]
    for message, minute in zip(messages, minutes, strict=True):
        if load.past:
            message.as_of.FromMilliseconds(END_MS + minute * MINUTE_MS)
    method, metadata = _SERVICE + load.call, load.metadata
    return [request(load.address, method, message.SerializeToString(), metadata) for message in messages]


def _feast(ids: list[str]) -> bytes:
    features = [f"{VIEW}:{name}" for name in (*COUNTS, *MEASURES)]
    return json.dumps({"features": features, "entities": {"entity": ids}}).encode()


def _message(load: Load, ids: list[str]) -> pb.GetEntityRequest | pb.BatchGetEntitiesRequest | pb.GetNeighborsRequest:
    window = Duration(seconds=load.window_s) if load.window_s else None
    if load.call == BATCHED:
        return pb.BatchGetEntitiesRequest(entity_ids=ids, window=window)
    if load.call == NEIGHBORS:
        return pb.GetNeighborsRequest(entity_id=ids[0], window=window, limit=TOP)
    return pb.GetEntityRequest(entity_id=ids[0], window=window)
