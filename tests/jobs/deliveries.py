"""Deliveries for the tests of callbacks, and the time that passes between their attempts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from jobs import callbacks
from jobs.models import Delivery, Service
from jobs.models.deliveries import DeliveryState
from tests.jobs.making import age, make_job

SCHEDULE_SECONDS = (1, 5, 25, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600)
"""The waits between nine attempts, before they are spread."""

FIFTH = 0.2
ROUNDING_SECONDS = 0.002


@dataclass(frozen=True)
class Ring:
    """A message that the broker got."""

    task: str
    row_id: int
    countdown: float | None


class Clock:
    """The time of this process, which can be put forward while every row waits so much less."""

    def __init__(self) -> None:
        self._now = timezone.now
        self._ahead = timedelta()

    def now(self) -> datetime:
        return self._now() + self._ahead

    def pass_time(self, seconds: float) -> None:
        age(seconds)
        self._ahead += timedelta(seconds=seconds)


def make_delivery(service: Service, url: str, **more: Any) -> Delivery:
    """The delivery of a job that had nothing to do and has finished."""
    job = make_job(service.account, [], callback_url=url, service_id=service.pk, **more)
    return Delivery.objects.get(job=job)


def make_deliveries(service: Service, url: str, count: int, **more: Any) -> list[Delivery]:
    """So many pending deliveries to paths of one host, made at one blow."""
    first = make_delivery(service, f"{url}/first")
    rows = [
        Delivery(
            job=first.job, run=1, target=f"{url}/{number}", host=first.host, webhook_id=f"{first}_{number}", **more
        )
        for number in range(count - 1)
    ]
    Delivery.objects.filter(pk=first.pk).update(**more)
    return [first, *Delivery.objects.bulk_create(rows, batch_size=500)]


def attempt(delivery: Delivery) -> tuple[float, float]:
    """Make the attempt that is due. Between how many and how many seconds its next one then waits."""
    before = datetime.now(tz=timezone.get_current_timezone())
    callbacks.deliver(delivery.pk)
    after = datetime.now(tz=timezone.get_current_timezone())
    delivery.refresh_from_db()
    return (delivery.next_at - after).total_seconds(), (delivery.next_at - before).total_seconds()


def assert_waits(waited: tuple[float, float], *, seconds: float, spread: float = FIFTH) -> None:
    """That the wait is so long, give or take what it may be spread."""
    shortest, longest = waited
    assert shortest <= seconds * (1 + spread) + ROUNDING_SECONDS, waited
    assert longest >= seconds * (1 - spread) - ROUNDING_SECONDS, waited


def exhaust(delivery: Delivery, clock: Clock) -> None:
    """Make every attempt that a delivery has, against a receiver that takes none."""
    for wait in (*SCHEDULE_SECONDS, 0):
        attempt(delivery)
        clock.pass_time(wait * (1 + FIFTH))
    assert delivery.state == DeliveryState.FAILED
