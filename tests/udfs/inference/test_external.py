import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.udfs.inference.protobuf import field
from udfs.inference.external import refers_to_files
from udfs.inference.manifest import MODEL, read_model
from udfs.inference.models import WEIGHTS

GRAPH, NODE, INITIALIZER, ATTRIBUTE, SPARSE, FUNCTION = 7, 1, 5, 5, 15, 25
OUTSIDE = field(13, field(1, b"location") + field(2, b"weights.bin"))


def nested(tensor: bytes, *numbers: int) -> bytes:
    for number in reversed(numbers):
        tensor = field(number, tensor)
    return tensor


@pytest.mark.parametrize("tensor", [OUTSIDE, bytes([14 << 3, 1])], ids=["external_data", "data_location"])
@pytest.mark.parametrize(
    "place",
    [
        (GRAPH, INITIALIZER),
        (GRAPH, SPARSE, 1),
        (GRAPH, SPARSE, 2),
        (GRAPH, NODE, ATTRIBUTE, 5),
        (GRAPH, NODE, ATTRIBUTE, 6, INITIALIZER),
    ],
    ids=str,
)
def test_data_elsewhere_is_found_wherever_a_tensor_may_stand(tensor: bytes, place: tuple[int, ...]) -> None:
    assert refers_to_files(nested(tensor, *place))


def test_data_elsewhere_is_found_in_functions() -> None:
    function = bytes([FUNCTION << 3 & 0x7F | 2 | 0x80, FUNCTION >> 4])  # a tag above 15 has two bytes
    inside = nested(OUTSIDE, 7, ATTRIBUTE, 5)
    assert refers_to_files(field(GRAPH, b"") + function + bytes([len(inside)]) + inside)


def test_data_in_the_file_itself_is_no_external_data() -> None:
    assert not refers_to_files(nested(bytes([14 << 3, 0]), GRAPH, INITIALIZER))
    assert not refers_to_files(nested(OUTSIDE, GRAPH, 2))  # a graph's name, say


def test_a_shipped_model_holds_all_of_its_weights() -> None:
    assert not refers_to_files(read_model(WEIGHTS / "relevance").contents[MODEL])


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (b"", "no graph"),
        (bytes([GRAPH << 3, 1]), "no graph"),
        (bytes([GRAPH << 3 | 2, 5]), "damaged"),
        (bytes([GRAPH << 3 | 2]), "damaged"),
        (bytes([0x80] * 11), "damaged"),
        (bytes([2, 0]), "damaged"),
        (bytes([GRAPH << 3 | 3]), "wire type 3"),
        (field(GRAPH, b"") + bytes([1 << 3 | 5, 0, 0]), "damaged"),
        (nested(b"", GRAPH, *(NODE, ATTRIBUTE, 6) * 11), "nested too deeply"),
    ],
)
def test_what_is_no_model_is_refused(model: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        refers_to_files(model)


@given(st.binary(max_size=40))
def test_any_bytes_are_answered_or_refused(model: bytes) -> None:
    for whole in (model, bytes([GRAPH << 3 | 2, len(model)]) + model):
        try:
            refers_to_files(whole)
        except ValueError:
            continue
