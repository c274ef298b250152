from pathlib import Path

import pytest

from wiregraph.errors import Failure, UsageError
from wiregraph.kafka_config import kafka_options, read_properties

SECURED = r"""
# a secured cluster
bootstrap.servers=kafka-1:9093,kafka-2:9093
security.protocol = SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
    username="wire" password="a\"b=c";
ssl.truststore.type=PEM
ssl.truststore.location=/etc/ca.pem
ssl.endpoint.identification.algorithm=
client.id=ignored
"""


def write(directory: Path, text: str) -> Path:
    file = directory / "client.properties"
    file.write_text(text)
    return file


def test_a_secured_cluster(tmp_path: Path) -> None:
    assert kafka_options(tmp_path, config_file=write(tmp_path, SECURED)) == {
        "bootstrap_servers": "kafka-1:9093,kafka-2:9093",
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "wire",
        "sasl_plain_password": 'a"b=c',
        "ssl_cafile": "/etc/ca.pem",
        "ssl_check_hostname": False,
    }


def test_the_address_of_the_command_line_comes_first(tmp_path: Path) -> None:
    assert kafka_options(tmp_path, "h:1", write(tmp_path, SECURED))["bootstrap_servers"] == "h:1"
    assert kafka_options(tmp_path, "h:1") == {"bootstrap_servers": "h:1"}


def test_without_an_address_a_stack_must_run(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="wiregraph stack up"):
        kafka_options(tmp_path, config_file=write(tmp_path, "security.protocol=PLAINTEXT"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("security.protocoll=SSL", "security.protocoll is not supported"),
        ("ssl.truststore.type=JKS", "PEM"),
        ("nonsense", "name=value"),
    ],
)
def test_what_cannot_be_used_is_wrong_usage(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        kafka_options(tmp_path, "h:1", write(tmp_path, text))


def test_a_file_that_cannot_be_read_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        read_properties(tmp_path / "nowhere")
