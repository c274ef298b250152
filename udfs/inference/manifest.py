"""What a model folder says about itself, and the check that its files are what it says."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from udfs.inference.external import refers_to_files

MANIFEST = "manifest.json"
MODEL = "model.onnx"


class ModelError(Exception):
    """A model that is missing, damaged, tampered with or of a kind that is not loaded; one line."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The checked part of a manifest: the files by name with their contents' SHA-256.

    `thresholds` say from which probability on a label is named, by output, of models that have such.
    """

    name: str
    version: str
    labels: tuple[str, ...]
    inputs: tuple[str, ...]
    files: dict[str, str]
    thresholds: dict[str, float]


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A manifest and the verified bytes of its files, by file name without folder."""

    manifest: Manifest
    contents: dict[str, bytes]


def read_model(folder: Path) -> ModelFiles:
    """Read a model folder and verify every file; raise `ModelError` for whatever is not as it should be.

    What is returned are the bytes that were verified, so a file that is changed afterwards has no effect.
    """
    manifest = read_manifest(folder)
    contents = {Path(name).name: _verified(folder, name, digest) for name, digest in manifest.files.items()}
    if MODEL not in contents:
        message = f"{folder / MANIFEST} lists no {MODEL}"
        raise ModelError(message)
    try:
        external = refers_to_files(contents[MODEL])
    except ValueError as error:
        message = f"{folder / MODEL} is no ONNX model: {error}"
        raise ModelError(message) from error
    if external:
        message = f"{folder / MODEL} keeps weights in other files, which is refused: export it as a single file"
        raise ModelError(message)
    return ModelFiles(manifest, contents)


def read_manifest(folder: Path) -> Manifest:
    """Read a folder's manifest; raise `ModelError` if it is missing or of another shape."""
    path = folder / MANIFEST
    try:
        raw = json.loads(path.read_bytes())
        thresholds = {str(name): float(value) for name, value in raw.get("thresholds", {}).items()}
        names = tuple(raw["labels"]), tuple(raw["inputs"])
        return Manifest(str(raw["name"]), str(raw["version"]), *names, dict(raw["files"]), thresholds)
    except FileNotFoundError as error:
        message = f"{path} is missing: train the model or check the folder"
        raise ModelError(message) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{path} is no manifest: {error!r}"
        raise ModelError(message) from error


def _verified(folder: Path, name: str, digest: str) -> bytes:
    """Return a file's bytes if they have the digest; a file may lie in the folder or beside it."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve().parent):
        message = f"{folder / MANIFEST} lists {name}, which lies outside the models' folder"
        raise ModelError(message)
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise ModelError(message) from error
    if hashlib.sha256(content).hexdigest() != digest:
        message = f"{path} is not the file of its manifest (SHA-256 differs): restore it or train again"
        raise ModelError(message)
    return content
