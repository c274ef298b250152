"""Just enough of protobuf to write ONNX files that nobody exports."""


def field(number: int, content: bytes) -> bytes:
    """A protobuf field of bytes with a length below 128."""
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content
