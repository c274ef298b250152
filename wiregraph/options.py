"""Options that every command shares, declared once so that they read the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DirOption = Annotated[
    Path, typer.Option("--dir", envvar="WIREGRAPH_DIR", help="Where the local stack keeps its data and addresses.")
]
KafkaConfigOption = Annotated[
    Path | None,
    typer.Option("--kafka-config", help="Properties file of a secured cluster (security.*, sasl.*, ssl.*)."),
]
BootstrapOption = Annotated[
    str | None, typer.Option("--bootstrap", help="Kafka's address HOST:PORT; by default the local stack's.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

DEFAULT_DIR = Path(".wiregraph")
