"""How to reach Kafka: the local stack's broker, or a secured cluster by a properties file.

The file is the one that Kafka's own tools read, so that it serves Flink too. Of it,
`bootstrap.servers` and the keys under `security.`, `sasl.` and `ssl.` count; certificates are PEM.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from wiregraph.errors import UsageError
from wiregraph.stack import load_stack

# kafka-python logs each attempt to connect; what matters reaches people as one line.
logging.getLogger("kafka").setLevel(logging.CRITICAL)

BOOTSTRAP = "bootstrap.servers"

_NAMES = {
    "security.protocol": "security_protocol",
    "sasl.mechanism": "sasl_mechanism",
    "sasl.username": "sasl_plain_username",
    "sasl.password": "sasl_plain_password",
    "sasl.kerberos.service.name": "sasl_kerberos_service_name",
    "ssl.truststore.location": "ssl_cafile",
    "ssl.ca.location": "ssl_cafile",
    "ssl.keystore.location": "ssl_certfile",
    "ssl.certificate.location": "ssl_certfile",
    "ssl.key.location": "ssl_keyfile",
    "ssl.key.password": "ssl_password",
    "ssl.keystore.password": "ssl_password",
}
_SPECIAL = {"sasl.jaas.config", "ssl.endpoint.identification.algorithm"}
_TYPES = {"ssl.truststore.type", "ssl.keystore.type"}
_GUARDED = ("security.", "sasl.", "ssl.")
_JAAS = re.compile(r'\b(username|password)="((?:[^"\\]|\\.)*)"')


def kafka_options(directory: Path, bootstrap: str | None = None, config_file: Path | None = None) -> dict[str, Any]:
    """Keyword arguments for kafka-python's clients.

    The address is `bootstrap`, else the file's, else that of the stack in `directory`. Raises
    Failure where no stack runs there and UsageError where the file cannot be used.
    """
    properties = read_properties(config_file) if config_file else {}
    options = _client_options(properties)
    address = bootstrap or properties.get(BOOTSTRAP) or load_stack(directory).bootstrap
    return {**options, "bootstrap_servers": address}


def read_properties(file: Path) -> dict[str, str]:
    """The entries of a Java properties file, continued lines joined; raises UsageError where it cannot be read."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--kafka-config {file}: {error}") from error
    lines = re.sub(r"\\\r?\n[ \t]*", "", text).splitlines()
    entries = (line.strip() for line in lines)
    return dict(_entry(file, entry) for entry in entries if entry and entry[0] not in "#!")


def _entry(file: Path, entry: str) -> tuple[str, str]:
    name, separator, value = entry.partition("=")
    if not separator:
        raise UsageError(f"--kafka-config {file}: {entry!r} is not of the form name=value")
    return name.strip(), value.strip()


def _client_options(properties: dict[str, str]) -> dict[str, Any]:
    for name in properties:
        if name.startswith(_GUARDED) and name not in {*_NAMES, *_SPECIAL, *_TYPES}:
            raise UsageError(f"--kafka-config: {name} is not supported, these are: {', '.join(sorted(_NAMES))}")
    if any(properties.get(name, "PEM").upper() != "PEM" for name in _TYPES):
        raise UsageError("--kafka-config: certificates must be PEM files, set ssl.truststore.type=PEM")
    options: dict[str, Any] = {_NAMES[name]: value for name, value in properties.items() if name in _NAMES}
    if properties.get("ssl.endpoint.identification.algorithm") == "":
        options["ssl_check_hostname"] = False
    for name, value in _JAAS.findall(properties.get("sasl.jaas.config", "")):
        options[f"sasl_plain_{name}"] = re.sub(r"\\(.)", r"\1", value)
    return options
