"""CPU time, of this process and of others."""

import time
from collections.abc import Iterable

import psutil

CPUCLOCK_SCHED = 2
"""The kernel's word for "time on a core", in the low bits of a clock's id (include/linux/posix-timers_types.h)."""


def read_cpu(pid: int) -> float:
    """CPU time of a running process in seconds, user and system, all threads, to the nanosecond.

    Neither the process table nor psutil has more than hundredths of a second. Raises OSError where it has ended.
    """
    return time.clock_gettime(~pid << 3 | CPUCLOCK_SCHED)


def read_tree(pid: int) -> list[psutil.Process]:
    """A process and all that descend from it."""
    top = psutil.Process(pid)
    return [top, *top.children(recursive=True)]


def is_child(process: psutil.Process) -> bool:
    """Whether this is a child that does pixels: its command line says so."""
    return any("processing.child_main" in word for word in process.cmdline())


def sum_cpu(processes: Iterable[psutil.Process]) -> float:
    """CPU seconds of these processes themselves."""
    return sum(read_cpu(process.pid) for process in processes)


def sum_ended(processes: Iterable[psutil.Process]) -> float:
    """CPU seconds of processes that these started and that have ended since, to the hundredth."""
    times = [process.cpu_times() for process in processes]
    return sum(each.children_user + each.children_system for each in times)
