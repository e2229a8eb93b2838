"""What runs inside the child: import, lock the door, then one picture after another until the pipe ends."""

import errno
import fcntl
import importlib
import os
import re
import resource
import select
import signal
import sys
import sysconfig
from pathlib import Path

from PIL import AvifImagePlugin, Image

from processing import fonts, models, operations, pipeline, presses, sandbox, transport, vips, weights
from processing.errors import BrokenImage, ImageError, OutOfMemory, ResultTooLarge
from processing.limits import Limits
from processing.messages import (
    MAX_OUTPUT_BYTES,
    MAX_TEXT,
    NO_MEMORY,
    Answer,
    Facts,
    Fault,
    Hello,
    Made,
    Message,
    Report,
    Request,
    Start,
)
from processing.sandbox import kernel

SYSTEM_FILES = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"),
    *("/dev/null", "/dev/urandom", "/proc/cpuinfo", "/proc/meminfo", "/proc/self/auxv", "/sys/devices/system/cpu"),
)
"""What libraries open when they are used for the first time: shared objects, and what the machine is."""

CODE_PATHS = ("stdlib", "platstdlib", "purelib", "platlib")


def main() -> None:
    """Serve until the parent closes the pipe."""
    start = Start.model_validate_json(sys.argv[2])
    try:
        ending = _end_with_parent(start)
        memory = _offer_to_kernel()
        _import_all()
        fonts.use([Path(path) for path in start.fonts])
        weights.use(Path(start.models) if start.models else None)
        models.use(threads=start.model_threads)
        status = _open_status()
        held = sandbox.lock_down(
            memory_bytes=start.memory_bytes,
            file_bytes=MAX_OUTPUT_BYTES,
            readable=[*list_code_paths(), *(Path(path) for path in (*start.readable, *start.fonts))],
        )
        _send(start, Hello(protection={"ending": ending, "killer": memory, **held}))
        _serve(start, status)
    finally:
        if _was_short_of_memory():
            sys.stderr.write(f"{os.strerror(errno.ENOMEM)}\n")
        # The parent sees this at once, where the end of the process may have to wait for a library's threads.
        os.close(start.answers)
        models.close_all()


def _end_with_parent(start: Start) -> str:
    """Have the kernel end this process with its parent, also while it is deep in a decoder."""
    if not hasattr(fcntl, "F_SETSIG"):
        return "at the next picture after the parent's end"
    # The other end is open in the parent alone, and nothing is ever written: the only event is its end.
    fcntl.fcntl(start.lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(start.lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(start.lifeline, fcntl.F_SETFL, os.O_ASYNC)
    if start.dies_with is not None:
        kernel.control(kernel.SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if _is_closed(start.lifeline) or start.dies_with not in (None, os.getppid()):
        sys.exit("the parent ended before its child had begun")
    return "with the parent"


def _is_closed(pipe: int) -> bool:
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return bool(poll.poll(0))


def _offer_to_kernel() -> str:
    """Be the first that the kernel ends when memory runs out: before the worker, which has rows to keep."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000")
    except OSError as error:
        return f"absent: {error.strerror}"
    return "first to end when memory runs out"


def _import_all() -> None:
    """Everything that most pictures need, while files can still be opened freely.

    What detectors are made of is not among it: it is large, starts threads, and most pictures need none. It is imported
    by the first that does, out of folders that stay readable.
    """
    Image.init()
    # One slot is one core: by default a decoder starts a thread, with its buffers, for each core of the machine.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    importlib.import_module("numpy")
    vips.load()
    operations.all()


def list_code_paths() -> list[Path]:
    """Where Python and its libraries may still read: their code, nothing of the folder that the service runs in."""
    code = {sysconfig.get_path(name) for name in CODE_PATHS}
    return [Path(__file__).parent, *presses.FOLDERS, *(Path(path) for path in (*code, *SYSTEM_FILES))]


def _serve(start: Start, status: int | None) -> None:
    while True:
        try:
            request = Request.model_validate_json(transport.receive(start.requests))
        except EOFError:
            return
        before = _measure_cpu()
        answer = _answer(request, start)
        cost = {"cpu_milliseconds": _measure_cpu() - before, "max_rss_bytes": _measure_memory(status)}
        _send(start, answer.model_copy(update={**cost, "models": models.take_timings()}))


def _answer(request: Request, start: Start) -> Answer:
    """One picture. Whatever is neither an ImageError nor a lack of memory is a mistake of ours: it ends the process."""
    kernel.forget_failure()
    try:
        source, assets = _read_inbox(request, start.inbox)
        variants = [pipeline.Variant(chain.steps, chain.output) for chain in request.chains]
        result = pipeline.run(source, variants, limits=Limits.from_dict(request.limits), assets=assets)
        return _write_result(result, start.outbox)
    except BrokenImage as error:
        return Answer(fault=Fault.of(OutOfMemory(NO_MEMORY) if _was_short_of_memory() else error))
    except ImageError as error:
        return Answer(fault=Fault.of(error))
    except MemoryError:
        return Answer(fault=Fault.of(OutOfMemory(NO_MEMORY)))


def _was_short_of_memory() -> bool:
    """Whether an allocation failed. Of that, some decoders say only that the data cannot be decoded."""
    return kernel.last_failure() == errno.ENOMEM


def _read_inbox(request: Request, inbox: int) -> tuple[bytes, dict[str, bytes]]:
    source = transport.read_at(inbox, 0, request.source_bytes)
    assets, offset = {}, request.source_bytes
    for name, length in request.asset_bytes.items():
        assets[name] = transport.read_at(inbox, offset, length)
        offset += length
    return source, assets


def _write_result(result: pipeline.Result, outbox: int) -> Answer:
    reports, offset = [], 0
    for outcome in result.outcomes:
        report = _report(outcome, room=MAX_OUTPUT_BYTES - offset)
        if report.made and outcome.encoded:
            offset = transport.write_at(outbox, offset, outcome.encoded.data)
        reports.append(report)
    facts = result.source
    return Answer(
        source=Facts(format=facts.format, size=facts.size, mode=facts.mode, frames=facts.frames),
        reports=tuple(reports),
        decode_milliseconds=result.decode_milliseconds,
    )


def _report(outcome: pipeline.Outcome, *, room: int) -> Report:
    encoded, error = outcome.encoded, outcome.error
    if encoded and len(encoded.data) > room:
        error = ResultTooLarge(f"the results of one picture are over {MAX_OUTPUT_BYTES} bytes together")
    if error or not encoded:
        fault = Fault.of(error) if error else None
        return Report(fault=fault, milliseconds=outcome.milliseconds)
    made = Made(
        format=encoded.format.name,  # type: ignore[arg-type]  # only formats that are written get here
        size=encoded.size,
        covers=encoded.covers,
        losses=tuple((loss.code, loss.message[:MAX_TEXT]) for loss in encoded.losses),
        data_bytes=len(encoded.data),
    )
    return Report(made=made, milliseconds=outcome.milliseconds)


def _send(start: Start, message: Message) -> None:
    transport.send(start.answers, message.model_dump_json().encode())


def _measure_cpu() -> float:
    """CPU time of this process so far, all threads, in milliseconds."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1000


def _open_status() -> int | None:
    """The process's own status, opened while that is allowed."""
    try:
        return os.open("/proc/self/status", os.O_RDONLY)
    except FileNotFoundError:
        return None


def _measure_memory(status: int | None) -> int:
    """The most memory that was resident at once in this process's life, in bytes."""
    if status is None:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    # Not ru_maxrss: a process that was started with vfork inherits its parent's peak there.
    found = re.search(rb"VmHWM:\s*(\d+) kB", os.pread(status, 1 << 14, 0))
    return int(found[1]) * 1024 if found else 0
