"""Signs of life: when the sweep last ran, and when a worker of each queue last did what was rung there.

A canary is a task that does nothing but leave its sign. Beat rings one in every queue; a process that is there but
takes no work leaves none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now

from jobs.models import Item, Pulse
from jobs.models.jobs import ItemState

SWEEP = "sweep"
QUEUE_PREFIX = "queue:"
MISSED_CANARIES = 3
"""So many gaps without a canary, and a queue that is not at work counts as dead."""


@dataclass(frozen=True)
class QueueState:
    """age_seconds: since a worker last left a sign; None where none ever did. is_busy: items of it are worked on."""

    age_seconds: float | None
    node: str
    is_busy: bool

    @property
    def is_alive(self) -> bool:
        """A canary waits behind long items: while leases are renewed, the queue lives."""
        return self.is_busy or (self.age_seconds is not None and self.age_seconds <= silent_seconds())

    def describe(self) -> str:
        if self.is_alive:
            return "ok"
        return "no sign of life yet" if self.age_seconds is None else f"silent for {self.age_seconds:.0f} s"


def silent_seconds() -> float:
    """How long a queue may be silent."""
    return MISSED_CANARIES * settings.PHOTOMILL_CANARY_SECONDS


def leave_sign(name: str, *, node: str = "") -> None:
    """Write down that this happened now. One statement."""
    sign = Pulse(name=name, node=node, at=Now())
    Pulse.objects.bulk_create([sign], update_conflicts=True, unique_fields=["name"], update_fields=["at", "node"])


def answer_canary(queue: str, *, node: str) -> None:
    """A worker of this queue is at work."""
    leave_sign(QUEUE_PREFIX + queue, node=node)


def read_pulses() -> dict[str, tuple[float, str]]:
    """Seconds since each sign of life, and the node that left it, by name. One statement."""
    ages = Pulse.objects.annotate(age=ExpressionWrapper(Now() - F("at"), output_field=DurationField()))
    return {name: (_seconds(age), node) for name, age, node in ages.values_list("name", "age", "node")}


def judge_queues(
    queues: Iterable[str], *, pulses: Mapping[str, tuple[float, str]], busy: Iterable[str]
) -> dict[str, QueueState]:
    """How each of these queues is, by what was read."""
    at_work = set(busy)
    found = {}
    for queue in queues:
        age, node = pulses.get(QUEUE_PREFIX + queue, (None, ""))
        found[queue] = QueueState(age, node, queue in at_work)
    return found


def find_queue_states(queues: Iterable[str]) -> dict[str, QueueState]:
    """How each of these queues is. Two statements."""
    return judge_queues(queues, pulses=read_pulses(), busy=find_busy_queues())


def find_busy_queues() -> set[str]:
    """Queues with items under a lease that is being renewed."""
    held = Item.objects.filter(job__finished_at=None, state=ItemState.RUNNING, lease_until__gt=Now())
    return set(held.order_by().values_list("queue", flat=True).distinct())


def _seconds(age: timedelta) -> float:
    return max(0.0, age.total_seconds())
