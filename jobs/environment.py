"""Flink's settings: one place for state, checkpoints, restarts and Python workers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pyflink
from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.java_gateway import get_gateway
from pyflink.pyflink_gateway_server import get_jvm_opts
from pyflink.table import EnvironmentSettings, StatementSet, StreamTableEnvironment
from pyflink.util.java_utils import to_jarray

from jobs.keys import KEY_GROUPS
from jobs.settings import JobSettings

LOOPBACK = "127.0.0.1"
_FLINK_HOME = Path(pyflink.__file__).parent
_ROOT = Path(__file__).resolve().parents[1]

BUNDLE_SIZE = 256
"""Articles handed to a Python worker at once at most: a second or two of work, for which a barrier waits."""


JVM_OPTIONS = ("-Xms256m", "-Xmx768m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""An embedded cluster's heap; its state lies outside of it, in RocksDB.

Better code than the first compiler's is not worth a core for a minute: it is Python that decides and reads.
"""

MATERIALIZED_EVERY = "3 min"
"""How often RocksDB writes down all that the click job holds; a restart reads the changelog from there on."""


def table_environment(settings: JobSettings, *, batch: bool = False) -> StreamTableEnvironment:
    """An environment whose Flink runs in this process's JVM or on a cluster, and its Python beside it or within."""
    _prepare_process(settings)
    configuration = Configuration()
    for name, value in flink_options(settings).items():
        configuration.set_string(name, value)
    if settings.cluster:
        environment = _remote_environment(settings, configuration)
    else:
        environment = StreamExecutionEnvironment.get_execution_environment(configuration)
    mode = EnvironmentSettings.in_batch_mode() if batch else EnvironmentSettings.in_streaming_mode()
    table = StreamTableEnvironment.create(environment, mode)
    for name, value in {**TABLE_OPTIONS, **({} if settings.in_threads or batch else SUM_OPTIONS)}.items():
        table.get_config().set(name, value)
    return table


def _remote_environment(settings: JobSettings, configuration: Configuration) -> StreamExecutionEnvironment:
    """An environment that hands its jobs to a session cluster, with the jars that they need."""
    gateway = get_gateway()
    jars = [str(jar.absolute()) for jar in _jars(settings)]
    host, port = settings.cluster.rsplit(":", 1)
    java = gateway.jvm.org.apache.flink.streaming.api.environment.StreamExecutionEnvironment
    return StreamExecutionEnvironment(
        java.createRemoteEnvironment(
            host,
            int(port),
            configuration._j_configuration,  # noqa: SLF001 - PyFlink has no call for it
            to_jarray(gateway.jvm.String, jars),
        )
    )


def _prepare_process(settings: JobSettings) -> None:
    """What PyFlink reads from the environment when it starts its JVM, and the workers inherit."""
    # PyFlink runs Python inside the client process on an embedded cluster unless told otherwise.
    os.environ["_python_worker_execution_mode"] = "process"  # noqa: SIM112 - PyFlink's name for it
    os.environ["FLINK_LOG_DIR"] = str(settings.log_dir.absolute())
    os.environ["FLINK_IDENT_STRING"] = settings.job_name
    os.environ["LOG4J_PROPERTIES"] = str(Path(__file__).with_name("log4j2.properties"))
    # The variable replaces Flink's own options, which open the JDK's packages that it needs.
    own = get_jvm_opts({"FLINK_CONF_DIR": str(_FLINK_HOME / "conf")})
    os.environ.setdefault("FLINK_ENV_JAVA_OPTS", " ".join([*own, *JVM_OPTIONS]))
    settings.log_dir.mkdir(parents=True, exist_ok=True)
    # RocksDB leaves a log for each operator and run here; Flink refuses long paths anywhere else.
    for old in settings.log_dir.glob("*_db_LOG*"):
        old.unlink(missing_ok=True)
    settings.scratch.mkdir(parents=True, exist_ok=True)


def flink_options(settings: JobSettings) -> dict[str, str]:
    """Everything that differs from Flink's defaults and why it must."""
    return {
        **_state_options(settings),
        **_python_options(settings),
        **_job_options(settings),
        **({} if settings.cluster else _embedded_options(settings)),
        **_fast_options(settings),
    }


def _state_options(settings: JobSettings) -> dict[str, str]:
    options = {
        "state.backend.type": "rocksdb",
        "execution.checkpointing.incremental": "true",
        "execution.checkpointing.dir": (settings.state_dir / "checkpoints").absolute().as_uri(),
        "execution.checkpointing.savepoint-dir": (settings.state_dir / "savepoints").absolute().as_uri(),
        "execution.checkpointing.interval": f"{settings.checkpoint_interval_ms} ms",
        "execution.checkpointing.min-pause": "500 ms",
        "execution.checkpointing.timeout": "10 min",
        "execution.checkpointing.tolerable-failed-checkpoints": "10",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "execution.checkpointing.num-retained": "3",
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "1 s",
        # A job that has worked for some minutes is not the one that failed again and again.
        "restart-strategy.exponential-delay.max-backoff": "10 s",
        "restart-strategy.exponential-delay.reset-backoff-threshold": "5 min",
    }
    if settings.restore_from:
        options["execution.state-recovery.path"] = settings.restore_from
    return options


def _fast_options(settings: JobSettings) -> dict[str, str]:
    """What the click job's many small records need.

    Its few timers cost little in memory. Its operators keep no record that another one changes, so none is copied on
    the way. A click crosses four exchanges, and an alert is waited for.

    A checkpoint would stop the operators until RocksDB has flushed what came since the last one, so each access of
    state goes to a changelog as well, which is all that a checkpoint writes. RocksDB writes down what it holds now and
    then, flushes some at a time in between, and does not compress chunks that are compressed. One thread copies what
    was written down: four would take four fifths of the core from the clicks meanwhile.
    """
    options = {
        "state.changelog.enabled": "true",
        "state.changelog.storage": "filesystem",
        "state.changelog.dstl.dfs.base-path": (settings.state_dir / "changelog").absolute().as_uri(),
        "state.changelog.periodic-materialize.interval": MATERIALIZED_EVERY,
        "state.backend.rocksdb.writebuffer.size": "8 mb",
        "state.backend.rocksdb.checkpoint.transfer.thread.num": "1",
        "state.backend.rocksdb.compression.per.level": "NO_COMPRESSION",
        "state.backend.rocksdb.timer-service.factory": "HEAP",
        "pipeline.object-reuse": "true",
        "execution.buffer-timeout.interval": "1 ms",
    }
    if settings.restore_from:
        # What a job does not claim it must first write down in full, which a changelog cannot: no checkpoint would do.
        options["execution.state-recovery.claim-mode"] = "CLAIM"
    return options if settings.in_threads else {}


def _python_options(settings: JobSettings) -> dict[str, str]:
    return {
        "python.executable": settings.python,
        "python.client.executable": sys.executable,
        "python.execution-mode": "thread" if settings.in_threads else "process",
        # A Python within the JVM knows of no virtual environment.
        "python.pythonpath": ":".join([str(_ROOT), *(path for path in sys.path if path)]),
        "python.fn-execution.bundle.size": str(BUNDLE_SIZE),
        "python.fn-execution.bundle.time": str(settings.bundle_time_ms),
    }


def _job_options(settings: JobSettings) -> dict[str, str]:
    return {
        "parallelism.default": str(settings.parallelism),
        "pipeline.name": settings.job_name,
        "pipeline.max-parallelism": str(KEY_GROUPS),
        # A record crosses three exchanges, each of which holds a buffer back for 100 ms by default.
        "execution.buffer-timeout.interval": "10 ms",
        "pipeline.jars": ";".join(jar.absolute().as_uri() for jar in _jars(settings)),
    }


def _embedded_options(settings: JobSettings) -> dict[str, str]:
    """A small cluster of one process that listens on loopback only."""
    return {
        **_workers(settings),
        "taskmanager.memory.managed.size": "256 mb",
        "taskmanager.memory.network.max": "64 mb",
        "taskmanager.network.memory.buffer-debloat.enabled": "true",
        "io.tmp.dirs": str(settings.scratch.absolute()),
        "jobmanager.bind-host": LOOPBACK,
        "taskmanager.bind-host": LOOPBACK,
        "rest.bind-address": LOOPBACK,
        "rest.address": LOOPBACK,
        "rest.bind-port": str(settings.rest_port),
        "rest.port": str(settings.rest_port),
    }


def _workers(settings: JobSettings) -> dict[str, str]:
    """Python that runs within a TaskManager shares its interpreter's lock with all of its slots, so it gets one."""
    slots, managers = (1, settings.parallelism) if settings.in_threads else (settings.parallelism, 1)
    return {"taskmanager.numberOfTaskSlots": str(slots), "minicluster.number-of-taskmanagers": str(managers)}


def run(statements: StatementSet, settings: JobSettings) -> None:
    """Run a job until it ends; a cluster gets it and goes on with it, its id is printed."""
    result = statements.execute()
    client = result.get_job_client()
    if settings.cluster and client:
        sys.stdout.write(f"{client.get_job_id()}\n")
    else:
        result.wait()


def _jars(settings: JobSettings) -> list[Path]:
    """What a job's classes come from: with jars of its own, a cluster does not see the wheel's any more."""
    return [*connector_jars(settings), *([python_jar()] if settings.cluster else [])]


def python_jar() -> Path:
    """The jar of PyFlink's wheel that runs Python."""
    return next((_FLINK_HOME / "opt").glob("flink-python-*.jar"))


def connector_jars(settings: JobSettings) -> list[Path]:
    """Flink's Kafka connector; raises `FileNotFoundError` where set-up did not fetch it."""
    jars = sorted(settings.jars.rglob("flink-sql-connector-kafka-*.jar"))
    if not jars:
        raise FileNotFoundError(f"no Kafka connector in {settings.jars}: run `make setup`")
    return jars


# Upserts need not be materialised, since the key of a row never changes.
TABLE_OPTIONS = {
    "table.local-time-zone": "UTC",
    "table.exec.sink.upsert-materialize": "NONE",
    "table.exec.source.idle-timeout": "60 s",
    # Two inserts into one topic stay two writers, each in the thread of the operator whose rows it writes.
    "table.optimizer.reuse-sink-enabled": "false",
}
# Mini-batches make one upsert of many.
SUM_OPTIONS = {
    "table.exec.mini-batch.enabled": "true",
    "table.exec.mini-batch.allow-latency": "50 ms",
    "table.exec.mini-batch.size": "5000",
    "table.optimizer.agg-phase-strategy": "ONE_PHASE",
}
