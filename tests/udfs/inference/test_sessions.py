import pickle
from dataclasses import replace

import numpy as np
import pytest

from tests.udfs.inference.protobuf import field
from udfs.inference.manifest import MODEL, ModelError, read_model
from udfs.inference.models import WEIGHTS
from udfs.inference.sessions import start
from udfs.relevance_features import FEATURES

FILES = read_model(WEIGHTS / "relevance")
INPUTS = {"features": np.linspace(-1, 1, 3 * len(FEATURES), dtype=np.float32).reshape(3, -1)}


def test_a_second_session_gives_the_same_bits() -> None:
    first, second = start(FILES)(INPUTS), start(FILES)(INPUTS)
    assert first.shape == (3,)
    assert first.tobytes() == second.tobytes()


def test_a_model_answers_by_the_names_of_its_outputs() -> None:
    runner = start(FILES)
    (name,) = runner.outputs
    assert np.array_equal(runner.named(INPUTS)[name], runner(INPUTS))


@pytest.mark.parametrize("model", [b"", b"\x00", field(7, field(1, field(4, b"NoSuchOperator")))], ids=repr)
def test_what_onnxruntime_refuses_is_one_clear_error(model: bytes) -> None:
    with pytest.raises(ModelError, match="onnxruntime refuses the model relevance") as caught:
        start(replace(FILES, contents={MODEL: model}))
    assert "\n" not in str(caught.value)


def test_other_inputs_than_the_manifest_says_are_refused() -> None:
    with pytest.raises(ModelError, match="its manifest says"):
        start(replace(FILES, manifest=replace(FILES.manifest, inputs=("something",))))


def test_a_session_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(start(FILES))
