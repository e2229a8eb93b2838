"""Servers that never let go."""

import gzip
import socket
import threading
import time
import tracemalloc
from contextlib import suppress

import pytest

from storage import http
from storage.errors import TooLarge, Unreachable, UrlRefused
from tests.storage.hostile import LOOPBACK, OK, SECONDS, answer, ends_in_time, fetch, keep_quiet, keep_sending, serving

LATE = {
    "a body that drips": keep_sending(b"x", head=OK + b"content-length: 1000\r\n\r\n", every_seconds=0.05),
    "a body that drips without a length": keep_sending(b"x", head=OK + b"\r\n", every_seconds=0.05),
    "chunks that drip": keep_sending(
        b"1\r\nx\r\n", head=OK + b"transfer-encoding: chunked\r\n\r\n", every_seconds=0.05
    ),
    "headers that drip": keep_sending(b"x-a: b\r\n", head=OK, every_seconds=0.05),
    "a status line that drips": keep_sending(b" ", head=b"HTTP/1.1 200", every_seconds=0.05),
    "interim answers for ever": keep_sending(b"HTTP/1.1 103 Early\r\n\r\n", every_seconds=0.01),
    "no answer": keep_quiet,
    "headers and no body": lambda c, h: (c.sendall(OK + b"content-length: 9\r\n\r\n"), keep_quiet(c, h)),
}


@pytest.mark.parametrize("behave", LATE.values(), ids=LATE.keys())
def test_a_server_that_is_never_done_is_left_in_time(behave):
    with serving(behave) as server, ends_in_time(), pytest.raises(Unreachable):
        fetch(server.url())


@pytest.mark.parametrize("behave", LATE.values(), ids=LATE.keys())
def test_a_callback_to_a_server_that_is_never_done_is_left_in_time(behave):
    with serving(behave) as server, ends_in_time(), pytest.raises(Unreachable):
        http.post(server.url(), b"{}", headers={}, total_seconds=SECONDS, policy=LOOPBACK)


def test_a_server_that_never_reads_is_left_in_time():
    with serving(lambda *_: server.stopped.wait(5)) as server, ends_in_time(), pytest.raises(Unreachable):
        http.post(server.url(), b"x" * 50_000_000, headers={}, total_seconds=SECONDS, policy=LOOPBACK)


def test_a_server_that_never_shakes_hands_is_left_in_time():
    with serving(keep_quiet) as server, ends_in_time(), pytest.raises(Unreachable):
        fetch(server.url(scheme="https"))


def test_name_servers_that_never_answer_cost_no_more_than_the_limit(monkeypatch):
    stuck = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: (stuck.wait(5), [])[1])
    with ends_in_time(), pytest.raises(Unreachable):
        fetch("http://slow.example/")
    stuck.set()


ENDLESS = {
    "without a length": keep_sending(b"x" * 65536, head=OK + b"\r\n"),
    "in chunks": keep_sending(b"10000\r\n" + b"x" * 65536 + b"\r\n", head=OK + b"transfer-encoding: chunked\r\n\r\n"),
    "with a length": keep_sending(b"x" * 65536, head=OK + b"content-length: 100000000\r\n\r\n"),
}


@pytest.mark.parametrize("behave", ENDLESS.values(), ids=ENDLESS.keys())
def test_a_body_above_the_limit_is_refused_and_never_held(behave):
    with serving(behave) as server, ends_in_time():
        tracemalloc.start()
        try:
            with pytest.raises(TooLarge, match="1000000 bytes"):
                fetch(server.url())
            assert tracemalloc.get_traced_memory()[1] < 1_000_000 + 2_000_000
        finally:
            tracemalloc.stop()


def test_a_length_above_the_limit_is_refused_without_reading():
    with serving(lambda c, h: (c.sendall(OK + b"content-length: 1000001\r\n\r\n"), keep_quiet(c, h))) as server:
        began = time.monotonic()
        with pytest.raises(TooLarge):
            fetch(server.url(), total_seconds=5)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("size", [0, 1, 999, 1000])
def test_a_body_up_to_the_limit_is_whole(size):
    with serving(answer(b"x" * size)) as server:
        assert len(fetch(server.url(), max_bytes=1000).body) == size


def test_headers_without_end_are_refused():
    endless = keep_sending(b"x-a: " + b"b" * 1000 + b"\r\n", head=OK)
    with serving(endless) as server, ends_in_time(), pytest.raises(Unreachable):
        fetch(server.url())


def test_a_compressed_answer_is_refused_and_not_unpacked():
    bomb = gzip.compress(b"\0" * 5_000_000)
    packed = answer(bomb, headers="Content-Encoding: gzip\r\n")
    with serving(packed) as server, pytest.raises(UrlRefused, match="compressed"):
        fetch(server.url())


def test_of_a_long_answer_to_a_callback_only_the_beginning_is_read():
    sent = []

    def behave(connection, _):
        connection.sendall(OK + b"content-encoding: gzip\r\n\r\n")
        with suppress(OSError):
            while True:
                sent.append(connection.send(b"x" * 65536))

    with serving(behave) as server, ends_in_time():
        response = http.post(server.url(), b"{}", headers={}, total_seconds=SECONDS, policy=LOOPBACK)
    assert (response.status, len(response.body)) == (200, 65536)
    assert sum(sent) < 20_000_000  # what the kernel's buffers took, not what the server had


def test_a_callback_sends_exactly_its_bytes_and_headers():
    got = []

    def behave(connection, head):
        got.append(head)
        answer(b"ok", status="202 Accepted")(connection, head)

    with serving(behave) as server:
        http.post(
            server.url(), b'{"a": 1}', headers={"Content-Type": "application/json", "X-Sig": "é"}, policy=LOOPBACK
        )
    assert b"content-length: 8\r\n" in got[0].lower()
    assert b"content-type: application/json\r\n" in got[0]
    assert "x-sig: é".encode() in got[0]
