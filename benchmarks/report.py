"""A figure and how it is written: one line each, and a table in results.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(__file__).with_name("results.md")


@dataclass(frozen=True, slots=True)
class Figure:
    """`ratio` is value / reference's value; None where there is nothing to compare with."""

    group: str
    name: str
    value: float
    unit: str
    ratio: float | None = None
    reference: str = ""

    def line(self) -> str:
        """Name value unit ratio reference, separated by spaces."""
        ratio = "-" if self.ratio is None else f"{self.ratio:.2f}"
        return f"{self.name} {self.value:,.4g} {self.unit} {ratio} {self.reference or '-'}"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value with at least `share` (0..1) of all at or below it."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, round(share * len(ordered) + 0.499999) - 1))]


def write_results(figures: Sequence[Figure], path: Path = RESULTS, *, parts: bool = False) -> None:
    """Write the groups that ran, or only those figures where parts of a group did; the rest stays as it was."""
    ran = {(figure.group, figure.name if parts else "") for figure in figures}
    kept = [line for line in _rows(path) if _named(line, parts=parts) not in ran]
    fresh = [f"| {figure.group} | {' | '.join(_cells(figure))} |" for figure in figures]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    head = [
        "# Results of `make bench`",
        "",
        f"Last run on a shared machine ({machine}): trust the ratios, which are of one run.",
        "",
        "| group | name | value | unit | ratio | reference |",
        "|---|---|---|---|---|---|",
    ]
    path.write_text("\n".join([*head, *sorted([*kept, *fresh])]) + "\n", "utf-8")


def _cells(figure: Figure) -> list[str]:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    return [figure.name, f"{figure.value:,.4g}", figure.unit, ratio, figure.reference]


def _named(line: str, *, parts: bool) -> tuple[str, str]:
    group, name, *_ = line.strip("| ").split(" | ")
    return group, name if parts else ""


def _rows(path: Path) -> list[str]:
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    return [line for line in lines if line.startswith("| ") and not line.startswith("| group ")]
