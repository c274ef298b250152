"""A standalone Flink cluster of the wheel's own scripts: a JobManager, and TaskManagers of one slot, real processes."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pyflink

from benchmarks.cores import pinned
from jobs.environment import JVM_OPTIONS, python_jar
from wiregraph import flink_rest, ports, processes
from wiregraph.errors import Failure

FLINK_HOME = Path(pyflink.__file__).parent
JOB_MANAGER, TASK_MANAGER, ZOOKEEPER = "jobmanager", "taskmanager", "zookeeper"
START_S = 300.0
OPTIONS = """
jobmanager: {{bind-host: 127.0.0.1, rpc: {{address: 127.0.0.1, port: {rpc}}}, memory: {{process: {{size: 900m}}}}}}
taskmanager:
  bind-host: 127.0.0.1
  host: 127.0.0.1
  numberOfTaskSlots: 1
  memory: {{process: {{size: 1800m}}, managed: {{size: 256m}}, network: {{max: 64m}}}}
rest: {{address: 127.0.0.1, bind-address: 127.0.0.1, port: {rest}, bind-port: "{rest}"}}
blob.server.port: "0"
io.tmp.dirs: {folder}
heartbeat: {{timeout: 60000, interval: 3000}}
"""
"""A process that is gone is noticed when it does not answer twice, one that is slow has a minute."""
HIGH_AVAILABILITY = """
high-availability:
  type: zookeeper
  storageDir: {storage}
  zookeeper: {{quorum: "127.0.0.1:{port}", client: {{session-timeout: 10000}}}}
"""
ZOOKEEPER_OPTIONS = "tickTime=2000\nclientPortAddress=127.0.0.1\nclientPort={port}\ndataDir={folder}\n"


@dataclass
class Cluster:
    """A cluster in `folder`; `running` are its processes by name, `jobmanager` and `taskmanager-N`.

    With `keeps_jobs` there is a `zookeeper`, too, and a JobManager that is started again goes on with its jobs.
    """

    folder: Path
    keeps_jobs: bool = False
    rpc: int = field(default_factory=lambda: ports.choose(None, 0))
    rest: int = field(default_factory=lambda: ports.choose(None, 0))
    running: dict[str, psutil.Popen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lib, configuration = self.folder / "lib", self.folder / "conf"
        lib.mkdir(parents=True)
        configuration.mkdir()
        for jar in [*(FLINK_HOME / "lib").glob("*.jar"), python_jar()]:
            (lib / jar.name).symlink_to(jar)
        # The JDK's packages that Flink needs opened stand in front.
        own = (FLINK_HOME / "conf" / "config.yaml").read_text("utf-8").split("jobmanager:", 1)[0]
        options = OPTIONS.format(rpc=self.rpc, rest=self.rest, folder=self.folder)
        (configuration / "config.yaml").write_text(own + options + self._kept(configuration), "utf-8")
        logging = "log4j-console.properties"
        (configuration / logging).write_bytes((FLINK_HOME / "conf" / logging).read_bytes())

    def _kept(self, configuration: Path) -> str:
        """What keeps the jobs of a JobManager that dies."""
        if not self.keeps_jobs:
            return ""
        port, data = ports.choose(None, 0), self.folder / ZOOKEEPER
        (configuration / "zoo.cfg").write_text(ZOOKEEPER_OPTIONS.format(port=port, folder=data), "utf-8")
        return HIGH_AVAILABILITY.format(storage=(self.folder / "kept").as_uri(), port=port)

    @property
    def address(self) -> str:
        """The REST API's HOST:PORT."""
        return f"{ports.HOST}:{self.rest}"

    def start(self, name: str) -> None:
        """Start one process, or start it again."""
        environment = {
            **os.environ,
            "FLINK_CONF_DIR": str(self.folder / "conf"),
            "FLINK_LIB_DIR": str(self.folder / "lib"),
            "FLINK_LOG_DIR": str(self.folder),
            "FLINK_PID_DIR": str(self.folder),
            "FLINK_IDENT_STRING": name,
            "FLINK_ENV_JAVA_OPTS_TM": JVM_OPTIONS[-1],
        }
        kind = name.partition("-")[0]
        command: list[Path | str] = [
            FLINK_HOME / "bin" / f"{kind}.sh",
            "start-foreground",
            *(["1"] if kind == ZOOKEEPER else []),
        ]
        with (self.folder / f"{name}.out").open("ab") as out:
            self.running[name] = psutil.Popen(
                command,
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """SIGKILL a process and those it started."""
        process = self.running.pop(name)
        for member in [*process.children(recursive=True), process]:
            member.kill()
        process.wait()

    def await_slots(self, wanted: int) -> None:
        """Wait until so many slots are there; raises Failure where they are not in time."""
        deadline = time.monotonic() + START_S
        while self._slots() != wanted:
            if time.monotonic() > deadline:
                raise Failure(f"the cluster on {self.address} has not {wanted} slots after {START_S:.0f} s")
            time.sleep(0.5)

    def _slots(self) -> int:
        try:
            return flink_rest.slots(self.address)
        except Failure:
            return 0


@contextmanager
def cluster(folder: Path, cores: Sequence[Sequence[int]], *, keeps_jobs: bool = False) -> Iterator[Cluster]:
    """A cluster with a TaskManager for each item of `cores`, once all of them are there; ended at the end."""
    found = Cluster(folder, keeps_jobs)
    try:
        if keeps_jobs:
            found.start(ZOOKEEPER)
        found.start(JOB_MANAGER)
        for number, own in enumerate(cores):
            with pinned(own):
                found.start(f"{TASK_MANAGER}-{number}")
        found.await_slots(len(cores))
        yield found
    finally:
        for process in found.running.values():
            processes.end(process, 20.0)
