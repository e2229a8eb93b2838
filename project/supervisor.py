"""Keeps programs running: starts them, hands on what they print, starts again what dies, and stops them in order."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from project import guardian

ROOT = Path(__file__).resolve().parent.parent
GUARDIAN = (sys.executable, "-I", "-S", guardian.__file__)
LONGEST_GAP_SECONDS = 30
STEADY_SECONDS = 60  # who has run this long is started with the shortest gap again
TICK_SECONDS = 0.1
CHUNK_BYTES = 65_536


@dataclass(frozen=True, kw_only=True)
class Program:
    """A command that is kept running in a session of its own. Without a log file its lines go to the supervisor."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path | None = None


def spawn(program: Program) -> subprocess.Popen[bytes]:
    """Start a program that gets SIGTERM when the thread that started it ends."""
    if program.log is None:
        return _open_process(program, output=subprocess.PIPE)
    program.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with program.log.open("ab") as log:
        return _open_process(program, output=log)


def _open_process(program: Program, *, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*GUARDIAN, "launch", str(os.getpid()), *program.command],
        cwd=ROOT,
        env=dict(program.environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


class Child:
    """One program and the process that runs it now. Used under the supervisor's lock."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.wanted = True
        self.failures = 0
        self.began_at = 0.0
        self.due_at = 0.0

    @property
    def is_due(self) -> bool:
        return self.wanted and self.process is None and time.monotonic() >= self.due_at

    def start(self) -> subprocess.Popen[bytes]:
        self.began_at = time.monotonic()
        self.process = spawn(self.program)
        return self.process

    def note_end(self) -> str:
        """Forget the process, plan the next start, and say what happened."""
        assert self.process is not None
        cause = describe_end(self.process.returncode)
        self.process = None
        steady = time.monotonic() - self.began_at >= STEADY_SECONDS
        self.failures = 1 if steady else self.failures + 1
        gap_seconds = min(LONGEST_GAP_SECONDS, 2 ** (self.failures - 1))
        self.due_at = time.monotonic() + gap_seconds
        return f"{self.program.name} ended ({cause}); it starts again in {gap_seconds} s"


def describe_end(returncode: int) -> str:
    return f"killed by {signal.Signals(-returncode).name}" if returncode < 0 else f"exit code {returncode}"


class Supervisor:
    """Runs programs from one thread of its own, beside a guardian that ends them all if this process is killed.

    `say` gets sentences about starts and ends, `show` gets a program's name and each line that it prints.
    `lock_descriptor` is held open by the guardian too: what it locks stays locked until the last process is gone.
    """

    def __init__(self, *, say: Callable[[str], None], show: Callable[[str, str], None], lock_descriptor: int) -> None:
        self._say = say
        self._show = show
        self._children: dict[str, Child] = {}
        self._pipes = selectors.DefaultSelector()
        self._lock = threading.RLock()
        self._closing = self._hurrying = False
        self._lock_descriptor = lock_descriptor
        self._guardian = self._start_guardian()
        self._ended = threading.Event()
        threading.Thread(target=self._work, name="supervisor", daemon=True).start()

    # --- asked from outside --------------------------------------------------------------------------------------

    def add(self, program: Program) -> None:
        with self._lock:
            self._children[program.name] = Child(program)

    def pids(self) -> dict[str, int]:
        """The process of each program that runs now."""
        with self._lock:
            children = self._children.items()
            return {name: child.process.pid for name, child in children if child.process is not None}

    def failures(self, name: str) -> int:
        """How often in a row a program has ended by itself."""
        child = self._children.get(name)
        return child.failures if child else 0

    def stop(self, names: Iterable[str], *, within_seconds: float) -> None:
        """SIGTERM these programs, wait for them, and kill what is left."""
        children = [self._children[name] for name in names if name in self._children]
        with self._lock:
            for child in children:
                child.wanted = False
                if child.process is not None:
                    child.process.terminate()
        if not self._await_end(children, within_seconds=within_seconds):
            self._kill(children, within_seconds=within_seconds)

    def hurry(self) -> None:
        """Let every stop, also one that is waiting now, kill at once."""
        self._hurrying = True

    def wait(self) -> None:
        """Wait for the supervisor's thread: it ends with `close`, or by a failure of its own."""
        # Not join: when a signal handler raises in it, Python 3.11 takes the thread for ended
        # (https://github.com/python/cpython/issues/90882).
        self._ended.wait()

    def close(self) -> None:
        """Kill what still runs, and end the thread and the guardian."""
        with self._lock:
            for child in self._children.values():
                child.wanted = False
            self._kill(self._children.values(), within_seconds=0)
        self._closing = True
        self._ended.wait()
        self._guardian.communicate()

    def _await_end(self, children: list[Child], *, within_seconds: float) -> bool:
        deadline = time.monotonic() + within_seconds
        while any(child.process is not None for child in children):
            if self._hurrying or time.monotonic() > deadline or self._ended.is_set():
                return False
            time.sleep(TICK_SECONDS / 2)
        return True

    def _kill(self, children: Iterable[Child], *, within_seconds: float) -> None:
        with self._lock:
            left = [child for child in children if child.process is not None]
            if left and within_seconds and not self._hurrying:
                names = ", ".join(child.program.name for child in left)
                self._say(f"{names} did not end within {within_seconds:.0f} s: killed")
            guardian.kill_families(child.process.pid for child in left if child.process is not None)

    # --- the thread ----------------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while not self._closing or self.pids():
                with self._lock:
                    for child in self._children.values():
                        self._tend(child)
                self._read_pipes()
        finally:
            self._ended.set()

    def _tend(self, child: Child) -> None:
        if child.process is not None and child.process.poll() is not None:
            self._bury(child, child.process)
        if child.is_due:
            process = child.start()
            self._tell_guardian(f"+{process.pid}")
            if process.stdout is not None:
                self._pipes.register(process.stdout, selectors.EVENT_READ, Lines(child.program.name, self._show))

    def _bury(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        # A pool's processes may outlive their parent, and would go on taking work beside its successor.
        guardian.kill_families([process.pid])
        self._tell_guardian(f"-{process.pid}")
        sentence = child.note_end()
        if child.wanted:
            self._say(sentence)

    def _start_guardian(self) -> subprocess.Popen[bytes]:
        command = [*GUARDIAN, "watch"]
        descriptors = [self._lock_descriptor]
        return subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0, start_new_session=True, pass_fds=descriptors)

    def _tell_guardian(self, line: str) -> None:
        assert self._guardian.stdin is not None
        try:
            self._guardian.stdin.write(f"{line}\n".encode())
        except BrokenPipeError:  # someone killed it
            self._guardian.wait()
            self._guardian = self._start_guardian()
            for pid in self.pids().values():
                self._tell_guardian(f"+{pid}")

    def _read_pipes(self) -> None:
        for key, _ in self._pipes.select(TICK_SECONDS):
            chunk = os.read(key.fd, CHUNK_BYTES)
            key.data.feed(chunk)
            if not chunk:
                self._pipes.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]


class Lines:
    """Cuts a program's output into lines."""

    def __init__(self, name: str, show: Callable[[str, str], None]) -> None:
        self._name = name
        self._show = show
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        """Take what was read; nothing read means that the output has ended."""
        *lines, self._rest = (self._rest + (chunk or b"\n")).split(b"\n")
        for line in lines:
            if line.strip():
                self._show(self._name, line.decode(errors="replace").rstrip())
