"""Sees to it that no process outlives its supervisor, not even one that was killed with SIGKILL.

Run by its path, with the standard library alone, so that it starts in milliseconds and stays small:

    guardian.py launch PARENT COMMAND...  becomes COMMAND, which gets SIGTERM when process PARENT is gone
    guardian.py watch                     reads lines `+PID` and `-PID`; when its input ends, it kills the
                                          families of the PIDs that are left

The input ends when the supervisor closes it or dies of whatever cause. The first is a second line for the second:
someone may kill both at once.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

PR_SET_PDEATHSIG = 1
ROUNDS = 100
ROUND_SECONDS = 0.02


class Status(NamedTuple):
    """One line of the process table."""

    pid: int
    state: str
    parent: int
    session: int


def launch(parent: int, command: list[str]) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("The supervisor is gone.")
    os.execvp(command[0], command)  # noqa: S606 - a list, never a shell


def watch(lines: Iterable[str]) -> None:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    leaders: set[int] = set()
    for line in lines:
        change = leaders.add if line.startswith("+") else leaders.discard
        change(int(line[1:]))
    kill_families(leaders)


def kill_families(leaders: Iterable[int]) -> None:
    """SIGKILL each leader, what lives in its session, and all descendants, until none is left.

    A process may have left the session, as the children that do the pixels have; then it is found by its parents
    as long as they live, so all are collected before the first is killed. The SIGTERM that a leader gets when the
    supervisor dies doesn't spoil that: Celery and gunicorn need longer to end than this needs to look.
    """
    sessions = set(leaders)
    for _ in range(ROUNDS if sessions else 0):
        members = find_members(sessions)
        if not members:
            return
        sessions |= {member.session for member in members}
        for member in members:
            kill(member.pid)
        time.sleep(ROUND_SECONDS)


def find_members(sessions: set[int]) -> list[Status]:
    table = [status for status in read_processes() if status.pid != os.getpid()]
    found = {status.pid for status in table if status.session in sessions}
    while children := {status.pid for status in table if status.parent in found} - found:
        found |= children
    return [status for status in table if status.pid in found and status.state not in "ZX"]


def read_processes() -> Iterator[Status]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "stat").read_text(errors="replace")
            except OSError:  # it ended meanwhile
                continue
            state, parent, _group, session = line.rpartition(")")[2].split()[:4]
            yield Status(int(entry.name), state, int(parent), int(session))


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:  # it ended meanwhile
        return


if __name__ == "__main__":
    if sys.argv[1] == "launch":
        launch(int(sys.argv[2]), sys.argv[3:])
    else:
        watch(sys.stdin)
