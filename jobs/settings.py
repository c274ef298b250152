"""What a job is told from outside: addresses, graph, parallelism, where its state goes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from udfs.topics import CLICK_FRAUD, NEWS_GRAPH


@dataclass(frozen=True, slots=True)
class JobSettings:
    """Settings of one run.

    `state_dir` holds checkpoints, savepoints and scratch files, `restore_from` is one of the first two or
    empty. Flink runs in this process's JVM, answers on `rest_port` (0 picks a free one) and logs to
    `log_dir`; or it is the session cluster whose REST API answers on `cluster` (HOST:PORT) and whose machines
    all have `state_dir` and `python`. `bounded` reads each partition to its present end and stops.
    `pseudonym_key` is the secret of the click job's pseudonyms; without `cascade` its rules decide alone.
    """

    bootstrap: str
    state_dir: Path
    jars: Path
    log_dir: Path
    graph: str = ""
    parallelism: int = 1
    rest_port: int = 0
    restore_from: str = ""
    kafka_config: Path | None = None
    bounded: bool = False
    checkpoint_interval_ms: int = 10_000
    bundle_time_ms: int = 20
    models: Path | None = None
    job: str = NEWS_GRAPH
    pseudonym_key: Path | None = None
    cascade: bool = True
    cluster: str = ""
    python: str = sys.executable

    @property
    def job_name(self) -> str:
        """What the job is called in Flink and in the names of its logs."""
        return f"{self.job}.{self.graph}" if self.graph else self.job

    @property
    def in_threads(self) -> bool:
        """Whether Python runs in Flink's own process: state is ten times nearer there, a native crash takes all."""
        return self.job == CLICK_FRAUD

    @property
    def scratch(self) -> Path:
        """Where an embedded cluster keeps what a restart does not need."""
        return self.state_dir / "scratch"


def parse_settings(arguments: Sequence[str] | None = None, job: str = NEWS_GRAPH) -> JobSettings:
    """Settings of a job from a command line; wrong usage exits with 2."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", required=True, help="HOST:PORT of a Kafka broker")
    parser.add_argument("--state-dir", type=Path, required=True, help="where checkpoints and savepoints go")
    parser.add_argument("--jars", type=Path, required=True, help="folder with Flink's Kafka connector")
    parser.add_argument("--log-dir", type=Path, required=True, help="where the embedded cluster logs")
    parser.add_argument("--graph", default="", help="name of the graph; the live one has none")
    parser.add_argument("--parallelism", type=int, default=1, help="Python workers, one each")
    parser.add_argument("--rest-port", type=int, default=0, help="REST port of the embedded cluster")
    parser.add_argument("--restore-from", default="", help="checkpoint or savepoint to start from")
    parser.add_argument("--kafka-config", type=Path, help="properties file of a secured cluster")
    parser.add_argument("--bounded", action="store_true", help="read to the present end, then stop")
    parser.add_argument("--checkpoint-interval-ms", type=int, default=10_000)
    parser.add_argument("--bundle-time-ms", type=int, default=20, help="how long a bundle waits for company")
    parser.add_argument("--models", type=Path, help="folder of the models; the repository's own by default")
    parser.add_argument("--cluster", default="", help="HOST:PORT of a session cluster's REST API")
    parser.add_argument("--python", default=sys.executable, help="the Python of the cluster's machines")
    if job == CLICK_FRAUD:
        parser.add_argument("--pseudonym-key", type=Path, required=True, help="file with the key of the pseudonyms")
        parser.add_argument("--no-cascade", dest="cascade", action="store_false", help="rules decide alone")
    return JobSettings(job=job, **vars(parser.parse_args(arguments)))
