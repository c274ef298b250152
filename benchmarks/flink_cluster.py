"""A standalone Flink cluster of the wheel's own scripts: a JobManager, and TaskManagers of one slot on their cores."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pyflink

from benchmarks.fraud_bench import pinned
from jobs.environment import JVM_OPTIONS, python_jar
from wiregraph import flink_rest, ports, processes
from wiregraph.errors import Failure

FLINK_HOME = Path(pyflink.__file__).parent
START_S = 120.0
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
heartbeat: {{timeout: 60000}}
"""


@contextmanager
def cluster(folder: Path, cores: Sequence[Sequence[int]]) -> Iterator[str]:
    """HOST:PORT of a cluster with a TaskManager for each item of `cores`, once all of them are there."""
    rpc, rest = ports.choose(None, 0), ports.choose(None, 0)
    address = f"{ports.HOST}:{rest}"
    environment = _environment(folder, rpc, rest)
    running = [_start(folder, "jobmanager", environment)]
    try:
        for manager in cores:
            with pinned(manager):
                running.append(_start(folder, "taskmanager", environment))
        _await_slots(address, len(cores))
        yield address
    finally:
        for process in running:
            processes.end(process, 20.0)


def _environment(folder: Path, rpc: int, rest: int) -> dict[str, str]:
    lib, configuration = folder / "lib", folder / "conf"
    lib.mkdir(parents=True)
    configuration.mkdir()
    for jar in [*(FLINK_HOME / "lib").glob("*.jar"), python_jar()]:
        (lib / jar.name).symlink_to(jar)
    # The JDK's packages that Flink needs opened stand in front.
    own = (FLINK_HOME / "conf" / "config.yaml").read_text("utf-8").split("jobmanager:", 1)[0]
    (configuration / "config.yaml").write_text(own + OPTIONS.format(rpc=rpc, rest=rest, folder=folder), "utf-8")
    logging = "log4j-console.properties"
    (configuration / logging).write_bytes((FLINK_HOME / "conf" / logging).read_bytes())
    return {
        **os.environ,
        "FLINK_CONF_DIR": str(configuration),
        "FLINK_LIB_DIR": str(lib),
        "FLINK_LOG_DIR": str(folder),
        "FLINK_PID_DIR": str(folder),
        "FLINK_ENV_JAVA_OPTS_TM": JVM_OPTIONS[-1],
    }


def _start(folder: Path, name: str, environment: dict[str, str]) -> psutil.Popen:
    script = FLINK_HOME / "bin" / f"{name}.sh"
    with (folder / f"{name}.out").open("ab") as out:
        return psutil.Popen(
            [script, "start-foreground"], env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )


def _await_slots(address: str, wanted: int) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            if flink_rest.slots(address) == wanted:
                return
        except Failure:
            pass
        time.sleep(0.5)
    raise Failure(f"the cluster on {address} has not {wanted} slots after {START_S:.0f} s")
