"""A properties file as Kafka's own tools read it, and what Python's client makes of it."""

from pathlib import Path
from typing import Any

import pytest

from udfs.kafka_properties import KafkaPropertiesError, python_options, read_properties

SECURED = r"""
# a secured cluster
bootstrap.servers=kafka-1:9093,kafka-2:9093
security.protocol = SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
    username="wire" password="a\"b=c";
! other comment
ssl.truststore.type=PEM
ssl.truststore.location=/etc/ca.pem
ssl.endpoint.identification.algorithm=
client.id=ignored
"""


def options(directory: Path, content: bytes) -> dict[str, Any]:
    file = directory / "client.properties"
    file.write_bytes(content)
    return python_options(read_properties(file))


def test_a_secured_cluster(tmp_path: Path) -> None:
    assert options(tmp_path, SECURED.encode()) == {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "wire",
        "sasl_plain_password": 'a"b=c',
        "ssl_cafile": "/etc/ca.pem",
        "ssl_check_hostname": False,
    }


def test_no_file_says_nothing() -> None:
    assert python_options(read_properties(None)) == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"security.protocoll=SSL", "security.protocoll is not supported"),
        (b"ssl.truststore.type=JKS", "PEM"),
        (b"nonsense", "name=value"),
        (b"\xff=1", "--kafka-config"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(KafkaPropertiesError, match=message):
        options(tmp_path, content)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KafkaPropertiesError, match="nowhere"):
        read_properties(tmp_path / "nowhere")
