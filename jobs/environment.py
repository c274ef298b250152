"""Flink's settings: one place for state, checkpoints, restarts and Python workers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import EnvironmentSettings, StreamTableEnvironment

from jobs.settings import JobSettings

KEY_GROUPS = 128
"""Flink's maximum parallelism: fixed, so that a savepoint restores at any parallelism up to it."""
BUNDLE_SIZE = 64
"""Articles handed to a Python worker at once: about half a second of work, so barriers pass soon."""


def table_environment(settings: JobSettings) -> StreamTableEnvironment:
    """An environment whose Python runs in worker processes, on a cluster or in this process's JVM."""
    # PyFlink runs Python inside the client process on an embedded cluster unless told otherwise.
    os.environ["_python_worker_execution_mode"] = "process"
    configuration = Configuration()
    for name, value in flink_options(settings).items():
        configuration.set_string(name, value)
    environment = StreamExecutionEnvironment.get_execution_environment(configuration)
    table = StreamTableEnvironment.create(environment, EnvironmentSettings.in_streaming_mode())
    for name, value in table_options().items():
        table.get_config().set(name, value)
    return table


def flink_options(settings: JobSettings) -> dict[str, str]:
    """Everything that differs from Flink's defaults and why it must."""
    return {**_state_options(settings), **_python_options(settings), **_cluster_options(settings)}


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
        "restart-strategy.exponential-delay.max-backoff": "30 s",
    }
    if settings.restore_from:
        options["execution.state-recovery.path"] = settings.restore_from
    return options


def _python_options(settings: JobSettings) -> dict[str, str]:
    return {
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
        "python.execution-mode": "process",
        "python.fn-execution.bundle.size": str(BUNDLE_SIZE),
        "python.fn-execution.bundle.time": str(settings.bundle_time_ms),
    }


def _cluster_options(settings: JobSettings) -> dict[str, str]:
    return {
        "parallelism.default": str(settings.parallelism),
        "pipeline.max-parallelism": str(KEY_GROUPS),
        "pipeline.jars": ";".join(jar.absolute().as_uri() for jar in connector_jars(settings)),
        "taskmanager.numberOfTaskSlots": str(settings.parallelism),
        "taskmanager.memory.managed.size": "256 mb",
        "taskmanager.memory.network.max": "64 mb",
        "taskmanager.network.memory.buffer-debloat.enabled": "true",
        "rest.bind-address": "127.0.0.1",
        "rest.address": "127.0.0.1",
        "rest.bind-port": str(settings.rest_port),
        "rest.port": str(settings.rest_port),
    }


def connector_jars(settings: JobSettings) -> list[Path]:
    """Flink's Kafka connector; raises `FileNotFoundError` where set-up did not fetch it."""
    jars = sorted(settings.jars.rglob("flink-sql-connector-kafka-*.jar"))
    if not jars:
        raise FileNotFoundError(f"no Kafka connector in {settings.jars}: run `make setup`")
    return jars


def table_options() -> dict[str, str]:
    """Mini-batches make one upsert of many; sums need no materialised upserts, for keys never change."""
    return {
        "table.local-time-zone": "UTC",
        "table.exec.mini-batch.enabled": "true",
        "table.exec.mini-batch.allow-latency": "50 ms",
        "table.exec.mini-batch.size": "5000",
        "table.optimizer.agg-phase-strategy": "ONE_PHASE",
        "table.exec.sink.upsert-materialize": "NONE",
        "table.exec.source.idle-timeout": "60 s",
    }
