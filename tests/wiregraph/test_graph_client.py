"""What commands tell people of a real server's answers."""

import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.serving.filling import fill_store
from tests.serving.running import ARTICLES, END, HOUR, Running, answers, stamp, until
from tests.serving.server_process import Process
from wiregraph.errors import Failure, UsageError
from wiregraph.graph_client import (
    AmbiguousNameError,
    call,
    connected,
    find_entity,
    follow,
    pages,
    parse_window,
    sector_id,
    span,
)
from wiregraph.stack import Stack, save_stack
from wiregraph.v1 import graph_pb2


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    fill_store(tmp_path / "store" / "live", ARTICLES)
    running = Running(tmp_path / "store")
    until(running.serves)
    save_stack(tmp_path, Stack(grpc_port=running.server.port))
    yield tmp_path
    running.close()


@pytest.mark.parametrize(
    ("text", "minutes"), [("5m", 5), ("1h", 60), ("24h", 1_440), ("7d", 10_080), (" 7d ", 10_080), ("1m", 1)]
)
def test_windows(text: str, minutes: int) -> None:
    assert parse_window(text).seconds == 60 * minutes


@pytest.mark.parametrize("text", ["", "5", "0m", "-1h", "-5m", "5s", "1.5h", "1w", "m", "٥m"])
def test_what_is_no_window(text: str) -> None:
    with pytest.raises(UsageError, match="such as 5m, 24h or 7d"):
        parse_window(text)


def test_a_window_longer_than_any_is_too_long() -> None:
    with pytest.raises(UsageError, match="too long"):
        parse_window("9999999999d")


def test_what_a_person_typed_is_shown_in_one_line(directory: Path) -> None:
    with connected(directory) as stub, pytest.raises(Failure) as found:
        find_entity(stub, "x" * 1_000, "")
    assert len(str(found.value)) < 200


def test_a_span_is_what_requests_are_made_of() -> None:
    asked = span("1h", "1970-01-01T00:00:01.5Z", None, "old")
    request = graph_pb2.ListTopRequest(**asked.fields())
    assert (request.as_of, request.graph, request.HasField("known_at")) == (
        Timestamp(seconds=1, nanos=500_000_000),
        "old",
        False,
    )


@pytest.mark.parametrize(
    ("words", "found"),
    [(None, ""), ("", ""), ("sector:energy", "sector:energy"), ("Real Estate", "sector:real-estate")],
)
def test_a_sector_by_its_id_or_name(words: str | None, found: str) -> None:
    assert sector_id(words) == found


def test_an_answer_that_is_an_error_is_one_line_that_says_what_to_do(directory: Path) -> None:
    with pytest.raises(Failure, match=r"wiregraph resolve"), connected(directory) as stub:
        call(stub.GetEntity, graph_pb2.GetEntityRequest(entity_id="org:nobody"))
    with pytest.raises(UsageError, match="entity_id: must not be empty"), connected(directory) as stub:
        call(stub.GetEntity, graph_pb2.GetEntityRequest())
    with pytest.raises(UsageError, match="there is no graph 'nobody'"), connected(directory) as stub:
        call(stub.GetStatus, graph_pb2.GetStatusRequest(graph="nobody"))


def test_without_a_server_it_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="no stack in"), connected(tmp_path):
        pass
    save_stack(tmp_path, Stack(grpc_port=1))
    with pytest.raises(Failure, match=r"no server at 127\.0\.0\.1:1"), connected(tmp_path) as stub:
        call(stub.GetStatus, graph_pb2.GetStatusRequest())


def test_a_name_means_who_the_graph_has_heard_of(directory: Path) -> None:
    with connected(directory) as stub:
        assert find_entity(stub, "org:never-seen", "") == "org:never-seen"
        assert find_entity(stub, "Late", "") == "org:late"
        with pytest.raises(Failure, match="nothing is called"):
            find_entity(stub, "qqqq zzzz", "")
        with pytest.raises(UsageError, match="must not be empty"):
            find_entity(stub, " ", "")


def test_pages_are_one_list_of_at_most_so_many(directory: Path) -> None:
    request = graph_pb2.ListMentionsRequest(entity_id="org:a", as_of=stamp(END))
    with connected(directory) as stub:
        assert len(pages(stub, request, None).mentions) == 2
        request.page_token = ""
        one = pages(stub, request, 1)
    assert len(one.mentions) == 1
    assert one.HasField("applied_at")


def test_a_name_of_several_names_them_all() -> None:
    candidates = [graph_pb2.Candidate(entity_id=f"org:{letter}") for letter in "ab"]
    error = AmbiguousNameError("x", candidates)
    assert (str(error), error.candidates) == ("'x' may mean org:a, org:b: ask for one of these ids", candidates)


def test_a_stream_goes_on_with_a_server_that_comes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill_store(tmp_path / "store" / "live", ARTICLES)
    process = Process(tmp_path / "store")
    save_stack(tmp_path, Stack(grpc_port=process.port))
    request = graph_pb2.WatchEntitiesRequest(entity_ids=["org:a"], window=HOUR)
    with connected(tmp_path) as stub:
        until(lambda: answers(lambda: call(stub.GetStatus, graph_pb2.GetStatusRequest())))
        scores = follow(stub.WatchEntities, request)
        first = next(scores)
        process.end(signal.SIGKILL)
        back = Timer(2.5, process.again)
        back.start()
        assert next(scores).mentions == first.mentions > 0
        assert capsys.readouterr().err.count("went away") == 1
        assert process.end(signal.SIGTERM) == 0
        assert list(scores) == []
    with pytest.raises(Failure, match="no server"), connected(tmp_path) as stub:
        next(follow(stub.WatchEntities, request))  # It has never answered.
