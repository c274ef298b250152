"""The news job whole: rate against a plain loop, latency from producing to GetEntity, memory."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import psutil
from google.protobuf.duration_pb2 import Duration
from kafka import KafkaProducer

from benchmarks.report import Figure, percentile
from benchmarks.texts import articles
from udfs.topics import NEWS
from wiregraph import jobs_control, processes, stack_control
from wiregraph.demo_answers import Answers, connect
from wiregraph.jobs_control import JobRequest
from wiregraph.producing import Outgoing, open_sender
from wiregraph.stack import Stack, read_jobs, read_stack
from wiregraph.stack_control import Wish
from wiregraph.v1 import graph_pb2 as pb
from wiregraph.v1.services_pb2_grpc import GraphStub

LOOP_ARTICLES = 1_500
JOB_ARTICLES = 4_500
WARM_UP_ARTICLES = 1_500
PROBES = 600
PROBED = "eq:IBM"
LATENCY_TARGET_MS = 500
MEMORY_TARGET_MIB = 3_584
PATIENCE_S = 300.0


def measure(directory: Path) -> Iterator[Figure]:
    """The loop before and after the job, since the machine's speed drifts."""
    before = _loop_rate()
    stack = stack_control.up(Wish(directory), silent)
    try:
        record = jobs_control.start(directory, JobRequest("news-graph", stack.bootstrap))
        jobs_control.await_running(directory, record)
        job = _job_rate(stack)
        latencies_ms = _latencies_ms(stack, job / 4)
        memory = list(_memory(directory))
    finally:
        stack_control.down(directory, silent)
    loop = (before + _loop_rate()) / 2
    yield Figure("news", "plain_loop", loop, "headlines/s")
    yield Figure("news", "news_job", job, "headlines/s", job / loop, "plain_loop_target_0.85")
    for share in (0.50, 0.95, 0.99):
        value = percentile(latencies_ms, share)
        ratio = value / LATENCY_TARGET_MS
        yield Figure("news", f"produce_to_answer_p{share * 100:.0f}", value, "ms", ratio, "target_500_ms_at_p99")
    yield from memory


def silent(_line: str) -> None:
    """What commands say of their steps."""
    return


def _loop_rate() -> float:
    command = [sys.executable, "-m", "benchmarks.plain_loop", str(LOOP_ARTICLES)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _job_rate(stack: Stack) -> float:
    """Articles a second from the first warm one to the last, as the served counts tell."""
    records = [Outgoing(one.topic, one.key, one.value, one.record_time_ms) for one in articles(JOB_ARTICLES)]
    with connect(stack.grpc) as answers:
        send(stack, records[:WARM_UP_ARTICLES])
        await_read(answers, WARM_UP_ARTICLES)
        send(stack, records[WARM_UP_ARTICLES:])
        started_s = time.perf_counter()
        await_read(answers, len(records))
        return (len(records) - WARM_UP_ARTICLES) / (time.perf_counter() - started_s)


def send(stack: Stack, records: list[Outgoing]) -> None:
    """Until Kafka has acknowledged all."""
    with open_sender({"bootstrap_servers": stack.bootstrap}, NEWS) as sender:
        for record in records:
            while not sender.send(record):
                time.sleep(0.001)
        sender.flush()


def await_read(answers: Answers, count: int) -> None:
    """Until so many articles are read and counted; raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        progress = answers.progress()
        if progress.articles + progress.empty >= count:
            return
        time.sleep(0.05)
    raise TimeoutError(f"{count} articles were not read within {PATIENCE_S:.0f} s")


def _latencies_ms(stack: Stack, rate: float) -> list[float]:
    """From before a headline is produced until GetEntity counts it, at a steady rate."""
    sent_s: list[float] = []
    seen_s: list[float] = []
    with grpc.insecure_channel(stack.grpc) as channel:
        graph = GraphStub(channel)
        base = _articles(graph)
        watcher = threading.Thread(target=_watch, args=(graph, base, seen_s))
        watcher.start()
        # Without linger: a sender made for files waits for company, which is not the system's latency.
        producer = KafkaProducer(bootstrap_servers=stack.bootstrap, acks="all", linger_ms=0)
        started_s = time.perf_counter()
        for number in range(PROBES):
            time.sleep(max(0.0, started_s + number / rate - time.perf_counter()))
            sent_s.append(time.perf_counter())
            probe = _probe(number)
            producer.send(probe.topic, key=probe.key, value=probe.value, timestamp_ms=probe.timestamp_ms)
        producer.close()
        watcher.join()
    return [1_000 * (seen - sent) for sent, seen in zip(sent_s, seen_s, strict=True)]


def _probe(number: int) -> Outgoing:
    time_ms = 1_767_700_800_000 + number
    article = {"id": f"probe-{number}", "published_at": time_ms, "headline": f"IBM shares rise in session {number}"}
    return Outgoing(NEWS, article["id"].encode(), json.dumps(article).encode(), time_ms)  # type: ignore[attr-defined]


def _articles(graph: GraphStub) -> int:
    try:
        request = pb.GetEntityRequest(entity_id=PROBED, window=Duration(seconds=7 * 86_400))
        return int(graph.GetEntity(request, timeout=5).articles)
    except grpc.RpcError:
        return 0


def _watch(graph: GraphStub, base: int, seen_s: list[float]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while len(seen_s) < PROBES and time.monotonic() < deadline:
        count = _articles(graph) - base
        now_s = time.perf_counter()
        seen_s.extend([now_s] * (count - len(seen_s)))
        time.sleep(0.002)


def _memory(directory: Path) -> Iterator[Figure]:
    """Resident MiB of each process of the stack and of the job, and of all together."""
    stack = read_stack(directory)
    records = [*stack.processes.values(), *(record for _, record in read_jobs(directory))]
    whole = 0.0
    for record in records:
        process = processes.find(record)
        for member in [process, *process.children(recursive=True)] if process else []:
            size = member.memory_info().rss / 2**20
            whole += size
            yield Figure("news", f"memory_{_role(record.name, member)}", size, "MiB")
    yield Figure("news", "memory_all", whole, "MiB", whole / MEMORY_TARGET_MIB, "target_3584_MiB")


def _role(name: str, process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    kinds = {"beam_boot": "python_worker", "PythonGatewayServer": "flink", "pyflink-udf-runner": "worker_shell"}
    return next((f"{name}_{kind}" for mark, kind in kinds.items() if mark in command), f"{name}_{process.name()}")
