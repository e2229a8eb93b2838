"""A worker node inside the tests' own process."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from jobs import engine


@dataclass
class Worker:
    """Does the items that it is rung for, one after the other, once `gate` is open. done: their ids."""

    done: list[int] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    _rung: "queue.Queue[int | None]" = field(default_factory=queue.Queue)

    def ring(self, name: str, args: list[int], **_: Any) -> None:
        """What the broker does with a message."""
        assert name == "run_item"
        self._rung.put(args[0])

    def work(self) -> None:
        try:
            while (item_id := self._rung.get()) is not None:
                self.gate.wait(timeout=30)
                engine.run_item(item_id)
                self.done.append(item_id)
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
