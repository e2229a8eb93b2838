"""The net under everything: finds what was lost and rings again."""

import logging
import sys
from collections.abc import Iterable
from typing import Any

from celery import current_app
from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.limits import forget_windows
from jobs import callbacks, dispatch, engine, leases, listings, pulses
from jobs.clock import after
from jobs.errors import WorkerLost
from jobs.models import Item, Listing
from jobs.models.jobs import ItemState, Queue
from jobs.nodes import forget_nodes

log = logging.getLogger(__name__)

GAP_SECONDS = 5
"""A message is given this long to be heard before it counts as lost, and twice as long after each ring."""

MAX_DOUBLINGS = 6
CHUNK = 500


def sweep() -> dict[str, int]:
    """One pass over everything that can be lost. Returns what was found, by kind."""
    found = {
        "abandoned": fail_abandoned(),
        "lapsed": ring_lapsed(),
        "unheard": sum(ring_unheard(queue) for queue in Queue.values),
        "filled": dispatch.fill_all(),
        "listings": ring_listings(),
        "deliveries": callbacks.ring_due(),
    }
    forget_windows()
    forget_nodes()
    pulses.leave_sign(pulses.SWEEP)
    if any(found.values()):
        log.info("swept", extra=found)
    return found


def fail_abandoned() -> int:
    """End items that took too many workers with them."""
    lost = Item.objects.select_related("job").filter(
        state=ItemState.RUNNING, lease_until__lt=Now(), host_losses__gte=leases.MAX_HOST_LOSSES
    )
    return sum(
        engine.end_item(item, [], error=WorkerLost(f"{item.host_losses} workers vanished while they had it"))
        for item in lost[:CHUNK]
    )


def ring_lapsed() -> int:
    """Ring items whose worker has gone."""
    lapsed = Item.objects.filter(leases.claimable(), _quiet(), state=ItemState.RUNNING)
    return _ring(lapsed.order_by("lease_until").values_list("pk", "queue")[:CHUNK])


def ring_unheard(queue: str) -> int:
    """Ring items whose message was lost: the broker holds fewer than the rows say."""
    # IN_FLIGHT in the words of its index, which some databases do not find otherwise.
    rung = Item.objects.filter(dispatch.IN_FLIGHT, queue=queue, state=ItemState.QUEUED)
    stale = list(rung.filter(_quiet()).order_by("pk").values_list("pk", "queue")[:CHUNK])
    if not stale or _count_messages(queue) >= rung.count():
        return 0
    return _ring(stale)


def ring_listings() -> int:
    """Have folders read that nobody reads."""
    quiet = Q(rung_at=None) | Q(rung_at__lt=after(-GAP_SECONDS))
    waiting = list(Listing.objects.filter(listings.claimable(), quiet).values_list("pk", flat=True)[:CHUNK])
    dispatch.ring_listings(waiting)
    return len(waiting)


def _quiet() -> Q:
    """Rows rung long enough ago: the gap doubles with each ring."""
    ever = Q(rung_at=None)
    for times in range(MAX_DOUBLINGS):
        ever |= Q(rings=times, rung_at__lt=after(-GAP_SECONDS * 2**times))
    return ever | Q(rings__gte=MAX_DOUBLINGS, rung_at__lt=after(-GAP_SECONDS * 2**MAX_DOUBLINGS))


def _ring(rows: Iterable[tuple[int, str]]) -> int:
    """Ring items again, and note it."""
    rung: list[int] = []
    for pk, queue in rows:
        if not dispatch.ring("run_item", pk, queue=queue):
            break
        rung.append(pk)
    Item.objects.filter(pk__in=rung).update(rung_at=Now(), rings=F("rings") + 1)
    return len(rung)


def _count_messages(queue: str) -> int:
    """Messages of this queue in the broker. None of a queue that is not there, endless where nobody answers."""
    name = f"{settings.PHOTOMILL_QUEUE_PREFIX}{queue}"
    with current_app.connection_for_read() as connection:
        try:
            connection.ensure_connection(max_retries=1, timeout=3)
            channel: Any = connection.default_channel
            return int(channel.queue_declare(queue=name, passive=True).message_count)
        except connection.channel_errors:
            return 0
        except connection.connection_errors:
            return sys.maxsize
