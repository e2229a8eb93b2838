"""A worker node inside the tests' own process, for everything that is rung."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection

from jobs import callbacks, engine, listings

TASKS: dict[str, Callable[[int], object]] = {
    "run_item": engine.run_item,
    "list_folder": listings.list_folder,
    "deliver": callbacks.deliver,
}


@dataclass
class Worker:
    """Does what it is rung for, one after the other, while `gate` is open.

    deaf_to: names of what it does not hear, as the messages of a test that delivers them itself.
    before: what happens first, before each. stop_after: after so many the gate is shut. done: names and ids.
    """

    deaf_to: frozenset[str] = frozenset()
    gate: threading.Event = field(default_factory=threading.Event)
    before: Callable[[], object] = lambda: None
    stop_after: int | None = None
    done: list[tuple[str, int]] = field(default_factory=list)
    _rung: "queue.Queue[tuple[str, int] | None]" = field(default_factory=queue.Queue)

    def ring(self, _app: Any, name: str, args: list[int], **_: Any) -> None:
        """What the broker does with a message."""
        if name in TASKS.keys() - self.deaf_to:
            self._rung.put((name, args[0]))

    def work(self) -> None:
        try:
            while (rung := self._rung.get()) is not None:
                self.gate.wait(timeout=60)
                self.before()
                TASKS[rung[0]](rung[1])
                self.done.append(rung)
                if len(self.done) == self.stop_after:
                    self.gate.clear()
        finally:
            connection.close()

    def stop(self) -> None:
        self.gate.set()
        self._rung.put(None)


@contextmanager
def working(monkeypatch: pytest.MonkeyPatch, *, deaf_to: frozenset[str] = frozenset()) -> Iterator[Worker]:
    """A worker that does what is rung until the block ends."""
    monkeypatch.setattr("jobs.dispatch._quiet", {})
    monkeypatch.setattr("jobs.nodes._seen", {})
    worker = Worker(deaf_to)
    worker.gate.set()
    thread = threading.Thread(target=worker.work, name="worker")
    thread.start()
    monkeypatch.setattr("celery.Celery.send_task", lambda *args, **kwargs: worker.ring(*args, **kwargs))
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
