import os
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from processing import transport


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The reading and the writing end."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb"), os.fdopen(writing, "wb"):
        yield reading, writing


@pytest.mark.parametrize("length", [0, 1, 1 << 16, (1 << 16) + 1, 3_000_000])
@pytest.mark.parametrize("seconds", [None, 10])
def test_a_frame_arrives_whole_however_small_the_pipe(pipe, length, seconds):
    body = os.urandom(length)
    ends_at = None if seconds is None else time.monotonic() + seconds
    os.set_blocking(pipe[1], seconds is None)
    sender = threading.Thread(target=transport.send, args=(pipe[1], body), kwargs={"ends_at": ends_at})
    sender.start()
    assert transport.receive(pipe[0], ends_at=ends_at) == body
    sender.join()


def test_frames_keep_their_order_and_their_ends(pipe):
    for body in (b"first", b"", b"second"):
        transport.send(pipe[1], body)
    assert [transport.receive(pipe[0]) for _ in range(3)] == [b"first", b"", b"second"]


def test_a_frame_that_does_not_come_is_waited_for_until_its_time(pipe):
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        transport.receive(pipe[0], ends_at=started + 0.2)
    assert 0.2 <= time.monotonic() - started < 1


def test_a_frame_that_nobody_takes_is_offered_until_its_time(pipe):
    os.set_blocking(pipe[1], False)
    with pytest.raises(TimeoutError):
        transport.send(pipe[1], bytes(3_000_000), ends_at=time.monotonic() + 0.2)


@pytest.mark.parametrize("begun", [b"", b"\x00\x00", b"\x00\x00\x00\x05four"])
def test_a_pipe_that_closes_in_a_frame_is_at_its_end(begun):
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb"):
        os.write(writing, begun)
        os.close(writing)
        with pytest.raises(EOFError):
            transport.receive(reading)


def test_a_frame_over_the_limit_is_refused_before_it_is_read(pipe):
    os.write(pipe[1], struct.pack("!I", transport.MAX_FRAME_BYTES + 1))
    with pytest.raises(ValueError, match="over the limit"):
        transport.receive(pipe[0], ends_at=time.monotonic() + 10)


def test_a_memory_file_gives_back_what_was_written_and_nothing_beyond():
    with transport.open_memory_file("test") as file:
        ends = transport.write_at(file.fileno(), transport.write_at(file.fileno(), 0, b"source"), b"asset")
        assert ends == 11
        assert transport.read_at(file.fileno(), 6, 5) == b"asset"
        with pytest.raises(EOFError):
            transport.read_at(file.fileno(), 6, 6)
        with pytest.raises(EOFError):
            transport.read_at(file.fileno(), 0, 1 << 50)


def test_a_system_without_memory_files_uses_one_without_a_name(monkeypatch):
    monkeypatch.delattr(os, "memfd_create")
    with transport.open_memory_file("test") as file:
        transport.write_at(file.fileno(), 0, b"source")
        assert transport.read_at(file.fileno(), 0, 6) == b"source"
        assert os.fstat(file.fileno()).st_nlink == 0


def test_only_what_is_beyond_the_kept_part_is_given_back():
    with transport.open_memory_file("test") as file:
        transport.write_at(file.fileno(), 0, b"0123456789")
        transport.shrink(file.fileno(), 20)
        assert os.fstat(file.fileno()).st_size == 10
        transport.shrink(file.fileno(), 4)
        assert transport.read_tail(file.fileno(), 100) == "0123"
        assert transport.read_tail(file.fileno(), 2) == "23"
