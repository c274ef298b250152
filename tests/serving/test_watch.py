import grpc

from tests.oracles.graph import Article, Said
from tests.serving.filling import fill_store
from tests.serving.running import ARTICLES, T0, Running, status_of, until
from wiregraph.v1 import graph_pb2


def test_watch_sends_at_once_and_on_change(running: Running) -> None:
    stream = running.graph.WatchEntities(graph_pb2.WatchEntitiesRequest(entity_ids=["org:b", "org:x", "org:a"]))
    assert [(score.entity_id, score.articles) for score in (next(stream), next(stream))] == [("org:b", 1), ("org:a", 2)]
    more = Article("more", T0, T0, (Said("org:b", 1, 1), Said("org:x", 1, 1)))
    fill_store(running.store / "live", [*ARTICLES, more])
    # What did not change, org:a, is not sent again.
    assert {(score.entity_id, score.articles) for score in (next(stream), next(stream))} == {("org:b", 2), ("org:x", 1)}
    stream.cancel()


def test_streams_are_bounded_and_end_with_their_clients(running: Running) -> None:
    def open_stream() -> grpc.Call:
        stream = running.graph.WatchEntities(graph_pb2.WatchEntitiesRequest(entity_ids=["org:a"]))
        next(stream)
        opened: grpc.Call = stream
        return opened

    streams = [open_stream(), open_stream()]
    code, _ = status_of(open_stream)
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    streams[0].cancel()

    def opens() -> bool:
        try:
            open_stream()
        except grpc.RpcError:
            return False
        return True

    until(opens)
