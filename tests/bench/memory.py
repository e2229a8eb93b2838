"""What each program of an instance holds in memory."""

from collections.abc import Iterator, Mapping

import psutil

from tests.bench.clock import read_tree
from tests.bench.tables import format_table


def measure_memory(pids: Mapping[str, int]) -> dict[str, int]:
    """Bytes of each program with all of its processes; what several share is divided among them (PSS)."""
    return {name: sum(read_share(process) for process in read_tree(pid)) for name, pid in pids.items()}


def read_share(process: psutil.Process) -> int:
    """0 for one that has ended meanwhile."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0


def show_memory(held: Mapping[str, int]) -> Iterator[str]:
    yield from format_table(
        ["Memory of each program", "MB"], [[name, f"{size / 1e6:.0f}"] for name, size in held.items()]
    )
