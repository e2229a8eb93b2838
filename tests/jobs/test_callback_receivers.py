"""Receivers that never let go, never stop or point elsewhere: each attempt ends in time, with its reason."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from jobs.models import Attempt, Service
from jobs.models.deliveries import DeliveryState
from tests.jobs.deliveries import assert_waits, attempt, make_delivery
from tests.jobs.receivers import Answer, Receiver, receiving
from tests.storage.hostile import OK, Behaviour, keep_sending, serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("rings")]

LIMIT_SECONDS = 1
UNREACHABLE = "The address could not be reached."


@pytest.fixture(autouse=True)
def limit(settings: Any) -> None:
    settings.PHOTOMILL_CALLBACK_SECONDS = LIMIT_SECONDS


@contextmanager
def ends_in_time() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < LIMIT_SECONDS + 1


def take_all(connection: socket.socket, _: bytes) -> None:
    """Say nothing until the sender hangs up."""
    while connection.recv(65536):
        pass


NEVER_DONE: dict[str, Behaviour] = {
    "answers after a long wait": take_all,
    "drips its headers": keep_sending(b"x-a: b\r\n", head=OK, every_seconds=0.2),
    "drips its body": keep_sending(b"x", head=OK + b"content-length: 1000\r\n\r\n", every_seconds=0.2),
}


@pytest.mark.parametrize("behave", NEVER_DONE.values(), ids=NEVER_DONE.keys())
def test_a_receiver_that_is_never_done_is_left_in_time(service: Service, behave: Behaviour) -> None:
    with serving(behave) as server:
        delivery = make_delivery(service, server.url())
        with ends_in_time():
            waited = attempt(delivery)
    assert_waits(waited, seconds=1)
    kept = Attempt.objects.get()
    assert (kept.status_code, kept.error) == (None, UNREACHABLE)
    assert LIMIT_SECONDS * 1000 <= kept.milliseconds <= (LIMIT_SECONDS + 1) * 1000


def test_a_receiver_that_never_reads_is_left_in_time(service: Service) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        delivery = make_delivery(service, f"http://127.0.0.1:{server.getsockname()[1]}/")
        with ends_in_time():
            attempt(delivery)
    assert (delivery.state, Attempt.objects.get().error) == (DeliveryState.PENDING, UNREACHABLE)


@pytest.mark.parametrize("status", [200, 500])
def test_of_an_answer_without_end_64_kb_are_read_and_the_status_counts(service: Service, status: int) -> None:
    sent: list[int] = []

    def behave(connection: socket.socket, _: bytes) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        connection.sendall(f"HTTP/1.1 {status} Endless\r\n\r\n".encode())
        with suppress(OSError):
            while True:
                sent.append(connection.send(b"x" * 65536))

    with serving(behave) as server:
        delivery = make_delivery(service, server.url())
        with ends_in_time():
            attempt(delivery)
    assert delivery.state == (DeliveryState.DELIVERED if status == 200 else DeliveryState.PENDING)
    kept = Attempt.objects.get()
    assert (kept.status_code, kept.answer) == (status, "x" * 1000)
    assert kept.milliseconds < LIMIT_SECONDS * 1000, "it did not read on until its time was over"
    assert sum(sent) < 20_000_000  # what the kernel's buffers took


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_its_target_is_never_called(
    service: Service, receiver: Receiver, status: int
) -> None:
    with receiving() as internal:
        receiver.answer(Answer(status, headers={"Location": internal.url}))
        delivery = make_delivery(service, receiver.url)
        waited = attempt(delivery)
    assert internal.messages == []
    assert_waits(waited, seconds=1)
    assert (delivery.state, Attempt.objects.get().status_code) == (DeliveryState.PENDING, status)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_taken(service: Service, receiver: Receiver, status: int) -> None:
    receiver.answer(status)
    delivery = make_delivery(service, receiver.url)
    attempt(delivery)
    assert delivery.state == DeliveryState.DELIVERED


@pytest.mark.parametrize("said", [b"", b"\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"\x16\x03\x01", b"HTTP/1.1 200"])
def test_what_is_no_answer_is_a_failure(service: Service, said: bytes) -> None:
    with serving(lambda connection, _: connection.sendall(said)) as server:
        delivery = make_delivery(service, server.url())
        attempt(delivery)
    assert (delivery.state, Attempt.objects.get().error) == (DeliveryState.PENDING, UNREACHABLE)


def test_where_nobody_listens_is_a_failure(service: Service, unused_port: int) -> None:
    delivery = make_delivery(service, f"http://127.0.0.1:{unused_port}/")
    attempt(delivery)
    assert (delivery.state, Attempt.objects.get().error) == (DeliveryState.PENDING, UNREACHABLE)


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
