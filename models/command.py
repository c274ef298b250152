"""The command line that the recipes have in common."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a recipe was asked for; `out` exists."""

    data: Path
    out: Path
    seed: int
    epochs: int
    state: Path | None


def command(description: str | None, epochs: int, seed: int = 1) -> Arguments:
    """Parse the command line of a recipe whose defaults are `epochs` and `seed`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights and metrics.json")
    parser.add_argument("--seed", type=int, default=seed)
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--state", type=Path, help="export and measure these trained weights instead of training")
    parsed = parser.parse_args()
    parsed.out.mkdir(parents=True, exist_ok=True)
    return Arguments(parsed.data, parsed.out, parsed.seed, parsed.epochs, parsed.state)
