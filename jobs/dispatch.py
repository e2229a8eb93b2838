"""The only place that rings: which rows' ids go into the broker, and when.

A message is a doorbell. Only a window of items is in the broker at any time, twice what the workers can do at
once, filled over accounts in turn and over an account's jobs in turn, so that no mountain starves a single image.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Now
from kombu.exceptions import OperationalError

from jobs.models import Item, Job, Listing
from jobs.models.jobs import ItemState, Queue
from jobs.nodes import count_slots

log = logging.getLogger(__name__)

QUIET_SECONDS = 1
_quiet: dict[str, float] = {}

IN_FLIGHT = Q(state__in=[ItemState.QUEUED, ItemState.RUNNING], rung_at__isnull=False)


@dataclass
class _Candidate:
    """A job with items to ring, and how many it has in the broker or at work."""

    job_id: int
    account_id: int
    priority: int
    in_flight: int
    is_waiting: bool
    wanted: int = 0


def fill(queue: str) -> int:
    """Ring items of this queue until its window is full. Returns how many were rung."""
    window = 2 * count_slots(queue)
    candidates = _find_candidates(queue)
    free = window - sum(candidate.in_flight for candidate in candidates)
    # Half a window at a time: the statements of one filling serve several items.
    if free * 2 < window or not any(candidate.is_waiting for candidate in candidates):
        return 0
    _share(candidates, free)
    return _ring_items(queue, _take([candidate for candidate in candidates if candidate.wanted]))


def fill_after_commit(queue: str) -> None:
    """Fill once the transaction is through. A broker that is down is no error of the request's."""
    transaction.on_commit(partial(fill, queue), robust=True)


def fill_all() -> int:
    """Fill every queue's window."""
    return sum(fill(queue) for queue in Queue.values)


def ring_listing_after_commit(listing_id: int) -> None:
    """Have a folder read."""
    transaction.on_commit(partial(_ring_listing, listing_id), robust=True)


def ring_listings(listing_ids: Iterable[int]) -> None:
    """Have folders read now."""
    for listing_id in listing_ids:
        if not _ring_listing(listing_id):
            return


def ring(task: str, row_id: int, *, queue: str, countdown: float | None = None, **more: str) -> bool:
    """Send one message: a row's id, and for a few tasks a word about it.

    False where the broker cannot be reached; the sweep will ring again.

    A broker that did not answer is left alone for a moment: requests must not queue up behind its time-outs.
    """
    if _quiet.get("until", 0) > time.monotonic():
        return False
    try:
        current_app.send_task(
            task,
            args=[row_id, *more.values()],
            queue=f"{settings.PHOTOMILL_QUEUE_PREFIX}{queue}",
            countdown=countdown,
            retry=False,
            argsrepr=f"({' '.join([task.rpartition('_')[2], str(row_id), *more.values()])})",
        )
    except _list_broker_errors() as error:
        log.warning("the broker cannot be reached: %s", type(error).__name__)
        _quiet["until"] = time.monotonic() + QUIET_SECONDS
        return False
    return True


def _list_broker_errors() -> tuple[type[BaseException], ...]:
    """What is raised without a broker: kombu's word, and its own library's where an open connection has ended."""
    with current_app.connection_for_write() as connection:
        return (OperationalError, OSError, *connection.connection_errors, *connection.channel_errors)


def _ring_listing(listing_id: int) -> bool:
    Listing.objects.filter(pk=listing_id).update(rung_at=Now())
    return ring("list_folder", listing_id, queue="periodic")


def _find_candidates(queue: str) -> list[_Candidate]:
    with connection.cursor() as cursor:
        cursor.execute(*_make_statement(queue))
        return [_Candidate(*row) for row in cursor.fetchall()]


@cache
def _make_statement(queue: str) -> tuple[str, tuple[Any, ...]]:
    """The statement that finds candidates. Kept: putting it together takes far longer than running it."""
    items = Item.objects.filter(job=OuterRef("pk"), queue=queue).order_by()
    in_flight = items.filter(IN_FLIGHT).values("job").annotate(count=Count("pk")).values("count")
    waiting = items.filter(state=ItemState.QUEUED, rung_at=None).filter(Q(due_at=None) | Q(due_at__lte=Now()))
    rows = (
        Job.objects.filter(queue=queue, finished_at=None)
        .annotate(in_flight=Coalesce(Subquery(in_flight), Value(0)), is_waiting=Exists(waiting))
        .order_by("pk")
        .values_list("pk", "account_id", "priority", "in_flight", "is_waiting")
    )
    return rows.query.sql_with_params()


def _share(candidates: list[_Candidate], free: int) -> None:
    """Give each free place to the account with the fewest items in flight, and there to the job with the fewest."""
    by_account: dict[int, list[_Candidate]] = defaultdict(list)
    load: dict[int, int] = defaultdict(int)
    for candidate in candidates:
        load[candidate.account_id] += candidate.in_flight
        if candidate.is_waiting:
            by_account[candidate.account_id].append(candidate)
    for _ in range(free):
        account = min(by_account, key=lambda account_id: load[account_id])
        chosen = min(by_account[account], key=lambda c: (-c.priority, c.in_flight + c.wanted, c.job_id))
        chosen.wanted += 1
        load[account] += 1


def _take(candidates: list[_Candidate]) -> list[int]:
    """Ids of the next items of each job, marked as rung in one statement: two fillings never take the same."""
    found: list[int] = []
    for candidate in candidates:
        waiting = (
            Item.objects.filter(job=candidate.job_id, state=ItemState.QUEUED, rung_at=None)
            .filter(Q(due_at=None) | Q(due_at__lte=Now()))
            .order_by("pk")
        )
        found += _mark_rung(waiting, candidate.wanted)
    return found


def _mark_rung(waiting: QuerySet[Item], count: int) -> list[int]:
    """Mark so many of the items; rows that somebody else is marking are passed over."""
    lock = " FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    now, _ = Item.objects.none().query.get_compiler("default").compile(Now())
    inner, params = waiting.values("pk")[:count].query.sql_with_params()
    table = Item._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET rung_at = {now} WHERE id IN ({inner}{lock}) RETURNING id",  # noqa: S608
            params,
        )
        return sorted(row[0] for row in cursor.fetchall())


def _ring_items(queue: str, item_ids: list[int]) -> int:
    for number, item_id in enumerate(item_ids):
        if not ring("run_item", item_id, queue=queue):
            # Back to waiting: the sweep fills again once the broker is there.
            Item.objects.filter(pk__in=item_ids[number:], state=ItemState.QUEUED).update(rung_at=None)
            return number
    return len(item_ids)
