from pathlib import Path

import pytest

from serving.settings import SettingsError, consumer_group, read_kafka_config


def test_a_properties_file(tmp_path: Path) -> None:
    file = tmp_path / "client.properties"
    file.write_text("# secured\n\nsecurity.protocol = SASL_SSL\nsasl.password=a=b\nbootstrap.servers=x:1\n")
    assert read_kafka_config(file) == {"security_protocol": "SASL_SSL", "sasl_plain_password": "a=b"}
    assert read_kafka_config(None) == {}


@pytest.mark.parametrize("content", [b"sasl.unheard=1", b"\xff=1"])
def test_what_cannot_be_used_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(SettingsError, match="--kafka-config"):
        read_kafka_config(tmp_path / "f")
    with pytest.raises(SettingsError):
        read_kafka_config(tmp_path / "absent")


def test_each_graph_has_a_group() -> None:
    assert consumer_group("") == "wiregraph-news-graph"
    assert consumer_group("x") == "wiregraph-news-graph.x"
