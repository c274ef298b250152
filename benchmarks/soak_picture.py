"""A picture of a soak's samples: `python benchmarks/soak_picture.py soak.csv soak.png`."""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from pathlib import Path

from matplotlib.figure import Figure


def draw(samples: Path, picture: Path) -> None:
    """Memory by process above, records that wait below; faults as vertical lines."""
    lines: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    with samples.open(newline="") as file:
        for row in csv.DictReader(file):
            lines[row["role"], row["pid"]].append((float(row["at_s"]) / 60, float(row["value"])))
    faults = [at for at, _ in lines.pop(("fault", "0"), [])]
    lag = lines.pop(("lag", "0"))
    figure = Figure(figsize=(10, 7), layout="tight")
    above, below = figure.subplots(2, 1, sharex=True)
    roles = sorted({role for role, _pid in lines})
    for (role, _pid), life in lines.items():
        above.plot(*zip(*life, strict=True), color=f"C{roles.index(role)}", label=role)
    handles = {label: handle for handle, label in zip(*above.get_legend_handles_labels(), strict=True)}
    above.legend(handles.values(), handles.keys(), loc="upper left", fontsize=7)
    above.set(ylabel="resident MiB", ylim=(0, None), title="A soak; vertical lines are faults")
    below.plot(*zip(*lag, strict=True), color="black")
    below.set(ylabel="records that wait", xlabel="minutes", ylim=(0, None))
    for axes in (above, below):
        for at in faults:
            axes.axvline(at, color="lightgrey", zorder=0)
    figure.savefig(picture, dpi=110)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
