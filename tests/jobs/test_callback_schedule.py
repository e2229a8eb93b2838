"""When a message is sent again: on its schedule, as the receiver asks, and not for ever."""

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.utils import timezone

from jobs import callbacks
from jobs.models import Attempt, Delivery, Service
from jobs.models.deliveries import DeliveryState
from jobs.sweep import sweep
from tests.jobs.deliveries import SCHEDULE_SECONDS, Clock, Ring, assert_waits, attempt, exhaust, make_delivery
from tests.jobs.making import age
from tests.jobs.receivers import Answer, Receiver
from tests.storage.hostile import answer, serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("rings")]


def test_a_message_that_is_taken_with_the_last_try_was_sent_nine_times_on_schedule(
    service: Service, receiver: Receiver, clock: Clock
) -> None:
    receiver.answer(*[500, 404, 302, 400, 503, 500, 401, 500], 204)
    delivery = make_delivery(service, receiver.url)
    for seconds in SCHEDULE_SECONDS:
        waited = attempt(delivery)
        assert_waits(waited, seconds=seconds)
        if seconds > 1:
            clock.pass_time(waited[0] / 2)
            callbacks.deliver(delivery.pk)
            assert len(receiver.messages) == delivery.attempts_made, "it is not due yet"
        clock.pass_time(waited[1])
    attempt(delivery)
    assert (delivery.state, delivery.attempts_made) == (DeliveryState.DELIVERED, 9)
    assert delivery.ended_at
    assert len(receiver.messages) == Attempt.objects.filter(delivery=delivery).count() == 9
    assert {message.id for message in receiver.messages} == {delivery.webhook_id}
    assert {message.body for message in receiver.messages} == {delivery.body.encode()}
    stamps = [message.timestamp for message in receiver.messages]
    assert stamps == sorted(set(stamps))


def test_what_is_never_taken_fails_after_the_ninth_try_and_is_never_rung_again(
    service: Service, receiver: Receiver, clock: Clock, rings: list[Ring]
) -> None:
    receiver.answer(500)
    delivery = make_delivery(service, receiver.url)
    exhaust(delivery, clock)
    assert len(receiver.messages) == 9
    assert delivery.ended_at
    rings.clear()
    age(30 * 86400)
    assert sweep()["deliveries"] == 0
    callbacks.deliver(delivery.pk)
    assert rings == []
    assert len(receiver.messages) == 9


def test_what_failed_together_does_not_come_back_together(service: Service, receiver: Receiver) -> None:
    receiver.answer(500)
    waits = {round(attempt(make_delivery(service, receiver.url))[0], 2) for _ in range(10)}
    assert len(waits) > 3


def test_a_delivery_whose_workers_all_vanish_ends_too(service: Service, receiver: Receiver, rings: list[Ring]) -> None:
    delivery = make_delivery(service, receiver.url)
    Delivery.objects.update(attempts_made=9, lease_until=timezone.now())
    age(60)
    sweep()
    assert rings[-1] == Ring("deliver", delivery.pk, None)
    callbacks.deliver(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts_made, receiver.messages) == (DeliveryState.FAILED, 9, [])
    callbacks.redeliver(delivery)
    callbacks.deliver(delivery.pk)
    assert len(receiver.messages) == 1


def test_a_short_wait_is_rung_with_a_countdown_and_a_long_one_by_the_sweep(
    service: Service, receiver: Receiver, clock: Clock, rings: list[Ring]
) -> None:
    receiver.answer(500)
    delivery = make_delivery(service, receiver.url)
    assert rings == [Ring("deliver", delivery.pk, None)]
    for seconds in (1, 5, 25):
        waited = attempt(delivery)
        countdown = rings[-1].countdown
        assert countdown
        assert waited[0] <= countdown <= waited[1] + 0.1, "not before it is due, and not much later"
        clock.pass_time(seconds * 1.3)
    rings.clear()
    attempt(delivery)
    sweep()
    assert rings == []
    clock.pass_time(300 * 1.3)
    sweep()
    assert rings == [Ring("deliver", delivery.pk, None)]


def test_gone_is_the_end(service: Service, receiver: Receiver) -> None:
    receiver.answer(Answer(410, headers={"retry-after": "5"}))
    delivery = make_delivery(service, receiver.url)
    attempt(delivery)
    age(86400)
    callbacks.deliver(delivery.pk)
    assert (delivery.state, len(receiver.messages)) == (DeliveryState.FAILED, 1)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("120", 120), ("3600", 3600), ("3601", 3600), ("86400000", 3600), ("9" * 5000, 3600)],
    ids=lambda value: str(value)[:9],
)
def test_seconds_that_a_receiver_asks_for_are_waited_up_to_an_hour(
    service: Service, receiver: Receiver, status: int, asked: str, seconds: float
) -> None:
    receiver.answer(Answer(status, headers={"Retry-After": asked}))
    assert_waits(attempt(make_delivery(service, receiver.url)), seconds=seconds, spread=0)


@pytest.mark.parametrize(("ahead", "seconds"), [(600, 600), (86400, 3600), (7_000 * 365 * 86400, 3600)])
def test_a_time_that_a_receiver_asks_for_is_waited_for_up_to_an_hour(
    service: Service, receiver: Receiver, ahead: float, seconds: float
) -> None:
    until = timezone.now() + timedelta(seconds=ahead)
    receiver.answer(Answer(503, headers={"Retry-After": format_datetime(until, usegmt=True)}))
    shortest, longest = attempt(make_delivery(service, receiver.url))
    assert shortest <= seconds
    assert longest >= seconds - 1 - (longest - shortest), "a date has whole seconds"


NOT_A_WAIT: list[Any] = [
    *("0", "", "-5", "+5", "1.5", "1e3", "0x10", "soon", "120, 120", "1 000", "²", "٣", "NaN", "inf"),
    *("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00 -0000", "Wed, 21 Oct 2015 07:28:00 +9999999999999"),
    *("Wed, 21 Oct 99999 07:28:00 GMT", "Wed, 31 Feb 2099 07:28:00 GMT", "2099-01-01T00:00:00Z", "x" * 5000),
]


def test_anything_else_that_a_receiver_asks_for_leaves_the_schedule_as_it_is(service: Service) -> None:
    for asked in NOT_A_WAIT:
        with serving(answer(status="503 Busy", headers=f"retry-after: {asked}\r\n")) as server:
            delivery = make_delivery(service, server.url())
            assert_waits(attempt(delivery), seconds=1)
        assert Attempt.objects.get(delivery=delivery).status_code == 503, asked
