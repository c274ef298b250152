"""Load the cascade of the click job."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from udfs.cascade import Cascade, Ensemble, LightModel
from udfs.inference.manifest import ModelError, ModelFiles, read_model
from udfs.inference.models import WEIGHTS
from udfs.inference.sessions import start
from udfs.session_features import FEATURES

LIGHT = "light.json"


def load_cascade(root: Path | None = None) -> Cascade:
    """Verify and load the cascade below `root` (by default the shipped one); raise `ModelError` if it is unfit."""
    files = check_cascade(root)
    try:
        return _cascade(files)
    except (ValueError, KeyError, TypeError) as error:
        message = f"{LIGHT} of the model {files.manifest.name} is not as it should be: {error!r}"
        raise ModelError(message) from error


def check_cascade(root: Path | None = None) -> ModelFiles:
    """Verify the cascade's files as `load_cascade` does, without starting it."""
    files = read_model((WEIGHTS if root is None else root) / "cascade")
    if files.manifest.labels != FEATURES:
        message = f"the model {files.manifest.name} knows other features than this version of Wiregraph expects"
        raise ModelError(message)
    if LIGHT not in files.contents:
        message = f"the model {files.manifest.name} lists no {LIGHT}"
        raise ModelError(message)
    return files


def _cascade(files: ModelFiles) -> Cascade:
    """Make the cascade from verified bytes."""
    stored = json.loads(files.contents[LIGHT])
    features = [stored["features"][name] for name in FEATURES]
    most = max(len(feature["edges"]) for feature in features)
    edges = np.full((len(features), most), np.inf, dtype=np.float32)
    weights = np.zeros((len(features), most + 1))
    for row, feature in enumerate(features):
        edges[row, : len(feature["edges"])] = feature["edges"]
        weights[row, : len(feature["edges"]) + 1] = feature["weights"]
    light = LightModel(edges, weights, float(stored["bias"]), float(stored["clear_below"]))
    return Cascade(light, Ensemble(start(files), float(stored["alert_from"])), int(files.manifest.version))
