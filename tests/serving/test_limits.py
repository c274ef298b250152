from serving.limits import Streams


def test_streams_are_counted_by_client_and_in_all() -> None:
    streams = Streams(3, 2)
    assert [streams.refusal("a") for _ in range(2)] == ["", ""]
    assert "of this client" in streams.refusal("a")
    assert streams.refusal("b") == ""
    assert "3 streams are open" in streams.refusal("b")
    streams.close("a")
    assert streams.refusal("b") == ""
    for client in ("a", "b", "b"):
        streams.close(client)
    assert [streams.refusal("c") for _ in range(2)] == ["", ""]
