"""Processes that are killed at a boundary of our choice."""

import os
import signal
from collections.abc import Callable
from typing import Any

from django.db import connection, connections

from storage.kinds.local import LocalStorage


class Countdown:
    """Kills this process when it crosses its n-th boundary: a statement, a commit, a file put in place or deleted."""

    def __init__(self, crossings: int) -> None:
        self.left = crossings

    def cross(self) -> None:
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def execute(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.cross()
        result = execute(sql, params, many, context)
        self.cross()
        return result

    def watch_files(self) -> None:
        for name in ("write", "delete"):
            setattr(LocalStorage, name, self._watched(getattr(LocalStorage, name)))

    def _watched(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.cross()
            result = method(*args, **kwargs)
            self.cross()
            return result

        return call


def run_until(crossings: int, work: Callable[[], object]) -> bool:
    """Do the work in a process of its own that dies at its n-th boundary. True if it got to the end."""
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        countdown = Countdown(crossings)
        countdown.watch_files()
        with connection.execute_wrapper(countdown.execute):
            work()
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0
