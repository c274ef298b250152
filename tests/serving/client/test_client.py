"""Both clients against a server in this process, over what a test filled."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import grpc
import pytest

from serving.client import (
    AnswerError,
    AsyncClient,
    Backoff,
    Client,
    GraphChangedError,
    UnavailableError,
    UnknownError,
)
from serving.progress import Progress
from serving.store import move_aside
from tests.oracles.alerts import make_alert
from tests.oracles.graph import Article, Said
from tests.serving.filling import fill_store
from tests.serving.fraud_events import apply_events
from tests.serving.running import ARTICLES, END, T0, Running, until

NOBODY = "127.0.0.1:1"


def moment(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1_000, UTC)


@pytest.fixture
def client(running: Running) -> Iterator[Client]:
    apply_events(running.store / "live", [make_alert("a1"), make_alert("a2")], Progress("topic", {}))
    with Client(f"127.0.0.1:{running.server.port}") as client:
        until(lambda: len(client.alerts()) == 2)
        yield client


def test_each_reading_call(client: Client) -> None:
    score = client.get("org:a", window="1h")
    assert (score.name, score.articles, score.window, score.as_of) == ("A", 2, timedelta(hours=1), moment(END))
    assert (score.volume_zscore, score.watermark) == (None, moment(1_000))
    assert score.sentiment == pytest.approx(0.35)
    assert [one.entity_id for one in client.batch(["org:b", "org:x", "org:a"])] == ["org:b", "org:a"]
    series = client.series("org:a", step=timedelta(minutes=1), start=T0 - 60_000, end=moment(END))
    assert [point.articles for point in series] == [0, 1, 1]
    assert [(one.entity_id, one.weight) for one in client.neighbors("org:b", window="1h")] == [("org:a", 0.48)]
    assert [(one.neighbor.entity_id, one.hops, one.strength) for one in client.expand("org:b", window="1h")] == [
        ("org:a", 1, 0.48)
    ]
    path = client.path("org:b", "org:a", window="1h")
    assert ([one.entity_id for one in path.steps], path.strength, path.complete) == (["org:a"], 0.48, True)
    assert client.path("org:a", "org:late", window="1h").steps == ()
    assert [one.entity_id for one in client.top(window="1h", limit=2)] == ["org:a", "org:late"]
    assert [one.article_id for one in client.mentions("org:a", window="7d")] == ["two", "one"]
    assert client.resolve("late")[0].entity_id == "org:late"
    status = client.status()
    assert (status.counts.articles, status.facts, status.graph, status.watermark) == (3, 4, "live", moment(1_000))


def test_movers_are_a_frame_of_scores_and_what_was_before(client: Client) -> None:
    movers = client.movers(window="1m", as_of=END)
    (mover,) = movers
    assert (mover.score.entity_id, mover.score.articles, mover.articles_before) == ("org:a", 1, 1)
    assert mover.sentiment_change == pytest.approx((mover.score.sentiment or 0) - (mover.sentiment_before or 0))
    frame = movers.to_pandas()
    assert frame.loc[0, ["entity_id", "articles", "articles_before"]].tolist() == ["org:a", 1, 1]
    assert str(frame["sentiment_change"].dtype) == "float64"


def test_what_a_score_is_made_of(client: Client) -> None:
    assert client.get("org:a", window="1h").details is None
    score = client.get("org:a", window="1h", details=True)
    assert score.novelty == 0.5
    assert score.details is not None
    assert (score.details.volume_12h, score.details.volume_7d) == (2, 2)
    assert [(one.name, one.articles) for one in score.details.sources] == [("wire", 2)]
    assert [(one.entity_id, one.kind, one.weight) for one in score.details.related] == [("org:b", "Markets", 0.48)]


def test_what_came_before_a_mention(client: Client) -> None:
    two, one = client.mentions("org:a", window="1h")
    assert (two.similar_24h, two.similar_to, two.similarity_key, two.similarity) == (1, "news/one", "news/one", 1.0)
    assert two.days_since_similar == pytest.approx(90 / 86_400)
    assert (one.similar_7d, one.similar_to, one.similarity_key, one.similarity) == (0, "", "news/one", None)
    assert (two.volume_12h, one.volume_7d) == (1, 0)
    assert (one.negative, one.neutral, one.positive, one.event_topic) == (0.1, 0.6, 0.3, "Markets")
    assert [(other.entity_id, other.weight) for other in one.related] == [("org:b", 0.48)]


def test_pages_are_one_list(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.client.calls.PAGE_MAX", 1)
    assert [one.article_id for one in client.mentions("org:a")] == ["two", "one"]
    assert [one.article_id for one in client.mentions("org:a", limit=1)] == ["two"]
    assert sorted(one.alert_id for one in client.alerts()) == ["a1", "a2"]


def test_alerts(client: Client) -> None:
    alert = client.alert("a1")
    assert (alert.state, alert.review, alert.window, alert.features) == (
        "open",
        None,
        timedelta(minutes=2),
        {"views": 1},
    )
    assert alert.events[-1].kind == "coupon_attempt"
    assert {one.alert_id for one in client.alerts(state="open", start="1970-01-01")} == {"a1", "a2"}
    stream = client.watch_alerts()
    assert {next(stream).alert_id, next(stream).alert_id} == {"a1", "a2"}


def test_errors_say_what_was_wrong(client: Client) -> None:
    with pytest.raises(UnknownError, match="org:x"):
        client.get("org:x")
    with pytest.raises(AnswerError, match="window: must be between") as raised:
        client.get("org:a", window="9999d")
    assert raised.value.code is grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(UnknownError, match="no alert"):
        client.review("x", "fraud", "ann")
    with pytest.raises(AnswerError, match="subject"):
        client.erase("nobody")
    for argument in ("1 hour", "0h", "h"):
        with pytest.raises(ValueError, match="no window"):
            client.get("org:a", window=argument)
    with pytest.raises(ValueError, match="no zone"):
        client.get("org:a", as_of=datetime(2008, 9, 15))  # noqa: DTZ001 - it has none on purpose


def test_nobody_there_is_said_once_the_deadline_has_passed() -> None:
    with Client(NOBODY, deadline_s=0.3) as client:
        for call in (client.status, lambda: next(client.watch(["org:a"]))):
            with pytest.raises(UnavailableError):
                call()


def test_answers_only_go_forward_and_a_new_graph_is_told(client: Client, running: Running) -> None:
    before = client.status()
    move_aside(running.store / "live", 1)
    other = Progress("another", {}, watermark_ms=1_000)
    apply_events(running.store / "live", [], other)
    fill_store(running.store / "live", ARTICLES[:1])
    with pytest.raises(GraphChangedError):  # Until the server has noticed, the old one answers.
        until(lambda: client.status().facts != before.facts)
    until(lambda: client.status().facts == 2)


def test_watch_goes_on_over_changes(client: Client, running: Running) -> None:
    stream = client.watch(["org:a", "org:b"], window="1h")
    assert [(score.entity_id, score.articles) for score in (next(stream), next(stream))] == [("org:a", 2), ("org:b", 1)]
    fill_store(running.store / "live", [*ARTICLES, Article("more", T0, T0, (Said("org:b", 1, 1),))])
    score = next(stream)
    assert (score.entity_id, score.articles) == ("org:b", 2)


async def all_of_asyncio(address: str) -> tuple[int, set[int], list[int], int]:
    async with AsyncClient(address, backoff=Backoff(0.01)) as client:
        stream = client.watch(["org:a"])
        first = await anext(stream)
        scores = await asyncio.gather(*(client.get("org:a") for _ in range(20)))
        mentions = await client.mentions("org:a", limit=1)
        listed = [len(mentions), len(await client.series("org:a", step="1h")), len(await client.top())]
        with pytest.raises(UnknownError):
            await client.get("org:x")
        alerts = await client.alerts()
        return first.articles, {one.articles for one in scores}, listed, len(alerts)


def test_asyncio(client: Client, running: Running) -> None:
    assert client.status()
    found = asyncio.run(all_of_asyncio(f"127.0.0.1:{running.server.port}"))
    assert found == (2, {2}, [1, 24, 3], 2)


async def nobody() -> None:
    async with AsyncClient(NOBODY, deadline_s=0.3) as client:
        with pytest.raises(UnavailableError):
            await client.status()
        with pytest.raises(UnavailableError):
            await anext(client.watch(["org:a"]))


def test_nobody_there_for_asyncio() -> None:
    asyncio.run(nobody())


def test_both_clients_have_the_same_calls() -> None:
    def public(kind: type) -> dict[str, object]:
        methods: dict[str, Callable[..., object]] = {
            name: method for name, method in vars(kind).items() if not name.startswith("_")
        }
        return {name: {**method.__annotations__, "return": None} for name, method in methods.items()}

    assert public(Client) == public(AsyncClient)
    assert [method.__doc__ for method in vars(Client).values() if callable(method) and method.__doc__][1:] == [
        method.__doc__ for method in vars(AsyncClient).values() if callable(method) and method.__doc__
    ][1:]


def test_importing_it_needs_no_pandas_and_no_store() -> None:
    code = "import sys, serving.client; print({'pandas', 'numpy', 'rocksdict', 'kafka'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("address", ["", "localhost", ":50051", "localhost:http"])
def test_an_address_that_is_none_is_refused_at_once(address: str) -> None:
    with pytest.raises(ValueError, match="is not HOST:PORT"):
        Client(address)
