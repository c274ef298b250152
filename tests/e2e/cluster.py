"""A standalone Flink cluster of the wheel's own scripts: one JobManager and TaskManagers, each a real process."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pyflink

from jobs.environment import python_jar
from tests.e2e.system import wait_for
from wiregraph import flink_rest, ports, processes
from wiregraph.errors import Failure

FLINK_HOME = Path(pyflink.__file__).parent
JOB_MANAGER, TASK_MANAGER = "jobmanager", "taskmanager"
OPTIONS = """
jobmanager: {{bind-host: 127.0.0.1, rpc: {{address: 127.0.0.1, port: {rpc}}}, memory: {{process: {{size: 900m}}}}}}
taskmanager:
  bind-host: 127.0.0.1
  host: 127.0.0.1
  numberOfTaskSlots: 1
  memory: {{process: {{size: 1500m}}, managed: {{size: 256m}}, network: {{max: 64m}}}}
rest: {{address: 127.0.0.1, bind-address: 127.0.0.1, port: {rest}, bind-port: "{rest}"}}
blob.server.port: "0"
io.tmp.dirs: {scratch}
heartbeat: {{timeout: 60000, rpc-failure-threshold: -1}}
"""


@dataclass
class Cluster:
    """A cluster in `directory`; its processes are by name, `jobmanager` and `taskmanager-N`."""

    directory: Path
    rpc: int = field(default_factory=lambda: ports.choose(None, 0))
    rest: int = field(default_factory=lambda: ports.choose(None, 0))
    running: dict[str, psutil.Popen] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.rest}"

    def start(self, name: str) -> None:
        """Start one process, or start it again."""
        configuration, scratch = self.directory / "conf", self.directory / "scratch"
        for folder in (configuration, scratch, self.directory / "logs"):
            folder.mkdir(parents=True, exist_ok=True)
        # The JDK's packages that Flink needs opened stand in front.
        own = (FLINK_HOME / "conf" / "config.yaml").read_text("utf-8").split("jobmanager:", 1)[0]
        options = OPTIONS.format(rpc=self.rpc, rest=self.rest, scratch=scratch)
        (configuration / "config.yaml").write_text(own + options, "utf-8")
        (configuration / "log4j-console.properties").write_bytes(
            (FLINK_HOME / "conf" / "log4j-console.properties").read_bytes()
        )
        environment = {
            **os.environ,
            "FLINK_CONF_DIR": str(configuration),
            "FLINK_LIB_DIR": str(self._lib()),
            "FLINK_LOG_DIR": str(self.directory / "logs"),
            "FLINK_PID_DIR": str(self.directory),
            "FLINK_IDENT_STRING": name,
        }
        with (self.directory / "logs" / f"{name}.out").open("ab") as out:
            self.running[name] = psutil.Popen(
                [FLINK_HOME / "bin" / f"{name.partition('-')[0]}.sh", "start-foreground"],
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _lib(self) -> Path:
        """Flink's jars and the one for Python, whose native library a process can load once only."""
        lib = self.directory / "lib"
        if not lib.exists():
            lib.mkdir()
            for jar in [*(FLINK_HOME / "lib").glob("*.jar"), python_jar()]:
                (lib / jar.name).symlink_to(jar)
        return lib

    def kill(self, name: str) -> None:
        """SIGKILL a process and those it started."""
        process = self.running.pop(name)
        for member in [*process.children(recursive=True), process]:
            member.kill()
        process.wait()

    def slots(self) -> int:
        """The slots that the JobManager knows, 0 while it does not answer."""
        try:
            return flink_rest.slots(self.address)
        except Failure:
            return 0


@contextmanager
def cluster(directory: Path, task_managers: int) -> Iterator[Cluster]:
    """A cluster that is ready for jobs; ended at the end."""
    found = Cluster(directory)
    try:
        found.start(JOB_MANAGER)
        for number in range(task_managers):
            found.start(f"{TASK_MANAGER}-{number}")
        wait_for(lambda: found.slots() == task_managers or None)
        yield found
    finally:
        for process in found.running.values():
            processes.end(process, 20.0)
