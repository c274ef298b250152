"""The shipped models; the only place that knows onnxruntime."""

from udfs.inference.manifest import ModelError
from udfs.inference.models import Models, check_models, load_models

__all__ = ["ModelError", "Models", "check_models", "load_models"]
