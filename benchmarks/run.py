"""`make bench`: all groups, or the one that is named."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import fraud, models, news, read, replay
from benchmarks.report import write_results

GROUPS = {
    "fraud-live": fraud.measure_live,
    "fraud-rates": fraud.measure_rates,
    "models": models.measure,
    "news": news.measure,
    "read": read.measure,
    "read-10m": read.measure_large,
    "replay": replay.measure,
}
WHOLES = {"fraud": ("fraud-rates", "fraud-live")}
"""Groups that are measured in parts, each of which can run alone."""


def main() -> None:
    """Run the groups, print a line a figure as it comes, write benchmarks/results.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted([*GROUPS, *WHOLES]), help="run this group alone")
    only = parser.parse_args().only
    figures = []
    for name in WHOLES.get(only, (only,)) if only else GROUPS:
        with tempfile.TemporaryDirectory(prefix="wiregraph-bench-") as directory:
            for figure in GROUPS[name](Path(directory)):
                print(figure.line(), flush=True)
                figures.append(figure)
    write_results(figures)


if __name__ == "__main__":
    main()
