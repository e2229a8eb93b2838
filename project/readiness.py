"""Waits until Celery nodes answer: python -m project.readiness SECONDS NODE@HOST...

Exits with 0 when all have answered; else with 1, after a line with the names of those that did not.
"""

from __future__ import annotations

import sys
import time

from kombu.exceptions import OperationalError

from project.celery import app

REPLY_SECONDS = 1.0
PAUSE_SECONDS = 0.2


def wait_for_nodes(nodes: set[str], *, within_seconds: float) -> set[str]:
    """Ask until every node has answered or the time is over, and give the silent ones."""
    deadline = time.monotonic() + within_seconds
    silent = set(nodes)
    while True:
        silent -= ask(silent)
        if not silent or time.monotonic() > deadline:
            return silent
        time.sleep(PAUSE_SECONDS)


def ask(nodes: set[str]) -> set[str]:
    inspect = app.control.inspect(destination=sorted(nodes), timeout=REPLY_SECONDS, limit=len(nodes))
    try:
        return set(inspect.ping() or {})
    except (OperationalError, ConnectionError):
        return set()


if __name__ == "__main__":
    missing = wait_for_nodes(set(sys.argv[2:]), within_seconds=float(sys.argv[1]))
    if missing:
        sys.exit(f"no answer from {', '.join(sorted(missing))}")
