"""The local Kafka broker: one KRaft node, broker and controller in one, from Maven's jars."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

from wiregraph.errors import Failure
from wiregraph.processes import last_line

HEAP, HEAP_FIRST, YOUNG = "512m", "160m", "96m"
"""With young objects in 30 MB, Java's own choice, it stops for some 16 ms each second at 30,000 clicks a second."""
MESSAGE_BYTES_MAX = 16 * 1024 * 1024
"""What the broker takes at most; its topics take less, see `udfs.topics`."""

JAVA_VERSION_MIN = 17
ROOT = Path(__file__).resolve().parents[1]
"""The repository: where the jars and the packages of the child processes are."""

# The broker needs these groups; Flink's connector stands beside them and carries classes of its own.
_FOREIGN = "org/apache/flink"


@dataclass(frozen=True, slots=True)
class BrokerPlan:
    """Where a broker lives; both ports are on 127.0.0.1."""

    directory: Path
    port: int
    controller_port: int

    @property
    def data(self) -> Path:
        """The broker's log directory; it survives the broker."""
        return self.directory / "kafka"

    @property
    def log(self) -> Path:
        """What the broker says."""
        return self.directory / "logs" / "broker.log"

    @property
    def properties(self) -> Path:
        """The broker's configuration, written anew at each start."""
        return self.directory / "server.properties"


def jars_directory() -> Path:
    """Where Maven put the jars; raises Failure where it has not yet."""
    directory = Path(os.environ.get("WIREGRAPH_JARS") or ROOT / ".build" / "jars")
    if not directory.is_dir():
        raise Failure(f"the jars are missing in {directory}: run `make setup`, or set WIREGRAPH_JARS")
    return directory


def class_path() -> str:
    """The jars of Kafka and what it needs; raises Failure where they are missing."""
    root = jars_directory()
    jars = [jar for jar in sorted(root.rglob("*.jar")) if _FOREIGN not in jar.relative_to(root).as_posix()]
    if not any(jar.name.startswith("kafka_2.13-") for jar in jars):
        raise Failure(f"Kafka's jars are missing in {root}: run `make setup`")
    return os.pathsep.join(map(str, jars))


def java() -> str:
    """The Java to run; raises Failure where there is none or it is too old."""
    home = os.environ.get("JAVA_HOME")
    candidate = shutil.which(str(Path(home) / "bin" / "java") if home else "java")
    if candidate is None:
        place = f"in JAVA_HOME ({home})" if home else "on the PATH"
        raise Failure(f"java is missing {place}: install a JDK {JAVA_VERSION_MIN}")
    said = subprocess.run([candidate, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603 - the program just found
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    if version is None or int(version[1]) < JAVA_VERSION_MIN:
        raise Failure(f"{candidate} is not Java {JAVA_VERSION_MIN} or later: install a JDK {JAVA_VERSION_MIN}")
    return candidate


def prepare(plan: BrokerPlan) -> list[str]:
    """Write the configuration, format the data directory once, and give the command that runs the broker."""
    runtime, jars = java(), class_path()
    plan.log.parent.mkdir(parents=True, exist_ok=True)
    _write_log_config(plan)
    if not (plan.data / "meta.properties").exists():
        _format(plan, [runtime, "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", jars])
    plan.properties.write_text(server_properties(plan, plan.data))
    options = [f"-Xmx{HEAP}", f"-Xms{HEAP_FIRST}", f"-Xmn{YOUNG}", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"]
    logging = f"-Dlog4j2.configurationFile={_log_config(plan)}"
    return [runtime, *options, "-Djava.awt.headless=true", logging, "-cp", jars, "kafka.Kafka", str(plan.properties)]


def _format(plan: BrokerPlan, command: list[str]) -> None:
    """Format beside and rename, so that an interruption never leaves a half-formatted directory."""
    fresh = plan.directory / "kafka.formatting"
    shutil.rmtree(fresh, ignore_errors=True)
    if plan.data.exists() and any(plan.data.iterdir()):
        raise Failure(f"{plan.data} holds files but no meta.properties: move it away to start an empty broker")
    plan.properties.write_text(server_properties(plan, fresh))
    cluster = "w" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]
    arguments = ["kafka.tools.StorageTool", "format", "--cluster-id", cluster, "--config", str(plan.properties)]
    with plan.log.open("ab") as log:
        done = subprocess.run([*command, *arguments], stdout=log, stderr=log, check=False)  # noqa: S603 - the arguments are ours
    if done.returncode != 0:
        raise Failure(f"formatting {plan.data} failed: {last_line(plan.log)} (see {plan.log})")
    shutil.rmtree(plan.data, ignore_errors=True)
    fresh.rename(plan.data)


def server_properties(plan: BrokerPlan, data: Path) -> str:
    """The broker's configuration: loopback only, small, and made for one node.

    Segments are rolled by size, not by age: event times jump by years within a replay, and each
    roll would leave files behind. They are small enough for compaction to have something to do.
    """
    lines = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{plan.controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://127.0.0.1:{plan.port},CONTROLLER://127.0.0.1:{plan.controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{plan.port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": data,
        "auto.create.topics.enable": "false",
        "num.partitions": 4,
        "default.replication.factor": 1,
        "offsets.topic.num.partitions": 1,
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "controller.quorum.election.timeout.ms": 100,  # nobody else can win: do not wait for votes
        "controller.quorum.election.backoff.max.ms": 100,
        "broker.heartbeat.interval.ms": 250,
        "message.max.bytes": MESSAGE_BYTES_MAX,
        "replica.fetch.max.bytes": MESSAGE_BYTES_MAX,
        "log.segment.bytes": 128 * 1024 * 1024,
        "log.roll.hours": 24 * 3650,
        "log.retention.ms": -1,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
        "num.network.threads": 2,
        "num.io.threads": 2,
        "background.threads": 2,
    }
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def _log_config(plan: BrokerPlan) -> Path:
    return plan.directory / "broker-log4j2.properties"


def _write_log_config(plan: BrokerPlan) -> None:
    """Warnings, and the one line that says that the broker is up, on standard output."""
    _log_config(plan).write_text(
        "status = error\n"
        "appender.out.type = Console\n"
        "appender.out.name = out\n"
        "appender.out.layout.type = PatternLayout\n"
        "appender.out.layout.pattern = %d{ISO8601} %p %c{1}: %m%n\n"
        "rootLogger.level = warn\n"
        "rootLogger.appenderRef.out.ref = out\n"
        "logger.server.name = kafka.server.KafkaRaftServer\n"
        "logger.server.level = info\n"
    )
