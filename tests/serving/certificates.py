"""Certificates that live as long as a test; made by the openssl program."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1"


@dataclass(frozen=True, slots=True)
class Pair:
    cert: Path
    key: Path


class Authority:
    """A CA of its own, and the certificates that it signed."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self.pair = self._new(name, "-x509", "-days", "1", "-subj", f"/CN={name}")
        self.ca = self.pair.cert

    def sign(self, name: str) -> Pair:
        """For a server on this machine, or for a client."""
        signer = ("-CA", str(self.pair.cert), "-CAkey", str(self.pair.key))
        return self._new(name, "-x509", "-days", "1", "-subj", f"/CN={name}", "-addext", _NAMES, *signer)

    def _new(self, name: str, *options: str) -> Pair:
        pair = Pair(self._directory / f"{name}.pem", self._directory / f"{name}.key")
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        command = ["openssl", "req", *curve, *options, "-keyout", str(pair.key), "-out", str(pair.cert)]
        subprocess.run(command, check=True, capture_output=True)
        return pair
