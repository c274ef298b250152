"""Models as functions: an onnxruntime session with one thread that answers the same bits each time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_inference_collection import InferenceSession
from onnxruntime.capi.onnxruntime_pybind11_state import (  # type: ignore[import-not-found] # a compiled module
    ExecutionMode,
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    RuntimeException,
    SessionOptions,
)

from udfs.inference.manifest import MODEL, ModelError, ModelFiles

_REFUSALS = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, RuntimeException)


@dataclass(frozen=True, slots=True)
class SessionRunner:
    """A loaded model; see `udfs.runner`."""

    session: InferenceSession
    outputs: tuple[str, ...]

    def __call__(self, inputs: Mapping[str, NDArray[np.generic]]) -> NDArray[np.float32]:
        """Run the model on one unpadded text and return its first output."""
        return np.asarray(self.session.run(self.outputs, dict(inputs))[0], dtype=np.float32)

    def named(self, inputs: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[np.float32]]:
        """Run the model on one unpadded text and return all of its outputs."""
        values: Any = self.session.run(self.outputs, dict(inputs))
        return dict(zip(self.outputs, values, strict=True))

    def __reduce__(self) -> str:
        """Refuse to be pickled: a session is loaded by the process that uses it."""
        message = "a model session cannot be pickled: load it in the process that uses it"
        raise TypeError(message)


def start(files: ModelFiles) -> SessionRunner:
    """Give a verified model to onnxruntime; raise `ModelError` if it is refused or has other inputs."""
    try:
        loaded = session(files.contents[MODEL])
    except (*_REFUSALS, RuntimeError, ValueError) as error:
        message = f"onnxruntime refuses the model {files.manifest.name}: {str(error).splitlines()[0]}"
        raise ModelError(message) from error
    inputs = tuple(argument.name for argument in loaded.get_inputs())
    if inputs != files.manifest.inputs:
        message = f"the model {files.manifest.name} takes {inputs}, its manifest says {files.manifest.inputs}"
        raise ModelError(message)
    return running(loaded)


def running(loaded: InferenceSession) -> SessionRunner:
    """Return a session as a function."""
    return SessionRunner(loaded, tuple(argument.name for argument in loaded.get_outputs()))


def session(model: bytes) -> InferenceSession:
    """Load an ONNX model from memory with the options that serving uses."""
    return InferenceSession(model, _options(), providers=["CPUExecutionProvider"])


def _options() -> SessionOptions:
    """Return options for many small calls: one thread that sleeps when idle, and no memory kept back."""
    options = SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = ExecutionMode.ORT_SEQUENTIAL
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    for pool in ("intra_op", "inter_op"):
        options.add_session_config_entry(f"session.{pool}.allow_spinning", "0")
    # Without VNNI sums of products of int8 would saturate at 16 bits, and scores be others than with it.
    options.add_session_config_entry("session.x64quantprecision", "1")
    return options
