"""The first page: what happened today and what is waiting, in a handful of statements."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.scoping import is_operator, scope
from jobs.admin.wording import badge, show_progress
from jobs.clock import after
from jobs.figures import overdue
from jobs.models import Delivery, Item, Job, Node
from jobs.models.jobs import ItemState, Queue
from jobs.nodes import ALIVE_SECONDS
from processing import operations

RECENT = 8


@dataclass(frozen=True)
class Figure:
    """One number with what it counts. tone: a colour of `wording.badge`, or empty."""

    title: str
    value: int
    url: str
    tone: str = ""


@dataclass(frozen=True)
class Depth:
    """One queue. slots: how many items living nodes work on at once, None where that is not for this reader."""

    queue: str
    waiting: int
    running: int
    slots: int | None


def add_figures(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The first page's context with what it shows to whoever asks: an operator everything, others their account."""
    jobs = scope(Job.objects.all(), request, "account")
    items = scope(Item.objects.all(), request, "job__account")
    deliveries = scope(Delivery.objects.all(), request, "job__account")
    nodes = list(Node.objects.filter(seen_at__gte=after(-ALIVE_SECONDS))) if is_operator(request) else None
    newest = jobs.select_related("account").order_by("-pk")[:RECENT]
    return context | {
        "figures": [*_count_today(items), *_count_open(jobs, deliveries, nodes)],
        "depths": _measure_queues(items, nodes),
        "newest": [(job, badge(job.state), _show_progress(job)) for job in newest],
        "missing": _list_missing() if is_operator(request) else [],
    }


def _show_progress(job: Job) -> SafeString:
    return show_progress(job.items_ended, job.items_failed, job.items_total)


def _count_today(items: Any) -> list[Figure]:
    """Items that ended today. Only jobs that were open today are looked into: items are many, jobs are few."""
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    open_today = Job.objects.filter(Q(finished_at=None) | Q(finished_at__gte=midnight)).values("pk")
    today = items.filter(job__in=open_today, ended_at__gte=midnight)
    found = today.aggregate(
        done=Count("pk", filter=Q(state=ItemState.DONE)), failed=Count("pk", filter=Q(state=ItemState.FAILED))
    )
    url = reverse("admin:jobs_item_changelist")
    return [
        Figure("items done today", found["done"], f"{url}?state__exact=done", "good"),
        Figure("items failed today", found["failed"], f"{url}?state__exact=failed", "bad" if found["failed"] else ""),
    ]


def _count_open(jobs: Any, deliveries: Any, nodes: list[Node] | None) -> list[Figure]:
    open_jobs = jobs.filter(finished_at=None).count()
    late = deliveries.filter(overdue()).count()
    found = [
        Figure("open jobs", open_jobs, reverse("admin:jobs_job_changelist")),
        Figure(
            "overdue deliveries", late, reverse("admin:jobs_delivery_changelist") + "?overdue=1", "bad" if late else ""
        ),
    ]
    if nodes is not None:
        nodes_url = reverse("admin:jobs_node_changelist")
        found.append(Figure("nodes alive", len(nodes), nodes_url, "" if nodes else "bad"))
    return found


def _measure_queues(items: Any, nodes: list[Node] | None) -> list[Depth]:
    """Waiting and running items of each queue, from the rows: the broker holds only a window of them."""
    rows = items.filter(job__finished_at=None, state__in=[ItemState.QUEUED, ItemState.RUNNING])
    counts = {
        (row["queue"], row["state"]): row["count"]
        for row in rows.order_by().values("queue", "state").annotate(count=Count("pk"))
    }
    return [
        Depth(
            queue=queue,
            waiting=counts.get((queue, ItemState.QUEUED), 0),
            running=counts.get((queue, ItemState.RUNNING), 0),
            slots=None if nodes is None else sum(node.slots for node in nodes if queue in node.queues),
        )
        for queue in Queue.values
    ]


def _list_missing() -> list[tuple[str, str]]:
    """Operations that cannot run here, with the reason."""
    reasons = ((name, operation.missing()) for name, operation in sorted(operations.all().items()))
    return [(name, reason) for name, reason in reasons if reason]
