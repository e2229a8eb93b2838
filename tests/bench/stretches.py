"""What everything around the pixels costs, seen from inside: items run in this process, under a stopwatch."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from django.db import connection, connections

from jobs import dispatch, engine, leases
from jobs.models import Job
from processing.child import Child
from storage.kinds.local import LocalStorage
from storage.kinds.s3 import S3Storage

REST = "the rest"
SQL = "SQL statements"
STRETCHES: tuple[tuple[Any, str, str], ...] = (
    (leases, "claim_item", "claim, around its SQL"),
    (leases, "renew", "lease check, around its SQL"),
    (engine, "end_item", "end, around its SQL"),
    (dispatch, "fill", "fill the window, around its SQL"),
    (dispatch, "ring", "publish"),
    (Child, "run", "child, parent's side"),
    (LocalStorage, "read", "storage: read"),
    (LocalStorage, "write", "storage: write"),
    (S3Storage, "read", "storage: read"),
    (S3Storage, "write", "storage: write"),
)
"""Where the stopwatch looks: owner, name, and what the stretch is called."""


@dataclass(frozen=True)
class Stretch:
    """One part of an item's way: how often for one item, and its own CPU time without what lies within it."""

    name: str
    calls: float
    cpu_ms: float


class Stopwatch:
    """Splits this process's CPU time between stretches; one that lies within another stops the outer one."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self._open = [REST]
        self._since = time.process_time()

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        """What happens in the block counts as this stretch."""
        self._turn()
        self.calls[name] += 1
        self._open.append(name)
        try:
            yield
        finally:
            self._turn()
            self._open.pop()

    def reset(self) -> None:
        """Begin anew."""
        self._turn()
        self.spent.clear()
        self.calls.clear()

    def _turn(self) -> None:
        now = time.process_time()
        self.spent[self._open[-1]] += now - self._since
        self._since = now

    def results(self, items: int) -> list[Stretch]:
        """The stretches, the costly first."""
        self._turn()
        names = sorted(self.spent, key=lambda name: -self.spent[name])
        return [Stretch(name, self.calls[name] / items, self.spent[name] / items * 1000) for name in names]


def measure_stretches(job: Job) -> list[Stretch]:
    """Run all items of a job here. Nobody else may: their messages must go where no worker listens."""
    first, *others = job.items.order_by("pk").values_list("pk", flat=True)
    engine.run_item(first)
    watch = Stopwatch()
    with _watching(watch):
        watch.reset()
        for item_id in others:
            engine.run_item(item_id)
    return watch.results(len(others))


@contextmanager
def _watching(watch: Stopwatch) -> Iterator[None]:
    with ExitStack() as stack:
        commit = (type(connections["default"]), "_commit", "SQL commits")
        for owner, name, title in (*STRETCHES, commit):
            stack.enter_context(mock.patch.object(owner, name, _timed(getattr(owner, name), watch, title)))
        stack.enter_context(connection.execute_wrapper(_make_wrapper(watch)))
        yield


def _timed(function: Callable[..., Any], watch: Stopwatch, title: str) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        with watch.on(title):
            return function(*args, **kwargs)

    return run


def _make_wrapper(watch: Stopwatch) -> Callable[..., Any]:
    def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        with watch.on(SQL):
            return run(sql, params, many, context)

    return execute
