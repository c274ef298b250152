"""Write a trained model as it is shipped: the ONNX file, the tokenizer, the manifest and the card."""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import checker
from tokenizers import Tokenizer

from models.graph import MICROSOFT, OPSET
from udfs.inference.sessions import SessionRunner, running, session

SIZE_MAX = 25_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """A data set that was trained on, its licence and the number of texts."""

    name: str
    licence: str
    texts: int


@dataclass(frozen=True, slots=True)
class Release:
    """What a manifest and a card say of a model besides its files."""

    name: str
    version: str
    labels: tuple[str, ...]
    inputs: tuple[str, ...]
    seed: int
    sources: tuple[Source, ...]
    metrics: Mapping[str, object]
    summary: str
    limits: str
    thresholds: Mapping[str, float] = field(default_factory=dict)


def arrays(model: torch.nn.Module) -> dict[str, NDArray[np.float32]]:
    """Return a model's weights by name."""
    return {name: value.detach().float().numpy() for name, value in model.state_dict().items()}


def runner(model: onnx.ModelProto) -> SessionRunner:
    """Load a graph as serving does."""
    return running(session(model.SerializeToString()))


def ship(
    folder: Path,
    release: Release,
    model: onnx.ModelProto,
    tokenizer: Tokenizer | None = None,
    extras: Mapping[str, bytes] | None = None,
) -> None:
    """Write `model.onnx`, `manifest.json`, `CARD.md` and `metrics.json`; the tokenizer goes beside the folder.

    `extras` are further files that serving reads, by name. Raises `ValueError` for a model above `SIZE_MAX` bytes.
    """
    checker.check_model(model)
    content = model.SerializeToString(deterministic=True)
    if len(content) > SIZE_MAX:
        raise ValueError(f"the model has {len(content)} bytes, more than {SIZE_MAX}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(content)
    for name, extra in (extras or {}).items():
        (folder / name).write_bytes(extra)
    names = ["model.onnx", *(extras or {})]
    if tokenizer is not None:
        (folder.parent / "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")
        names.append("../tokenizer.json")
    _write_json(folder / "manifest.json", _manifest(folder, release, names))
    _write_json(folder / "metrics.json", release.metrics)
    (folder / "CARD.md").write_text(_card(release), encoding="utf-8")


def _manifest(folder: Path, release: Release, names: Sequence[str]) -> dict[str, object]:
    """Return the manifest's content."""
    described = asdict(release)
    return {
        "name": release.name,
        "version": release.version,
        "files": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names},
        "labels": release.labels,
        "inputs": release.inputs,
        "thresholds": release.thresholds,
        "opsets": {"ai.onnx": OPSET, MICROSOFT: 1},
        "onnxruntime": onnxruntime.__version__,
        "seed": release.seed,
        "training_data": described["sources"],
        "metrics": release.metrics,
    }


def _write_json(path: Path, content: object) -> None:
    """Write JSON for people and machines."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _card(release: Release) -> str:
    """Return the model card."""
    rows = "\n".join(f"| {name} | {_cell(value)} |" for name, value in release.metrics.items() if name != "loss_curve")
    data = "\n".join(f"| {source.name} | {source.texts:,} | {source.licence} |" for source in release.sources)
    return (
        f"# {release.name}, version {release.version}\n\n{release.summary}\n\n"
        f"## Measured\n\n| what | value |\n|---|---|\n{rows}\n\n"
        f"## Trained on\n\nSeed {release.seed}. The weights are bound by the licences of their data.\n\n"
        f"| data | texts | licence |\n|---|---|---|\n{data}\n\n"
        f"## Known limits\n\n{release.limits}\n"
    )


def _cell(value: object) -> str:
    """Return a metric for a table."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_cell(part)}" for name, part in value.items())
    return f"{value:.4g}" if isinstance(value, float) else str(value)
