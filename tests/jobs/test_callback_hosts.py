"""A host has a few places, so that a dead one, however many messages wait for it, holds up nobody else's."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from kombu.exceptions import OperationalError

from jobs import callbacks
from jobs.callbacks import PER_HOST
from jobs.clock import after
from jobs.models import Delivery, Service
from jobs.models.deliveries import DeliveryState
from jobs.sweep import sweep
from tests.jobs.deliveries import Ring, attempt, make_deliveries, make_delivery
from tests.jobs.making import age
from tests.jobs.receivers import Answer, Receiver, receiving
from tests.jobs.test_concurrency import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("rings")]


@pytest.fixture
def other() -> Iterator[Receiver]:
    """A receiver on another host."""
    with receiving("127.0.0.2") as server:
        yield server


@pytest.fixture
def dead() -> Iterator[str]:
    """A host that takes connections and never says a word."""
    with socket.create_server(("127.0.0.3", 0), backlog=64) as server:
        yield f"http://127.0.0.3:{server.getsockname()[1]}"


def count_by_host(rings: list[Ring]) -> Counter[str]:
    hosts = dict(Delivery.objects.values_list("pk", "host"))
    return Counter(hosts[ring.row_id] for ring in rings)


def work_off(rings: list[Ring], host: str) -> None:
    """Do what is rung for this host, as its messages come, until none is left. No time passes, nobody sweeps."""
    done = 0
    while done < len(rings):
        ring = rings[done]
        if Delivery.objects.filter(pk=ring.row_id, host=host).exists():
            callbacks.deliver(ring.row_id)
        done += 1


def test_each_host_is_rung_for_a_few_at_once(service: Service, receiver: Receiver, other: Receiver, rings: Any) -> None:
    make_deliveries(service, receiver.url, 20)
    make_deliveries(service, other.url, 20)
    for _ in range(3):
        callbacks.ring_due()
        assert count_by_host(rings) == {"127.0.0.1": PER_HOST, "127.0.0.2": PER_HOST}
    age(60)
    callbacks.ring_due()
    assert len(rings) == 4 * PER_HOST, "their messages are lost, so they are rung again"


def test_jobs_that_end_one_after_the_other_ring_a_few_at_once(
    service: Service, receiver: Receiver, rings: list[Ring]
) -> None:
    first = [make_delivery(service, receiver.url).pk for _ in range(3 * PER_HOST)][:PER_HOST]
    assert rings == [Ring("deliver", pk, None) for pk in first]


def test_the_oldest_are_rung_first(service: Service, receiver: Receiver, rings: list[Ring]) -> None:
    deliveries = make_deliveries(service, receiver.url, 8)
    for minutes, delivery in enumerate(deliveries):
        Delivery.objects.filter(pk=delivery.pk).update(next_at=after(-60 * minutes), rung_at=None)
    rings.clear()
    callbacks.ring_due()
    assert [ring.row_id for ring in rings] == [delivery.pk for delivery in reversed(deliveries[PER_HOST:])]


def test_as_one_is_done_the_next_is_rung(service: Service, receiver: Receiver, rings: list[Ring]) -> None:
    make_deliveries(service, receiver.url, 50)
    callbacks.ring_due()
    work_off(rings, "127.0.0.1")
    assert len(receiver.messages) == 50
    assert not Delivery.objects.exclude(state=DeliveryState.DELIVERED).exists()


def test_as_one_fails_the_next_is_rung(service: Service, receiver: Receiver, rings: list[Ring]) -> None:
    receiver.answer(500)
    make_deliveries(service, receiver.url, 50)
    callbacks.ring_due()
    work_off(rings, "127.0.0.1")
    assert len({message.path for message in receiver.messages}) == 50


def test_a_mountain_for_a_dead_host_hides_nobody(
    service: Service, receiver: Receiver, dead: str, rings: list[Ring]
) -> None:
    make_deliveries(service, dead, 5000)
    age(3600)
    rings.clear()
    make_deliveries(service, receiver.url, 50)
    callbacks.ring_due()
    assert count_by_host(rings) == {"127.0.0.3": PER_HOST, "127.0.0.1": PER_HOST}
    work_off(rings, "127.0.0.1")
    assert len(receiver.messages) == 50
    assert count_by_host(rings)["127.0.0.3"] == PER_HOST


def test_a_dead_host_s_places_are_held_while_its_attempts_last(
    service: Service, dead: str, rings: list[Ring], settings: Any
) -> None:
    settings.PHOTOMILL_CALLBACK_SECONDS = 1
    deliveries = make_deliveries(service, dead, 20)
    callbacks.ring_due()
    workers = threading.Thread(target=at_once, args=(callbacks.deliver, [ring.row_id for ring in rings]))
    workers.start()
    wait_until_claimed(PER_HOST)
    assert callbacks.ring_due() == 0
    callbacks.deliver(deliveries[-1].pk)
    assert Delivery.objects.filter(attempts_made__gt=0).count() == PER_HOST
    workers.join()
    assert Delivery.objects.filter(attempts_made__gt=0).count() == PER_HOST


def wait_until_claimed(count: int) -> None:
    """Wait until so many attempts are under way."""
    for _ in range(2000):
        if Delivery.objects.filter(lease_until__isnull=False).count() == count:
            return
        threading.Event().wait(0.005)
    pytest.fail("nobody works on them")


def test_a_retry_that_finds_its_host_full_queues_up_again(
    service: Service, receiver: Receiver, rings: list[Ring]
) -> None:
    gate = threading.Event()
    receiver.answer(Answer(after=gate))
    deliveries = make_deliveries(service, receiver.url, PER_HOST + 1)
    *first, last = deliveries
    workers = threading.Thread(target=at_once, args=(callbacks.deliver, [each.pk for each in first]))
    workers.start()
    receiver.wait_for(PER_HOST)
    rings.clear()
    Delivery.objects.filter(pk=last.pk).update(rung_at=Now())
    attempt(last)
    assert (last.attempts_made, last.rung_at, len(receiver.messages)) == (0, None, PER_HOST)
    gate.set()
    workers.join()
    assert Ring("deliver", last.pk, None) in rings
    attempt(last)
    assert last.state == DeliveryState.DELIVERED


def test_places_of_a_worker_that_is_gone_are_free_after_its_lease(
    service: Service, receiver: Receiver, rings: list[Ring]
) -> None:
    deliveries = make_deliveries(service, receiver.url, 2 * PER_HOST)
    gone = [each.pk for each in deliveries[:PER_HOST]]
    age(5)
    Delivery.objects.filter(pk__in=gone).update(lease_until=after(25), fence=1, attempts_made=1)
    rings.clear()
    assert sweep()["deliveries"] == 0
    age(60)
    assert sweep()["deliveries"] == PER_HOST
    assert {ring.row_id for ring in rings} == set(gone)


def test_the_ringing_costs_the_same_statements_for_few_and_for_many(
    service: Service, receiver: Receiver, other: Receiver, dead: str
) -> None:
    counts = []
    for url, count in ((receiver.url, 1), (other.url, 100), (dead, 2000)):
        make_deliveries(service, url, count)
        age(60)
        with CaptureQueriesContext(connection) as captured:
            assert callbacks.ring_due()
        counts.append(len(captured))
    assert len(set(counts)) == 1
    assert counts[0] <= 3
    with CaptureQueriesContext(connection) as captured:
        assert not callbacks.ring_due()
    assert len(captured) <= 2


def test_an_end_of_an_attempt_beside_a_mountain_costs_the_same_statements(
    service: Service, receiver: Receiver, dead: str
) -> None:
    counts = []
    for count in (1, 2000):
        make_deliveries(service, dead, count)
        delivery = make_delivery(service, receiver.url)
        with CaptureQueriesContext(connection) as captured:
            callbacks.deliver(delivery.pk)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_broker_that_goes_down_between_two_messages_leaves_the_rest_waiting(
    service: Service, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_deliveries(service, receiver.url, PER_HOST)
    age(60)
    sent: list[int] = []

    def send_two(_app: Any, _name: str, args: list[int], **_: Any) -> None:
        if len(sent) == 2:
            raise OperationalError("refused")
        sent.extend(args)

    monkeypatch.setattr("celery.Celery.send_task", send_two)
    assert callbacks.ring_due() == 2
    waiting = Delivery.objects.filter(rung_at=None).values_list("pk", flat=True)
    assert set(waiting) == set(Delivery.objects.values_list("pk", flat=True)) - set(sent)
    assert len(waiting) == PER_HOST - 2
