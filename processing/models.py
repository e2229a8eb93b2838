"""Loaded models: built on first use, kept for the life of this process, closed at its end.

A model that was built before a fork does not work after it, and some abort. So none is ever built in a process that
forks: only the child of a worker slot builds any, and it starts no processes.
"""

import os
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

Model = TypeVar("Model")

_loaded: dict[str, Any] = {}
_milliseconds: dict[str, float] = {}
_settings = {"threads": 1}


def use(*, threads: int) -> None:
    """How many threads one model may use from now on in this process, at least 1."""
    _settings["threads"] = threads


def threads() -> int:
    """How many threads one model may use."""
    return _settings["threads"]


def load(name: str, build: Callable[[], Model]) -> Model:
    """The model of this name, which `build` makes when it is not there yet."""
    if name not in _loaded:
        started = time.perf_counter()
        _loaded[name] = build()
        _milliseconds[name] = (time.perf_counter() - started) * 1000
    return cast(Model, _loaded[name])


def take_timings() -> dict[str, float]:
    """How many milliseconds each model took to load, of those loaded since this was last asked."""
    taken = dict(_milliseconds)
    _milliseconds.clear()
    return taken


def close_all() -> None:
    """Close every model that can be closed, the last first."""
    for name in reversed(list(_loaded)):
        close = getattr(_loaded.pop(name), "close", None)
        if close:
            close()


def _forget_all() -> None:
    """In a fork: its models work in the process that built them alone, and must not be closed here either."""
    _kept.extend(_loaded.values())
    _loaded.clear()
    _milliseconds.clear()


_kept: list[Any] = []
os.register_at_fork(after_in_child=_forget_all)
