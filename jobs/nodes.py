"""Which worker nodes there are, and how much they can do at once."""

import logging
import time
from typing import Any

from celery.signals import heartbeat_sent, worker_init, worker_shutdown
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.db.models.functions import Now

from jobs.clock import after
from jobs.models import Node

log = logging.getLogger(__name__)

ALIVE_SECONDS = 30
FORGOTTEN_SECONDS = 3600
BEAT_SECONDS = 10
LOOK_SECONDS = 5

_seen: dict[str, tuple[float, int]] = {}
_beaten: dict[str, float] = {}
_worker: list[Any] = []


def count_slots(queue: str) -> int:
    """How many items of this queue the living nodes work on at once; PHOTOMILL_WORKERS where none is known."""
    kept = _seen.get(queue)
    if kept and kept[0] > time.monotonic():
        return kept[1]
    alive = Node.objects.filter(seen_at__gte=after(-ALIVE_SECONDS))
    slots = sum(node.slots for node in alive if queue in node.queues)
    _seen[queue] = (time.monotonic() + LOOK_SECONDS, slots or settings.PHOTOMILL_WORKERS)
    return _seen[queue][1]


def is_served(queue: str) -> bool:
    """Whether a living node takes items of this queue."""
    alive = Node.objects.filter(seen_at__gte=after(-ALIVE_SECONDS)).values_list("queues", flat=True)
    return any(queue in queues for queues in alive)


def forget_nodes() -> None:
    """Delete nodes that have long been silent: they were killed, or their host is gone."""
    Node.objects.filter(seen_at__lt=after(-FORGOTTEN_SECONDS)).delete()


@worker_init.connect(weak=False)
def remember_worker(sender: Any = None, **_: Any) -> None:
    """Keep the node's worker: heartbeats do not carry it."""
    _worker.append(sender)


@heartbeat_sent.connect(weak=False)
def note_node(**_: Any) -> None:
    """Write down that this node lives. Celery calls it in the node's main process with every heartbeat."""
    if not _worker or _beaten.get("at", 0) > time.monotonic() - BEAT_SECONDS:
        return
    _beaten["at"] = time.monotonic()
    worker = _worker[-1]
    prefix = settings.PHOTOMILL_QUEUE_PREFIX
    queues = [name.removeprefix(prefix) for name in worker.app.amqp.queues.consume_from]
    try:
        close_old_connections()
        facts = {"queues": queues, "slots": worker.concurrency, "seen_at": Now()}
        Node.objects.update_or_create(name=worker.hostname, defaults=facts)
    except DatabaseError as error:
        log.warning("this node could not make itself known: %s", type(error).__name__)


@worker_shutdown.connect(weak=False)
def forget_node(**_: Any) -> None:
    """A node that stops in order is gone at once."""
    try:
        Node.objects.filter(name__in=[worker.hostname for worker in _worker]).delete()
    except DatabaseError:
        log.warning("this node could not sign off")
