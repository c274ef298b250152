"""What a Kafka client's properties file says: one reading of it for Flink, for Python's client, for all commands.

The file is the one that Kafka's own tools read. Of it, `bootstrap.servers` and the keys under
`security.`, `sasl.` and `ssl.` count; certificates are PEM.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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


class KafkaPropertiesError(ValueError):
    """A properties file that cannot be used; the message says why."""


def read_properties(file: Path | None) -> dict[str, str]:
    """The entries of a Java properties file, continued lines joined; none for no file.

    Raises `KafkaPropertiesError` where it cannot be read.
    """
    if file is None:
        return {}
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KafkaPropertiesError(f"--kafka-config {file}: {error}") from error
    lines = re.sub(r"\\\r?\n[ \t]*", "", text).splitlines()
    entries = (line.strip() for line in lines)
    return dict(_entry(file, entry) for entry in entries if entry and entry[0] not in "#!")


def _entry(file: Path, entry: str) -> tuple[str, str]:
    name, separator, value = entry.partition("=")
    if not separator:
        raise KafkaPropertiesError(f"--kafka-config {file}: {entry!r} is not of the form name=value")
    return name.strip(), value.strip()


def python_options(properties: Mapping[str, str]) -> dict[str, Any]:
    """The security of a properties file as keyword arguments of kafka-python's clients.

    Raises `KafkaPropertiesError` for a setting that would be silently ignored.
    """
    for name in properties:
        if name.startswith(_GUARDED) and name not in {*_NAMES, *_SPECIAL, *_TYPES}:
            raise KafkaPropertiesError(
                f"--kafka-config: {name} is not supported, these are: {', '.join(sorted(_NAMES))}"
            )
    if any(properties.get(name, "PEM").upper() != "PEM" for name in _TYPES):
        raise KafkaPropertiesError("--kafka-config: certificates must be PEM files, set ssl.truststore.type=PEM")
    options: dict[str, Any] = {_NAMES[name]: value for name, value in properties.items() if name in _NAMES}
    if properties.get("ssl.endpoint.identification.algorithm") == "":
        options["ssl_check_hostname"] = False
    for name, value in _JAAS.findall(properties.get("sasl.jaas.config", "")):
        options[f"sasl_plain_{name}"] = re.sub(r"\\(.)", r"\1", value)
    return options
