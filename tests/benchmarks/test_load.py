"""Who was busy on which core."""

import os
import time

import psutil

from benchmarks.cores import pinned
from benchmarks.load import Load

HERE = sorted(os.sched_getaffinity(0))[:1]


def test_what_a_process_does_itself_is_not_others() -> None:
    with pinned(HERE), Load(psutil.Process(), HERE, HERE) as load:
        deadline = time.process_time() + 0.3
        while time.process_time() < deadline:
            pass
    assert 0.0 <= load.by_others < load.outer_busy
