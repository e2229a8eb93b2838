"""What the broker's messages start. Each carries one id."""

from typing import Any

from celery import shared_task

import jobs.nodes  # noqa: F401 - nodes make themselves known
from jobs import callbacks, engine, listings, pulses, thumbnails
from jobs.retention.orphans import purge_orphans as run_purge_of_orphans
from jobs.retention.purge import ROUND_SECONDS
from jobs.retention.purge import purge as run_purge
from jobs.retention.rounds import Round
from jobs.sweep import sweep as run_sweep

LISTING_TIME_LIMIT_SECONDS = 3600


@shared_task(name="run_item")
def run_item(item_id: int) -> None:
    """Work on one item."""
    engine.run_item(item_id)


@shared_task(name="list_folder", time_limit=LISTING_TIME_LIMIT_SECONDS)
def list_folder(listing_id: int) -> None:
    """Read one folder."""
    listings.list_folder(listing_id)


@shared_task(name="deliver")
def deliver(delivery_id: int) -> None:
    """Make one attempt at a delivery."""
    callbacks.deliver(delivery_id)


@shared_task(name="make_thumbnail")
def make_thumbnail(row_id: int, kind: thumbnails.Kind) -> None:
    """Make one small picture for the admin."""
    thumbnails.make_thumbnail(kind, row_id)


@shared_task(name="sweep")
def sweep() -> None:
    """Look for what was lost."""
    run_sweep()


@shared_task(name="canary", bind=True)
def canary(task: Any, queue: str) -> None:
    """Show that a worker of this queue takes work."""
    pulses.answer_canary(queue, node=task.request.hostname or "")


@shared_task(name="purge")
def purge() -> None:
    """Delete what is due, for as long as the next round lets it."""
    run_purge(Round(seconds=ROUND_SECONDS))


@shared_task(name="purge_orphans")
def purge_orphans() -> None:
    """Walk the house storage and delete what no row names."""
    run_purge(Round(), [run_purge_of_orphans])
