"""What it costs that pictures are worked on in a process apart."""

import os
import statistics
import time
from dataclasses import dataclass

import psutil

from processing.child import Child
from processing.limits import Limits
from tests.bench.clock import read_cpu
from tests.bench.pixels import CHILD_MEMORY_BYTES, OURS, OURS_IN_CHILD, Row, make_variants

STARTS = 3


@dataclass(frozen=True)
class Isolation:
    """The cost of a child.

    extra_cpu_ms, parent_cpu_ms: for one picture; beyond the pipeline in process, and of it on the parent's side.
    start_ms, start_cpu_ms: from nothing to the first answer, beyond what a later picture takes.
    rss_bytes: what a child that has worked holds, of it shared_bytes with other processes.
    """

    extra_cpu_ms: float
    parent_cpu_ms: float
    start_ms: float
    start_cpu_ms: float
    rss_bytes: int
    shared_bytes: int


def measure_isolation(photos: list[bytes], row: Row) -> Isolation:
    """row: the case of the same photos, measured with and without a child."""
    starts = [_measure_start(photos[0], row) for _ in range(STARTS)]
    child = Child(memory_bytes=CHILD_MEMORY_BYTES)
    parent_cpu_ms = statistics.median(_measure_parent(child, photo) for photo in photos)
    memory = psutil.Process(child.pid).memory_info()
    child.close()
    return Isolation(
        extra_cpu_ms=row.costs[OURS_IN_CHILD].cpu_ms - row.costs[OURS].cpu_ms,
        parent_cpu_ms=parent_cpu_ms,
        start_ms=statistics.median(wall for wall, _ in starts),
        start_cpu_ms=statistics.median(cpu for _, cpu in starts),
        rss_bytes=memory.rss,
        shared_bytes=memory.shared,
    )


def _run(child: Child, photo: bytes) -> None:
    child.run(photo, make_variants((512,), "jpeg"), limits=Limits(), assets={}, seconds=60)


def _measure_start(photo: bytes, row: Row) -> tuple[float, float]:
    """Wall and CPU time in milliseconds."""
    child = Child(memory_bytes=CHILD_MEMORY_BYTES)
    wall = time.perf_counter()
    _run(child, photo)
    steady = row.costs[OURS_IN_CHILD]
    assert child.pid
    spent = (time.perf_counter() - wall) * 1000 - steady.wall_ms, read_cpu(child.pid) * 1000 - steady.cpu_ms
    child.close()
    return spent


def _measure_parent(child: Child, photo: bytes) -> float:
    before = read_cpu(os.getpid())
    _run(child, photo)
    return (read_cpu(os.getpid()) - before) * 1000
