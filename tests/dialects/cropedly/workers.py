"""A worker node inside the tests' own process."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from jobs import engine


@dataclass
class Worker:
    """Does the items that it is rung for, one after the other, while `gate` is open.

    before: what happens first, before each. stop_after: of so many items the gate is shut. done: the items' ids.
    """

    gate: threading.Event = field(default_factory=threading.Event)
    before: Callable[[], object] = lambda: None
    stop_after: int | None = None
    done: list[int] = field(default_factory=list)
    _rung: "queue.Queue[int | None]" = field(default_factory=queue.Queue)

    def ring(self, _app: Any, name: str, args: list[int], **_: Any) -> None:
        """What the broker does with a message."""
        if name == "run_item":
            self._rung.put(args[0])

    def work(self) -> None:
        try:
            while (item_id := self._rung.get()) is not None:
                self.gate.wait(timeout=30)
                self.before()
                engine.run_item(item_id)
                self.done.append(item_id)
                if len(self.done) == self.stop_after:
                    self.gate.clear()
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


def await_that(is_so: Callable[[], object], what: str, *, seconds: float = 20) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.01)
