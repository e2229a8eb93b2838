"""Who works on an item: claimed by a conditional update, held by a lease, told apart by a fence.

Times are the database's. A claim counts `fence` up; every later write asks for the fence that its claim got, so
that a worker that lost its lease, however long it slept, changes nothing.
"""

import logging
import threading
from contextvars import copy_context
from functools import partial
from types import TracebackType

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now

from jobs import tallies
from jobs.clock import after
from jobs.models import Item, Job
from jobs.models.jobs import ItemState, JobState

log = logging.getLogger(__name__)

MAX_HOST_LOSSES = 10


def claimable() -> Q:
    """Items that may be worked on: queued, or running under a lease that has lapsed."""
    queued = Q(state=ItemState.QUEUED)
    lapsed = Q(state=ItemState.RUNNING, lease_until__lt=Now(), host_losses__lt=MAX_HOST_LOSSES)
    return queued | lapsed


def claim_item(item_id: int) -> Item | None:
    """The item with its job, ours until the lease ends, or None where there is nothing to do."""
    # The request as it was sent may name thousands of sources; whoever works on one has no use for it.
    rows = Item.objects.select_related("job__account", "job__service").defer("job__request")
    item = rows.filter(claimable(), pk=item_id).first()
    if item is None:
        return None
    won = Item.objects.filter(claimable(), pk=item_id, fence=item.fence).update(
        state=ItemState.RUNNING,
        fence=F("fence") + 1,
        host_losses=F("host_losses") + Case(When(state=ItemState.RUNNING, then=Value(1)), default=Value(0)),
        lease_until=after(settings.PHOTOMILL_LEASE_SECONDS),
        started_at=Now(),
    )
    if not won:
        return None
    item.fence += 1
    if item.state == ItemState.RUNNING:
        tallies.add_event("workers_lost")
    if item.job.state == JobState.QUEUED:
        Job.objects.filter(pk=item.job_id, state=JobState.QUEUED).update(
            state=JobState.RUNNING, started_at=Now(), updated_at=Now()
        )
    return item


def renew(item: Item) -> bool:
    """Prolong the lease. False where the item is no longer ours."""
    mine = Item.objects.filter(pk=item.pk, fence=item.fence, state=ItemState.RUNNING)
    return bool(mine.update(lease_until=after(settings.PHOTOMILL_LEASE_SECONDS)))


def release(item: Item, *, tries: int, wait_seconds: float, code: str, message: str) -> bool:
    """Give the item back to be tried again after a while. False where it is no longer ours."""
    mine = Item.objects.filter(pk=item.pk, fence=item.fence, state=ItemState.RUNNING)
    return bool(
        mine.update(
            state=ItemState.QUEUED,
            tries=tries,
            lease_until=None,
            rung_at=None,
            rings=Value(0),
            due_at=after(wait_seconds),
            error_code=code,
            error_message=message,
        )
    )


class Heartbeat:
    """Renews an item's lease from a thread while the `with` block runs, until the item's time is over."""

    def __init__(self, item: Item, *, seconds: float) -> None:
        self._item = item
        self._left = seconds
        self._stop = threading.Event()
        # What is known of the item's request and job is not known in a new thread by itself.
        beat = partial(copy_context().run, self._beat)
        self._thread = threading.Thread(target=beat, name=f"lease-{item.pk}", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, _type: type[BaseException] | None, _value: object, _trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        gap = settings.PHOTOMILL_LEASE_SECONDS / 3
        try:
            while self._left > 0 and not self._stop.wait(gap):
                self._left -= gap
                if not self._renew():
                    return
        finally:
            connection.close()

    def _renew(self) -> bool:
        try:
            return renew(self._item)
        except DatabaseError as error:
            # The next beat tries again; if the database stays away, the lease lapses as it should.
            log.warning("item %s: lease not renewed: %s", self._item.pk, type(error).__name__)
            connection.close()
            return True
