"""`wiregraph alerts | alert ID | review ALERT | erase SUBJECT`: what the click job found, and what people say of it."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from serving.erasures import is_subject
from wiregraph import render, render_alerts
from wiregraph.errors import UsageError
from wiregraph.graph_client import call, channel_of, follow, timestamp
from wiregraph.options import DEFAULT_DIR, DirOption, JsonOption
from wiregraph.pseudonym_key import stack_pseudonyms
from wiregraph.v1 import fraud_pb2
from wiregraph.v1.services_pb2_grpc import AdminStub, FraudStub

PAGE = 1_000
USER = "user:"
STDIN = "-"

AlertArgument = Annotated[str, typer.Argument(metavar="ALERT", help="An alert's id, as `wiregraph alerts` shows it.")]
OpenOption = Annotated[bool, typer.Option("--open", help="Only those that nobody has reviewed and none withdrawn.")]
RuleOption = Annotated[str, typer.Option("--rule", help="Only those of this rule.")]
SessionOption = Annotated[str, typer.Option("--session", help="Only those of this session.")]
FromOption = Annotated[str | None, typer.Option("--from", help="Only those with an event from this time on.")]
ToOption = Annotated[str | None, typer.Option("--to", help="Only those with an event before this time.")]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many, the newest; by default all.")]
WatchOption = Annotated[bool, typer.Option("--watch", help="Show the open ones, then each that changes, until Ctrl-C.")]
SubjectArgument = Annotated[
    str,
    typer.Argument(
        metavar="SUBJECT",
        help="An entity's id, session:ID, user:ID (made a pseudonym here, never sent) or u:HEX; - reads it from stdin.",
    ),
]


class VerdictOption(StrEnum):
    """What a reviewer may say."""

    FRAUD = "fraud"
    OK = "ok"


def alerts(  # noqa: PLR0913 - a command's options are its arguments
    *,
    only_open: OpenOption = False,
    rule: RuleOption = "",
    session: SessionOption = "",
    start: FromOption = None,
    end: ToOption = None,
    limit: LimitOption = None,
    watch: WatchOption = False,
    directory: DirOption = DEFAULT_DIR,
    json: JsonOption = False,
) -> None:
    """List the alerts, newest event first; --watch follows them, with --json one object a line."""
    request = fraud_pb2.ListAlertsRequest(state="open" if only_open else "", rule=rule, session_id=session)
    first, last = timestamp(start), timestamp(end)
    if first is not None:
        getattr(request, "from").CopyFrom(first)  # A keyword of Python.
    if last is not None:
        request.to.CopyFrom(last)
    with channel_of(directory) as channel:
        stub = FraudStub(channel)
        if watch:
            _watch(stub, request, json=json)
            return
        answer = all_alerts(stub, request, limit)
    if json:
        render.print_json(render.listed(answer))
    else:
        console = render.console()
        console.print(render_alerts.alerts_table(answer.alerts))
        render.footer(console, answer.watermark, answer.applied_at)


def all_alerts(
    stub: FraudStub, request: fraud_pb2.ListAlertsRequest, limit: int | None = None
) -> fraud_pb2.ListAlertsResponse:
    """All pages as one answer, at most `limit` alerts."""
    whole = fraud_pb2.ListAlertsResponse()
    while True:
        left = PAGE if limit is None else min(PAGE, limit - len(whole.alerts))
        request.limit = left
        page = call(stub.ListAlerts, request)
        whole.alerts.extend(page.alerts)
        request.page_token = page.next_page_token
        if not request.page_token or (limit is not None and len(whole.alerts) >= limit):
            whole.watermark.CopyFrom(page.watermark)
            whole.applied_at.CopyFrom(page.applied_at)
            return whole


def _watch(stub: FraudStub, asked: fraud_pb2.ListAlertsRequest, *, json: bool) -> None:
    if asked.session_id or asked.HasField("to") or asked.HasField("from"):
        raise UsageError("--watch follows all sessions from now on: leave --session, --from and --to out (see --help)")
    stream: Iterator[fraud_pb2.Alert] = follow(stub.WatchAlerts, fraud_pb2.WatchAlertsRequest(rule=asked.rule))
    console = render.console()
    shown: dict[str, fraud_pb2.Alert] = {}
    with suppress(KeyboardInterrupt):
        for alert in stream:
            if asked.state in {"", alert.state} and shown.get(alert.alert_id) != alert:
                _print_one(console, alert, json=json)
            shown[alert.alert_id] = alert


def _print_one(console: Console, alert: fraud_pb2.Alert, *, json: bool) -> None:
    if json:
        render.print_json(render.to_json(alert))
    else:
        console.print(render_alerts.alert_line(alert), soft_wrap=True)


def alert(alert_id: AlertArgument, directory: DirOption = DEFAULT_DIR, json: JsonOption = False) -> None:
    """Show an alert: why it was raised, the events and features it rests on, the rule's and the models' versions."""
    with channel_of(directory) as channel:
        found = call(FraudStub(channel).GetAlert, fraud_pb2.GetAlertRequest(alert_id=alert_id))
    if json:
        render.print_json(render.to_json(found))
    else:
        render_alerts.print_alert(render.console(), found)


def review(  # noqa: PLR0913 - a command's options are its arguments
    alert_id: AlertArgument,
    *,
    verdict: Annotated[VerdictOption, typer.Option(help="Whether it is fraud or all right.")],
    note: Annotated[str, typer.Option(help="What else there is to say.")] = "",
    by: Annotated[str, typer.Option(help="Who says so; by default who is logged in.")] = "",
    directory: DirOption = DEFAULT_DIR,
    json: JsonOption = False,
) -> None:
    """Say whether an alert is right; returns once Kafka has it. A later verdict of yours takes its place."""
    request = fraud_pb2.ReviewAlertRequest(alert_id=alert_id, verdict=verdict, by=by or getpass.getuser(), note=note)
    with channel_of(directory) as channel:
        reviewed = call(FraudStub(channel).ReviewAlert, request)
    if json:
        render.print_json(render.to_json(reviewed))
    else:
        typer.echo(f"{reviewed.alert_id}: {reviewed.review.verdict}, says {reviewed.review.by}")


def erase(subject: SubjectArgument, directory: DirOption = DEFAULT_DIR, json: JsonOption = False) -> None:
    """Remove an entity, a session or a user from what is served, for good.

    What comes of them later is not served either, and no replay brings them back.
    """
    given = sys.stdin.readline().strip() if subject == STDIN else subject
    named = stack_pseudonyms(directory)(given[len(USER) :]) if given.startswith(USER) and given != USER else given
    if not is_subject(named):
        raise UsageError("SUBJECT: write an entity's id (per:jane-doe), session:ID, user:ID, or u: and 32 hex digits")
    with channel_of(directory) as channel:
        erased = call(AdminStub(channel).EraseSubject, fraud_pb2.EraseSubjectRequest(subject=named))
    if json:
        render.print_json(render.to_json(erased))
    else:
        typer.echo(f"{erased.subject} is erased, as asked for at {render.time_text(erased.at)}")


def register(app: typer.Typer) -> None:
    """Adds the commands to the command line."""
    for command in (alerts, alert, review, erase):
        app.command(command.__name__)(command)
