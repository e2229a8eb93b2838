"""What everything around the pixels costs, seen from outside: the processes of an instance that works on a batch."""

import time
from dataclasses import dataclass

import psutil

from tests.bench.batch import Batch, await_end
from tests.bench.clock import is_child, read_tree, sum_cpu, sum_ended

PICTURES_PER_SECOND_AT_LEAST = 2
START_SECONDS = 60
WARM_ITEMS = 12


@dataclass(frozen=True)
class Road:
    """CPU milliseconds for one item, by who spent them, and items per second.

    worker: the node that runs items, without the children that do the pixels. beside: broker, web, beat and the node
    for deliveries, as far as they are this instance's own.
    """

    items: int
    items_per_second: float
    child: float
    worker: float
    broker: float
    beside: float

    @property
    def total(self) -> float:
        """All but the pixels."""
        return self.worker + self.broker + self.beside


def measure_road(batch: Batch, pids: dict[str, int], items: int) -> Road:
    """pids: the instance's programs by name."""
    _run(batch, WARM_ITEMS)
    before, started = _Spent(pids), time.monotonic()
    _run(batch, items)
    seconds, after = time.monotonic() - started, _Spent(pids)
    return Road(
        items=items,
        items_per_second=items / seconds,
        child=(after.child - before.child) / items * 1000,
        worker=(after.worker - before.worker) / items * 1000,
        broker=(after.broker - before.broker) / items * 1000,
        beside=(after.beside - before.beside) / items * 1000,
    )


def _run(batch: Batch, items: int) -> None:
    await_end(batch.create_job(items), timeout_seconds=START_SECONDS + items / PICTURES_PER_SECOND_AT_LEAST)


class _Spent:
    """What the instance's processes have used until now, in seconds."""

    def __init__(self, pids: dict[str, int]) -> None:
        node = read_tree(pids["batch"])
        children = [process for process in node if is_child(process)]
        slots = [process for process in node if process not in children]
        # Children are replaced now and then: those that have ended count as well.
        self.child = sum_cpu(children) + sum_ended(slots)
        self.worker = sum_cpu(slots)
        self.broker = sum_cpu([psutil.Process(pids["broker"])]) if "broker" in pids else 0.0
        others = [pid for name, pid in pids.items() if name not in ("batch", "broker", "interactive")]
        self.beside = sum(sum_cpu(read_tree(pid)) for pid in others)
