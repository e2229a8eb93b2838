"""A worker node inside the tests' own process, for everything that is rung."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from jobs import callbacks, engine, listings

TASKS: dict[str, Callable[[int], object]] = {
    "run_item": engine.run_item,
    "list_folder": listings.list_folder,
    "deliver": callbacks.deliver,
}


@dataclass
class Worker:
    """Does what it is rung for, one after the other, while `gate` is open. done: names and ids of what it did."""

    gate: threading.Event = field(default_factory=threading.Event)
    done: list[tuple[str, int]] = field(default_factory=list)
    _rung: "queue.Queue[tuple[str, int] | None]" = field(default_factory=queue.Queue)

    def ring(self, _app: Any, name: str, args: list[int], **_: Any) -> None:
        """What the broker does with a message."""
        if name in TASKS:
            self._rung.put((name, args[0]))

    def work(self) -> None:
        try:
            while (rung := self._rung.get()) is not None:
                self.gate.wait(timeout=60)
                TASKS[rung[0]](rung[1])
                self.done.append(rung)
        finally:
            connection.close()

    def stop(self) -> None:
        self.gate.set()
        self._rung.put(None)


@contextmanager
def working() -> Iterator[Worker]:
    """A worker that works until the block ends."""
    worker = Worker()
    worker.gate.set()
    thread = threading.Thread(target=worker.work, name="worker")
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join()
