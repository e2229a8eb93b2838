"""What /metrics says of the rows: a handful of statements, whatever the number of items and accounts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Case, Count, DurationField, ExpressionWrapper, F, Min, Q, Sum, When
from django.db.models.functions import Now

from jobs.clock import after
from jobs.models import Delivery, Item, Job, Node
from jobs.models.deliveries import DeliveryState
from jobs.models.jobs import ItemState
from jobs.nodes import ALIVE_SECONDS
from jobs.pulses import QueueState, judge_queues, read_pulses
from jobs.tallies import read_counts

TOP_ACCOUNTS = 50
OTHER = "other"
"""In the place of an account's name, for all but those with the most to do."""

OVERDUE_SECONDS = 60


@dataclass
class Depth:
    """One account's items in one queue, and the age of its oldest run that is open, in seconds."""

    queued: int = 0
    running: int = 0
    oldest_seconds: float = 0.0


@dataclass(frozen=True)
class Figures:
    """depths: by queue and account. workers, slots: of living nodes, by queue. sweep_age_seconds: None without one."""

    depths: Mapping[tuple[str, str], Depth]
    counts: Mapping[str, int]
    queues: Mapping[str, QueueState]
    pending_deliveries: int
    overdue_deliveries: int
    overdue_seconds: float
    sweep_age_seconds: float | None
    workers: Mapping[str, int] = field(default_factory=dict)
    slots: Mapping[str, int] = field(default_factory=dict)


def read_figures(queues: Iterable[str]) -> Figures:
    """Six statements. queues: all that there are."""
    pulses = read_pulses()
    depths, busy = _measure_depths()
    pending, overdue, late = _count_deliveries()
    workers, slots = _count_nodes()
    return Figures(
        depths=bound(depths),
        counts=read_counts(),
        queues=judge_queues(queues, pulses=pulses, busy=busy),
        pending_deliveries=pending,
        overdue_deliveries=overdue,
        overdue_seconds=late,
        sweep_age_seconds=pulses["sweep"][0] if "sweep" in pulses else None,
        workers=workers,
        slots=slots,
    )


def bound(depths: Mapping[tuple[str, str], Depth], top: int = TOP_ACCOUNTS) -> dict[tuple[str, str], Depth]:
    """The accounts with the most open items under their names, and the rest of each queue together as `other`."""
    totals: dict[str, int] = defaultdict(int)
    for (_, account), depth in depths.items():
        totals[account] += depth.queued + depth.running
    named = set(sorted(totals, key=lambda account: (-totals[account], account))[:top])
    found: dict[tuple[str, str], Depth] = defaultdict(Depth)
    for (queue, account), depth in depths.items():
        kept = found[queue, account if account in named else OTHER]
        kept.queued += depth.queued
        kept.running += depth.running
        kept.oldest_seconds = max(kept.oldest_seconds, depth.oldest_seconds)
    return dict(found)


def overdue() -> Q:
    """Deliveries whose time came more than a minute ago and that nobody is working on."""
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    return free & Q(state=DeliveryState.PENDING, next_at__lt=after(-OVERDUE_SECONDS))


def _measure_depths() -> tuple[dict[tuple[str, str], Depth], set[str]]:
    """Open items by queue and account, and the queues at work. What a job has left stands on its row: of a mountain
    of items only those at work are counted.
    """
    found = {
        (queue, account): Depth(queued=left, oldest_seconds=_seconds(age))
        for queue, account, left, age in _find_open_jobs()
    }
    busy = set()
    for queue, account, running, held in _find_running():
        depth = found.setdefault((queue, account), Depth())
        depth.running = running
        depth.queued = max(0, depth.queued - running)
        if held:
            busy.add(queue)
    return found, busy


def _find_open_jobs() -> Iterable[tuple[str, str, int, timedelta]]:
    begun = Case(When(run=1, then=F("created_at")), default=F("updated_at"))
    oldest = ExpressionWrapper(Now() - Min(begun), output_field=DurationField())
    rows = Job.objects.filter(finished_at=None).order_by().values("queue", "account__name")
    measured = rows.annotate(left=Sum(F("items_total") - F("items_ended")), age=oldest)
    return measured.values_list("queue", "account__name", "left", "age")


def _find_running() -> Iterable[tuple[str, str, int, int]]:
    rows = Item.objects.filter(job__finished_at=None, state=ItemState.RUNNING).order_by()
    held = Count("pk", filter=Q(lease_until__gt=Now()))
    measured = rows.values("queue", "job__account__name").annotate(running=Count("pk"), held=held)
    return measured.values_list("queue", "job__account__name", "running", "held")


def _count_deliveries() -> tuple[int, int, float]:
    """Those that wait, those whose time came a minute ago and that nobody works on, and how late the latest is."""
    late = overdue()
    age = ExpressionWrapper(Now() - Min("next_at", filter=late), output_field=DurationField())
    found = Delivery.objects.filter(state=DeliveryState.PENDING).aggregate(
        pending=Count("pk"), overdue=Count("pk", filter=late), age=age
    )
    return found["pending"], found["overdue"], _seconds(found["age"])


def _count_nodes() -> tuple[dict[str, int], dict[str, int]]:
    workers: dict[str, int] = defaultdict(int)
    slots: dict[str, int] = defaultdict(int)
    for node in Node.objects.filter(seen_at__gte=after(-ALIVE_SECONDS)):
        for queue in node.queues:
            workers[queue] += 1
            slots[queue] += node.slots
    return workers, slots


def _seconds(age: timedelta | None) -> float:
    return max(0.0, age.total_seconds()) if age is not None else 0.0
