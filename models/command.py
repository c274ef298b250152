"""The command line that the recipes have in common, and the stages that they can go on from."""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

WORK = Path(".build/train")


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a recipe was asked for; `out` and `work` exist."""

    data: Path
    out: Path
    work: Path
    seed: int
    epochs: int


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a training whose result is kept, so that a run that was broken off goes on behind it."""

    arguments: Arguments
    name: str

    def run(self, model: nn.Module, fit: Callable[[], list[float]]) -> list[float]:
        """Fit the model, or load what an earlier run of the same seed and epochs fitted; return the loss curve."""
        stem = f"{self.name}-seed{self.arguments.seed}-epochs{self.arguments.epochs}"
        weights, losses = self.arguments.work / f"{stem}.pt", self.arguments.work / f"{stem}.json"
        if not weights.exists():
            curve = [round(loss, 4) for loss in fit()]
            losses.write_text(json.dumps(curve), encoding="utf-8")
            unfinished = weights.with_suffix(".part")
            torch.save(model.state_dict(), unfinished)
            unfinished.rename(weights)
        model.load_state_dict(torch.load(weights, weights_only=True))
        return list(json.loads(losses.read_text(encoding="utf-8"))) if losses.exists() else []


def command(name: str, description: str | None, epochs: int, seed: int = 1) -> Arguments:
    """Parse the command line of the named recipe, whose defaults are `epochs` and `seed`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights, manifest and metrics")
    parser.add_argument("--work", type=Path, default=WORK / name, help="folder of finished stages")
    parser.add_argument("--seed", type=int, default=seed)
    parser.add_argument("--epochs", type=int, default=epochs)
    parsed = parser.parse_args()
    for folder in (parsed.out, parsed.work):
        folder.mkdir(parents=True, exist_ok=True)
    return Arguments(parsed.data, parsed.out, parsed.work, parsed.seed, parsed.epochs)
