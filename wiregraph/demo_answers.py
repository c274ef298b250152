"""What the demo asks the running system: counts, scores, facts and alerts over gRPC, dead letters from Kafka."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import grpc
from google.protobuf.duration_pb2 import Duration

from wiregraph.dead_letters import read_letters
from wiregraph.demo_records import AlertLine, AlertNews, Progress, TopEntity
from wiregraph.errors import Failure
from wiregraph.generator_records import Sign
from wiregraph.truth import ServedFact
from wiregraph.truth_alerts import ServedAlert
from wiregraph.v1 import fraud_pb2
from wiregraph.v1 import graph_pb2 as pb
from wiregraph.v1.services_pb2_grpc import FraudStub, GraphStub

WHOLE_WINDOW = Duration(seconds=366 * 24 * 3_600)
"""Longer than any generated stream, and than most wires."""
DEADLINE_S = 20.0

Answer = TypeVar("Answer")


class Answers:
    """A client of the server; every method raises Failure where the server does not answer."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._graph = GraphStub(channel)
        self._fraud = FraudStub(channel)

    def progress(self) -> Progress:
        """The counts so far."""
        status: pb.GetStatusResponse = self._ask(self._graph.GetStatus, pb.GetStatusRequest())
        counts = status.counts
        return Progress(
            articles=counts.articles,
            empty=counts.empty,
            duplicates=counts.duplicates,
            dead_letters=counts.dead_letters,
            late=counts.late,
            entities=status.entities,
            facts=status.facts,
            latest_event_ms=status.latest_event.ToMilliseconds(),
            lag=status.lag,
        )

    def top(self, window_h: int, limit: int) -> tuple[TopEntity, ...]:
        """The entities with most articles in the last hours of event time."""
        return tuple(map(_top_entity, self._listed(Duration(seconds=window_h * 3_600), limit)))

    def top_of_all(self, limit: int) -> tuple[TopEntity, ...]:
        """The entities with most articles in the last year of event time."""
        return tuple(map(_top_entity, self._listed(WHOLE_WINDOW, limit)))

    def facts(self) -> frozenset[ServedFact]:
        """Every fact that is served."""
        entities = self._listed(WHOLE_WINDOW, 0)
        return frozenset(fact for entity in entities for fact in self._facts_of(entity.entity_id))

    def alerts(self) -> tuple[ServedAlert, ...]:
        """Every alert that is served."""
        return tuple(map(_served_alert, self._alerts()))

    def alert_news(self, limit: int) -> AlertNews:
        """The latest alerts, and how many there are."""
        found = self._alerts()
        return AlertNews(len(found), tuple(map(_alert_line, found[:limit])))

    def _alerts(self) -> list[fraud_pb2.Alert]:
        request = fraud_pb2.ListAlertsRequest()
        found: list[fraud_pb2.Alert] = []
        while True:
            page: fraud_pb2.ListAlertsResponse = self._ask(self._fraud.ListAlerts, request)
            found += page.alerts
            request.page_token = page.next_page_token
            if not request.page_token:
                return found

    def _listed(self, window: Duration, limit: int) -> list[pb.EntityScore]:
        request = pb.ListTopRequest(window=window, limit=limit)
        answer: pb.ListTopResponse = self._ask(self._graph.ListTop, request)
        return list(answer.entities)

    def _facts_of(self, entity_id: str) -> Iterator[ServedFact]:
        page_token = ""
        while True:
            request = pb.ListMentionsRequest(entity_id=entity_id, window=WHOLE_WINDOW, page_token=page_token)
            page: pb.ListMentionsResponse = self._ask(self._graph.ListMentions, request)
            for mention in page.mentions:
                yield ServedFact(mention.topic, mention.article_id, mention.entity_id, Sign(mention.polarity))
            page_token = page.next_page_token
            if not page_token:
                return

    def _ask(self, method: Callable[..., Answer], request: object) -> Answer:
        try:
            return method(request, timeout=DEADLINE_S, wait_for_ready=True)
        except grpc.RpcError as error:
            detail = error.details() if isinstance(error, grpc.Call) else error  # type: ignore[no-untyped-call] # grpc has no types
            raise Failure(f"the server does not answer: {detail} (see logs/server.log of the demo)") from error


@contextmanager
def connect(address: str) -> Iterator[Answers]:
    """A client of the server at HOST:PORT."""
    with grpc.insecure_channel(address) as channel:
        yield Answers(channel)


def _top_entity(score: pb.EntityScore) -> TopEntity:
    return TopEntity(
        entity_id=score.entity_id,
        name=score.name or score.entity_id,
        type=score.type,
        articles=score.articles,
        sentiment=score.sentiment if score.HasField("sentiment") else None,
        positive=score.positive,
        neutral=score.neutral,
        negative=score.negative,
    )


def _served_alert(alert: fraud_pb2.Alert) -> ServedAlert:
    return ServedAlert(alert.alert_id, alert.rule, alert.session_id, alert.state, tuple(alert.evidence))


def _alert_line(alert: fraud_pb2.Alert) -> AlertLine:
    return AlertLine(alert.event_time.ToMilliseconds(), alert.rule, alert.state, alert.session_id, alert.why)


def dead_letters_by_reason(bootstrap: str) -> dict[str, int]:
    """How many distinct records were refused for each reason."""
    return dict(Counter(letter.reason for letter in read_letters({"bootstrap_servers": bootstrap})))
