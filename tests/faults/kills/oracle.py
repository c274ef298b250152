"""What the end of a disturbed system is compared with."""

from __future__ import annotations

from tests.e2e.click_system import ClickSystem
from tests.e2e.system import wait_for
from tests.faults.kills.site import Site
from tests.oracles.patterns import Expected, expected
from tests.wiregraph.kafka_topics import Tail
from udfs.clicks import Click, decode_click
from udfs.rulebook import COUPON_ABUSE, RuleHistory, RuleVersion
from udfs.topics import CLICKS, NEWS_GRAPH
from wiregraph import jobs_control

CALM = "calm"
REPLAY_S = 3_600.0
BUILT_IN = [RuleHistory(COUPON_ABUSE.name, (RuleVersion(1, 0, COUPON_ABUSE),))]


def check_graph(site: Site) -> None:
    """A replay without faults of the same records, in the live job's place, gives the same rows, counts and all."""
    jobs_control.stop(site.system.directory, NEWS_GRAPH, None)
    topics = ("--topic", "news", "--topic", "posts")
    site.system.wiregraph("replay", *topics, "--graph", CALM, "--cluster", site.flink.address, timeout_s=REPLAY_S)
    found, wanted = (graph_rows(site.system.wiregraph("dump", "--graph", graph)) for graph in ("live", CALM))
    assert found == wanted, f"these differ: {sorted(found ^ wanted)[:10]}"


def graph_rows(dump: str) -> set[str]:
    """The lines of a dump that the news job wrote."""
    return {line for line in dump.splitlines() if not line.startswith("alert/")}


def check_alerts(system: ClickSystem) -> None:
    """They are the brute-force twin's."""
    clicks = Tail({"bootstrap_servers": system.bootstrap}, CLICKS)
    clicks.begin = dict.fromkeys(clicks.begin, 0)
    truth = {alert for partition in arrivals(clicks) for alert in expected(partition, BUILT_IN)}
    assert truth
    wait_for(lambda: open_alerts(system) == truth or None)


def arrivals(clicks: Tail) -> list[list[Click]]:
    """The clicks of each partition in their order, without what is none."""
    found: dict[int, list[Click]] = {}
    for record in clicks.records():
        one = decode_click(record.value, record.timestamp, str)
        if isinstance(one, Click):
            found.setdefault(record.partition, []).append(one)
    return list(found.values())


def open_alerts(system: ClickSystem) -> set[Expected]:
    return {
        Expected(row["rule"], row["rule_version"], row["session_id"], tuple(row["evidence"]))
        for row in system.alerts().values()
        if row["state"] == "open"
    }
