"""The engine decides as Flink's CEP does, where MATCH_RECOGNIZE can express it: one attempt a session."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.oracles import cep
from udfs.clicks import Click, Kind
from udfs.patterns import Partition
from udfs.records import MICRO
from udfs.rulebook import Rulebook

SESSIONS = 4_000
PRICES = (None, 199.99, 200.0, 200.0, 640.0, 640.0, 900.0)
# The window's edge and one beyond it are met often, chance alone would miss them.
GAPS_MS = (1, 4_000, 8_000, 16_000, 20_000, 20_000, 20_000, 20_001, 40_000)


def session(name: str, chance: random.Random) -> list[Click]:
    time_ms = 1_700_000_000_000 + chance.randrange(600_000)
    clicks = []
    for at in range(chance.randrange(5, 16)):
        time_ms += chance.choice(GAPS_MS)
        kind: Kind = "view" if chance.random() < 0.85 else "add_to_cart"
        price = chance.choice(PRICES)
        clicks.append(Click(name, f"{at:02}", time_ms, kind, price_micro=None if price is None else int(price * MICRO)))
    attempt = Click(name, "zz", time_ms + chance.choice(GAPS_MS), "coupon_attempt")
    return [*clicks, attempt]


def disordered(clicks: list[Click], chance: random.Random) -> list[Click]:
    return sorted(clicks, key=lambda click: click.event_time_ms + chance.uniform(0, 0.9 * cep.DISORDER_S * 1_000))


@pytest.mark.jvm
def test_the_reference_rule_against_flinks_cep(tmp_path: Path) -> None:
    chance = random.Random(5)
    clicks = disordered([click for at in range(SESSIONS) for click in session(f"s{at}", chance)], chance)
    file = tmp_path / "clicks.jsonl"
    rows = (
        {
            "session_id": click.session_id,
            "event_id": click.event_id,
            "ts": click.event_time_ms,
            "kind": click.kind,
            "price": None if click.price_micro is None else click.price_micro / MICRO,
        }
        for click in clicks
    )
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    command = [sys.executable, "-m", "tests.oracles.cep", str(file)]
    flink = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert flink.returncode == 0, flink.stderr[-2_000:]
    alerts = {alert.alert_id: alert for alert in Partition(Rulebook.built_in()).add(clicks).alerts}
    raised = {alert.session_id for alert in alerts.values()}
    assert SESSIONS // 20 < len(raised) < SESSIONS // 2
    assert raised == set(flink.stdout.split())
