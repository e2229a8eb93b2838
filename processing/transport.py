"""How bytes pass between the child and its parent: framed messages on pipes, pictures in memory files.

A frame is its length as four bytes, most significant first, and then that many bytes.
"""

import os
import select
import struct
import tempfile
import time
from typing import IO

LENGTH = struct.Struct("!I")
MAX_FRAME_BYTES = 8 << 20
KEPT_BYTES = 16 << 20
"""A memory file that a large picture blew up is cut back to this much; below it, its pages are used again."""


def open_memory_file(name: str) -> IO[bytes]:
    """A file without a path that ends with its last descriptor: in memory, or on disk where the system has no such."""
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create(name), "r+b", buffering=0)  # noqa: PTH123 - a descriptor, not a path
    return tempfile.TemporaryFile("r+b", buffering=0)


def write_at(file: int, offset: int, data: bytes) -> int:
    """Write all of the data, and return the offset behind it."""
    rest = memoryview(data)
    while rest:
        written = os.pwrite(file, rest, offset)
        rest, offset = rest[written:], offset + written
    return offset


def read_at(file: int, offset: int, length: int) -> bytes:
    """Exactly so many bytes. Raises EOFError when the file is shorter; nothing is set aside for what it lacks."""
    if offset + length > os.fstat(file).st_size:
        raise EOFError(f"the file is shorter than {offset + length} bytes")
    data = os.pread(file, length, offset)
    if len(data) < length:
        raise EOFError(f"only {len(data)} of {length} bytes could be read")
    return data


def read_tail(file: int, length: int) -> str:
    """The last bytes of a file as text, whatever they are."""
    size = os.fstat(file).st_size
    return os.pread(file, length, max(0, size - length)).decode(errors="replace")


def shrink(file: int, kept_bytes: int = KEPT_BYTES) -> None:
    """Give back what lies beyond the first bytes of a memory file."""
    if os.fstat(file).st_size > kept_bytes:
        os.ftruncate(file, kept_bytes)


def send(pipe: int, body: bytes, *, ends_at: float | None = None) -> None:
    """Write one frame. Past `ends_at` (of time.monotonic) raises TimeoutError; the pipe must then be non-blocking."""
    rest = memoryview(LENGTH.pack(len(body)) + body)
    while rest:
        _wait(pipe, select.POLLOUT, ends_at)
        rest = rest[os.write(pipe, rest) :]


def receive(pipe: int, *, ends_at: float | None = None) -> bytes:
    """Read one frame. Raises EOFError at the pipe's end, ValueError for too long a frame, and TimeoutError."""
    length: int = LENGTH.unpack(_read(pipe, LENGTH.size, ends_at))[0]
    if length > MAX_FRAME_BYTES:
        raise ValueError(f"a message of {length} bytes is over the limit of {MAX_FRAME_BYTES}")
    return _read(pipe, length, ends_at)


def _read(pipe: int, length: int, ends_at: float | None) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        _wait(pipe, select.POLLIN, ends_at)
        part = os.read(pipe, min(length - len(parts), 1 << 16))
        if not part:
            raise EOFError("the pipe was closed")
        parts += part
    return bytes(parts)


def _wait(pipe: int, event: int, ends_at: float | None) -> None:
    if ends_at is None:
        return
    poll = select.poll()
    poll.register(pipe, event)
    left = ends_at - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise TimeoutError("the other side took too long")
