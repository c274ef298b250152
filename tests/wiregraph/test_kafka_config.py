from pathlib import Path

import pytest

from wiregraph.errors import Failure, UsageError
from wiregraph.kafka_config import kafka_options


def test_the_address_of_the_command_line_comes_first(tmp_path: Path) -> None:
    file = tmp_path / "client.properties"
    file.write_text("bootstrap.servers=kafka-1:9093\n")
    assert kafka_options(tmp_path, config_file=file) == {"bootstrap_servers": "kafka-1:9093"}
    assert kafka_options(tmp_path, "h:1", file) == {"bootstrap_servers": "h:1"}


def test_without_an_address_a_stack_must_run(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="wiregraph stack up"):
        kafka_options(tmp_path)


def test_a_file_that_cannot_be_used_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        kafka_options(tmp_path, "h:1", tmp_path / "nowhere")
