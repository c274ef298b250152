"""How a command reaches Kafka: the local stack's broker, or a secured cluster by a properties file."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from udfs.kafka_properties import BOOTSTRAP, KafkaPropertiesError, python_options, read_properties
from wiregraph.errors import UsageError
from wiregraph.stack import load_stack

# kafka-python logs each attempt to connect; what matters reaches people as one line.
logging.getLogger("kafka").setLevel(logging.CRITICAL)


def kafka_options(directory: Path, bootstrap: str | None = None, config_file: Path | None = None) -> dict[str, Any]:
    """Keyword arguments for kafka-python's clients.

    The address is `bootstrap`, else the file's, else that of the stack in `directory`. Raises
    Failure where no stack runs there and UsageError where the file cannot be used.
    """
    try:
        properties = read_properties(config_file)
        options = python_options(properties)
    except KafkaPropertiesError as error:
        raise UsageError(str(error)) from error
    address = bootstrap or properties.get(BOOTSTRAP) or load_stack(directory).bootstrap
    return {**options, "bootstrap_servers": address}
