"""The first page."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jobs.models import Delivery, Item, Job
from jobs.models.deliveries import DeliveryState
from jobs.models.jobs import ItemState, Queue
from tests.admin.tenants import Tenant, make_item, make_job

MOST_QUERIES = 14


def read_figures(client: Client) -> dict[str, int]:
    answer = client.get(reverse("admin:index"))
    assert answer.status_code == 200
    return {figure.title: figure.value for figure in answer.context["figures"]}


def read_depths(client: Client) -> dict[str, tuple[Any, ...]]:
    depths = client.get(reverse("admin:index")).context["depths"]
    return {depth.queue: (depth.waiting, depth.running, depth.slots) for depth in depths}


def test_it_counts_what_ended_today(operator: Client, a: Tenant, b: Tenant) -> None:
    now = timezone.now()
    make_item(a["job"], 1, state=ItemState.DONE, ended_at=now)
    make_item(b["job"], 1, state=ItemState.DONE, ended_at=now - timedelta(days=1))
    Item.objects.filter(pk=a["item"].pk).update(ended_at=now)
    shown = read_figures(operator)
    assert (shown["items done today"], shown["items failed today"], shown["nodes alive"]) == (1, 1, 1)


def test_an_account_counts_its_own(owner: Client, a: Tenant, b: Tenant) -> None:
    make_item(b["job"], 1, state=ItemState.DONE, ended_at=timezone.now())
    Job.objects.update(finished_at=None)
    shown = read_figures(owner)
    assert (shown["items done today"], shown["open jobs"]) == (0, 1)
    assert "nodes alive" not in shown


def test_queues_are_measured_by_the_rows(operator: Client, owner: Client, a: Tenant, b: Tenant) -> None:
    Job.objects.update(finished_at=None)
    for position, state in enumerate([ItemState.QUEUED, ItemState.QUEUED, ItemState.RUNNING, ItemState.DONE], start=1):
        make_item(a["job"], position, state=state)
    make_item(b["job"], 1, state=ItemState.QUEUED, queue=Queue.VISION)
    assert read_depths(operator) == {"interactive": (0, 0, 0), "batch": (2, 1, 2), "vision": (1, 0, 0)}
    assert read_depths(owner)["vision"] == (0, 0, None)


def test_overdue_deliveries_are_counted(operator: Client, a: Tenant) -> None:
    assert read_figures(operator)["overdue deliveries"] == 0
    late = timezone.now() - timedelta(minutes=2)
    Delivery.objects.update(state=DeliveryState.PENDING, next_at=late)
    assert read_figures(operator)["overdue deliveries"] == 1
    Delivery.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
    assert read_figures(operator)["overdue deliveries"] == 0


def test_it_costs_the_same_for_one_job_and_for_many(operator: Client, a: Tenant) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            operator.get(reverse("admin:index"))
        return len(queries)

    few = count()
    for number in range(20):
        make_job(a.account, a["service"], f"more-{number}")
    assert count() == few <= MOST_QUERIES


def test_the_side_bar_offers_what_may_be_opened(owner: Client, operator: Client, a: Tenant) -> None:
    nodes = reverse("admin:jobs_node_changelist")
    assert nodes in operator.get(reverse("admin:index")).content.decode()
    assert nodes not in owner.get(reverse("admin:index")).content.decode()


def test_the_log_in_page_opens(client: Client) -> None:
    assert client.get(reverse("admin:login")).status_code == 200
