"""Record what the shipped cascade says of a few sessions, for the test that compares other machines with it.

python -m models.fraud_recorded --out tests/udfs/inference/recorded_cascade.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from models.fraud_cases import attempts
from models.fraud_kinds import KINDS, reference_rule
from models.fraud_shoppers import honest
from models.fraud_visits import Case, Script, Visit, price_micro
from udfs.cascade import Cascade
from udfs.inference.cascade import load_cascade

START_MS = 1_396_345_678_000
SESSIONS_OF_A_KIND = 3


def sessions(seed: int = 3) -> Iterator[Case]:
    """Yield sessions of every kind, written on visits that are drawn: no data set is needed."""
    items = [f"item-{number}" for number in range(400)]
    dear = tuple(item for item in items if price_micro(item) >= 200_000_000)  # noqa: PLR2004 - the rule's 200
    writers: dict[str, Callable[[Script], None]] = {"honest": honest, "reference_rule": reference_rule}
    writers |= {kind: writer for kind, (writer, _) in KINDS.items()}
    for kind, write in writers.items():
        for number in range(SESSIONS_OF_A_KIND):
            rng = Random(f"{seed} {kind} {number}")
            count = rng.randint(3, 9)
            gaps = [round(1_000 * rng.lognormvariate(3.5, 1.0)) for _ in range(count)]
            times = tuple(START_MS + sum(gaps[:place]) for place in range(count))
            visit = Visit(f"{kind}-{number}", 0, times, tuple(rng.choice(items) for _ in range(count)))
            script = Script(rng, visit, dear, f"{kind}-{number}")
            write(script)
            yield script.case(kind)


def record(cascade: Cascade) -> dict[str, object]:
    """Return the verdict on each attempt: the score, the stage, whether it was cleared."""
    records = {}
    for case in sessions():
        for _, window in attempts(case.clicks):
            verdict = cascade.judge(window)
            records[window[-1].event_id] = [round(verdict.score, 6), str(verdict.stage), verdict.cleared]
    return {"version": cascade.version, "records": records}


def main() -> None:
    """Write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    content = record(load_cascade())
    parser.parse_args().out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
