"""One running child as its parent sees it: started, asked, and found dead.

What a child says is not trusted: it may have been taken over by what it decoded.
"""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from processing import transport
from processing.errors import Crashed, ImageError, OutOfMemory, TimedOut, Unexpected
from processing.messages import MAX_OUTPUT_BYTES, NO_MEMORY, Answer, Hello, Request, Start

START_SECONDS = 60.0
GRACE_SECONDS = 5.0
"""How long a process that has closed its pipe may take to end and to write down why."""

NONSENSE = "the process that worked on the picture gave an answer that makes no sense"
LOG_TAIL_BYTES = 8000
VMSTAT = Path("/proc/vmstat")
PROJECT = Path(__file__).resolve().parent.parent
BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from processing.child_main import main; main()"

ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    # A slot is one picture on one core; and threads that start with an import would escape the sandbox.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "VIPS_CONCURRENCY": "1",
    # Each arena reserves 64 MiB of address space, which is what is limited.
    "MALLOC_ARENA_MAX": "2",
    # Memory of one picture is kept for the next, up to so many bytes, rather than asked of the kernel page by page.
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
}
"""All of the child's environment."""

MEMORY_WORDS = (
    *("memoryerror", "bad_alloc", "failed to allocate", "cannot allocate memory", "out of memory"),
    # A thread without room for its stack, and libraries that cannot be mapped: the number of threads is not limited.
    *("pthread_create failed", "failed to map segment", "libgcc_s.so.1 must be installed"),
)
"""What libraries write on standard error before they give up for want of memory."""

starting = threading.RLock()
"""Held while both ends of a child's pipes are open here, so that no fork takes them along."""


@dataclass(frozen=True)
class Setup:
    """What a child may use, as in `Start`."""

    memory_bytes: int
    readable: tuple[Path, ...] = ()
    fonts: tuple[Path, ...] = ()
    models: Path | None = None
    model_threads: int = 1


class ChildProcess:
    """A started child. After any error but a fault that the answer names, it can only be closed."""

    def __init__(self, setup: Setup) -> None:
        self.items = 0
        self.setup = setup
        self.protection: dict[str, str] = {}
        self._oom_kills = _count_oom_kills()
        self._inbox = transport.open_memory_file("inbox")
        self._outbox = transport.open_memory_file("outbox")
        self._log = _open_log()
        with starting:
            self._launch()

    def _launch(self) -> None:
        setup = self.setup
        requests, self._requests = _open_pipe()
        self._answers, answers = _open_pipe()
        lifeline, self._lifeline = _open_pipe()
        os.set_blocking(self._requests.fileno(), False)
        is_main = threading.current_thread() is threading.main_thread()
        with requests, answers, lifeline:
            start = Start(
                requests=requests.fileno(),
                answers=answers.fileno(),
                lifeline=lifeline.fileno(),
                inbox=self._inbox.fileno(),
                outbox=self._outbox.fileno(),
                memory_bytes=setup.memory_bytes,
                readable=tuple(str(path) for path in setup.readable),
                fonts=tuple(str(path) for path in setup.fonts),
                models=str(setup.models) if setup.models else None,
                model_threads=setup.model_threads,
                # The kernel's signal comes with the end of the thread that asked for it, not of the process.
                dies_with=os.getpid() if is_main else None,
            )
            self._process = _spawn(start, self._log)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def greet(self) -> None:
        """Wait until the child has locked itself in and says how."""
        with self._exchange(START_SECONDS, "the process that works on pictures did not start in time") as ends_at:
            self.protection = Hello.model_validate_json(self._receive(ends_at)).protection

    def ask(self, request: Request, contents: Sequence[bytes], *, seconds: float) -> Answer:
        """Hand over one picture and wait for the answer. contents: the source and then the assets."""
        self.items += 1
        with self._exchange(seconds, f"the picture took longer than {seconds:g} seconds") as ends_at:
            offset = 0
            for data in contents:
                offset = transport.write_at(self._inbox.fileno(), offset, data)
            transport.send(self._requests.fileno(), request.model_dump_json().encode(), ends_at=ends_at)
            answer = Answer.model_validate_json(self._receive(ends_at))
            if not answer.fault and len(answer.reports) != len(request.chains):
                raise ValueError("the answer is for another number of variants")
        return answer

    def collect(self, lengths: Sequence[int]) -> list[bytes]:
        """The results, which lie in the outbox one behind the other."""
        if sum(lengths) > MAX_OUTPUT_BYTES:
            raise Crashed(NONSENSE, detail=f"the results would have {sum(lengths)} bytes")
        results, offset = [], 0
        try:
            for length in lengths:
                results.append(transport.read_at(self._outbox.fileno(), offset, length))
                offset += length
        except EOFError as error:
            raise Crashed(NONSENSE, detail=str(error)) from None
        return results

    def tidy(self) -> None:
        """Give back the memory that a large picture took in the files."""
        transport.shrink(self._inbox.fileno())
        transport.shrink(self._outbox.fileno())
        transport.shrink(self._log.fileno(), 0)

    def close(self) -> None:
        """Kill the process, wait for its end and close what led to it."""
        self._process.kill()
        self._process.wait()
        self.forget()

    def forget(self) -> None:
        """Close this process's descriptors alone, as a fork must with its parent's child."""
        for file in (self._requests, self._answers, self._lifeline, self._inbox, self._outbox, self._log):
            file.close()

    def _receive(self, ends_at: float) -> bytes:
        return transport.receive(self._answers.fileno(), ends_at=ends_at)

    @contextmanager
    def _exchange(self, seconds: float, late: str) -> Iterator[float]:
        """Turn what can go wrong between two processes into what became of the picture."""
        try:
            yield time.monotonic() + seconds
        except TimeoutError:
            raise TimedOut(late, detail=self._read_log()) from None
        except (EOFError, BrokenPipeError):
            raise self._find_cause() from None
        except ValueError as error:
            raise Crashed(NONSENSE, detail=str(error)) from None

    def _find_cause(self) -> ImageError:
        try:
            status = self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            return Crashed("the process that worked on the picture fell silent", detail=self._read_log())
        log = self._read_log()
        if self._lacked_memory(status, log):
            return OutOfMemory(NO_MEMORY, detail=log)
        if status == 1:
            return Unexpected("the picture could not be processed, through no fault of its own", detail=log)
        how = f"was ended by {_name_signal(-status)}" if status < 0 else f"ended itself with status {status}"
        return Crashed(f"the process that worked on the picture {how}", detail=log)

    def _lacked_memory(self, status: int, log: str) -> bool:
        if any(word in log.lower() for word in MEMORY_WORDS):
            return True
        # The kernel's own killer leaves no word but its count; where that is hidden it is the likeliest sender.
        return status == -signal.SIGKILL and (self._oom_kills is None or _count_oom_kills() != self._oom_kills)

    def _read_log(self) -> str:
        return transport.read_tail(self._log.fileno(), LOG_TAIL_BYTES)


def _open_pipe() -> tuple[IO[bytes], IO[bytes]]:
    """A pipe's reading end and its writing end, neither of which outlives an exec."""
    reading, writing = os.pipe()
    return open(reading, "rb", buffering=0), open(writing, "wb", buffering=0)  # noqa: PTH123 - no paths


def _open_log() -> IO[bytes]:
    """Where the child's standard error goes. Every write lands at the end, also after it was cut back."""
    log = transport.open_memory_file("log")
    fcntl.fcntl(log, fcntl.F_SETFL, fcntl.fcntl(log, fcntl.F_GETFL) | os.O_APPEND)
    return log


def _spawn(start: Start, log: IO[bytes]) -> subprocess.Popen[bytes]:
    """A clean interpreter: no environment, no working folder, no descriptors but the named ones.

    It has a session of its own, for a Ctrl-C in a terminal is meant for the parent.
    """
    caching = ["-B"] if sys.dont_write_bytecode else []
    return subprocess.Popen(
        [sys.executable, "-I", *caching, "-X", "faulthandler", "-c", BOOT, str(PROJECT), start.model_dump_json()],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        pass_fds=(start.requests, start.answers, start.lifeline, start.inbox, start.outbox),
        env=ENVIRONMENT,
        cwd="/",
        start_new_session=True,
    )


def _count_oom_kills() -> int | None:
    """How many processes this machine's kernel has killed for want of memory; None where it doesn't say."""
    try:
        words = VMSTAT.read_text().split()
    except OSError:
        return None
    return int(words[words.index("oom_kill") + 1]) if "oom_kill" in words else None


def _name_signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
