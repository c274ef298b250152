"""The shipped models; the only place that knows onnxruntime."""

from udfs.inference.manifest import ModelError
from udfs.inference.models import Models, load_models

__all__ = ["ModelError", "Models", "load_models"]
