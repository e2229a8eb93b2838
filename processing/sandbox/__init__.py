"""Locking a process in: what it may use, read and ask of the kernel from then on.

Nothing here can be taken back. What the kernel lacks is said, not raised: the rest still holds.
"""

import ctypes
import os
import resource
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

from processing.sandbox import kernel, landlock, seccomp

MEGABYTE = 1 << 20
MAX_DESCRIPTORS = 64
CAPSET = {"x86_64": 126, "aarch64": 91}
CAPABILITY_VERSION = 0x20080522


def lock_down(*, memory_bytes: int, file_bytes: int, readable: Sequence[Path]) -> dict[str, str]:
    """Give up for good all that work on pictures does not need, and say by name what the kernel granted.

    memory_bytes: address space beyond what the process holds now. file_bytes: the longest file that it may write,
    to descriptors that are open already. readable: folders and files that can be opened afterwards, for reading.
    Raises RuntimeError when another thread runs already, for it would keep every right.
    """
    if sys.platform != "linux":
        return {"sandbox": f"absent: {sys.platform} is not Linux"}
    _refuse_threads()
    return {
        "limits": _limit(memory_bytes, file_bytes),
        "privileges": _renounce_privileges(),
        "landlock": landlock.restrict(readable),
        "capabilities": _drop_capabilities(),
        "seccomp": seccomp.install(),
    }


def _refuse_threads() -> None:
    count = sum(1 for _ in Path("/proc/self/task").iterdir())
    if count > 1:
        raise RuntimeError(f"{count - 1} threads were started before the process could be locked in")


def _limit(memory_bytes: int, file_bytes: int) -> str:
    """Bound memory, files and descriptors. The number of processes is never bounded: it is counted by user."""
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = {
        resource.RLIMIT_AS: held + memory_bytes,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_NOFILE: MAX_DESCRIPTORS,
        resource.RLIMIT_CORE: 0,
    }
    for name, value in limits.items():
        resource.setrlimit(name, (value, value))
    return f"{memory_bytes // MEGABYTE} MiB beyond {held // MEGABYTE} MiB, files of {file_bytes // MEGABYTE} MiB"


def _renounce_privileges() -> str:
    try:
        kernel.control(kernel.SET_NO_NEW_PRIVILEGES, 1)
    except OSError as error:
        return f"absent: {error.strerror}"
    return "no new ones"


def _drop_capabilities() -> str:
    """Even root is then bound by its limits and by who owns a file."""
    number = CAPSET.get(os.uname().machine)
    if number is None:
        return f"absent: no system call known for {os.uname().machine}"
    header = ctypes.create_string_buffer(struct.pack("=Ii", CAPABILITY_VERSION, 0), 8)
    try:
        kernel.call(number, header, ctypes.create_string_buffer(24))
    except OSError as error:
        return f"absent: {error.strerror}"
    return "none"
