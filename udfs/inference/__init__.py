"""The shipped models; the only place that knows onnxruntime."""

from udfs.inference.fallbacks import load_fallbacks
from udfs.inference.manifest import ModelError
from udfs.inference.models import Models, check_models, load_models

__all__ = ["ModelError", "Models", "check_models", "load_fallbacks", "load_models"]
