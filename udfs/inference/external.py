"""Tell whether an ONNX file refers to other files, by reading just enough of its protobuf.

Field numbers are those of onnx.proto3: a model's graph, a graph's nodes and initializers, a node's
attributes, an attribute's tensors and graphs, a tensor's `external_data` and `data_location`.
"""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_DEPTH_MAX = 32
_LAST_BYTE_MAX = 0x7F

_GRAPH = 7
_MODEL = {_GRAPH: "graph", 20: "training", 25: "function"}
_INSIDE = {
    "model": _MODEL,
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14


def refers_to_files(model: bytes) -> bool:
    """Return whether any tensor keeps its data elsewhere; raise `ValueError` for bytes that are no ONNX model."""
    view = memoryview(model)
    if not any(number == _GRAPH and kind == _BYTES for number, kind, _ in _fields(view)):
        message = "it has no graph"
        raise ValueError(message)
    return _external(view, "model", 0)


def _external(view: memoryview, kind: str, depth: int) -> bool:
    """Look through one message and those inside it."""
    if depth > _DEPTH_MAX:
        message = "its graphs are nested too deeply"
        raise ValueError(message)
    for number, wire, value in _fields(view):
        elsewhere = number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value.tobytes() != b"\x00")
        if kind == "tensor" and elsewhere:
            return True
        inner = _INSIDE[kind].get(number)
        if inner and wire == _BYTES and _external(value, inner, depth + 1):
            return True
    return False


def _fields(view: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """Yield number, wire type and raw value of each field of a message."""
    position = 0
    while position < len(view):
        tag, position = _varint(view, position)
        wire = tag & 7
        start, end = _value(view, position, wire)
        if tag >> 3 == 0 or end > len(view):
            message = "its protobuf is damaged"
            raise ValueError(message)
        yield tag >> 3, wire, view[start:end]
        position = end


def _value(view: memoryview, position: int, wire: int) -> tuple[int, int]:
    """Return where a field's value begins and ends."""
    if wire == _VARINT:
        return position, _varint(view, position)[1]
    if wire == _BYTES:
        length, position = _varint(view, position)
        return position, position + length
    if wire in (_FIXED64, _FIXED32):
        return position, position + (8 if wire == _FIXED64 else 4)
    message = f"its protobuf has wire type {wire}"
    raise ValueError(message)


def _varint(view: memoryview, position: int) -> tuple[int, int]:
    """Return an unsigned varint and the position behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(view):
            break
        byte = view[position]
        position += 1
        value |= (byte & _LAST_BYTE_MAX) << shift
        if byte <= _LAST_BYTE_MAX:
            return value, position
    message = "its protobuf is damaged"
    raise ValueError(message)
