"""The page of nodes tells by canaries, and not by processes, which queues are at work."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jobs import pulses
from jobs.models import Node, Pulse

pytestmark = pytest.mark.django_db


def make_node(name: str, *queues: str) -> Node:
    return Node.objects.create(name=name, queues=list(queues), slots=2, seen_at=timezone.now())


def test_each_queue_of_a_node_has_the_age_of_its_last_canary(operator: Client) -> None:
    node = make_node("batch@host", "batch", "vision")
    pulses.answer_canary("batch", node="batch@host")
    pulses.answer_canary("vision", node="batch@host")
    Pulse.objects.filter(name="queue:vision").update(at=timezone.now() - timedelta(seconds=100))
    for url in (reverse("admin:jobs_node_changelist"), reverse("admin:jobs_node_change", args=[node.pk])):
        page = operator.get(url).content.decode()
        assert re.search(r">\s*\d+ s ago", page)
        assert re.search(r">\s*silent for 1\d\d s", page)


def test_a_node_that_is_there_and_answers_no_canary_is_told_as_such(operator: Client) -> None:
    make_node("batch@host", "batch")
    page = operator.get(reverse("admin:jobs_node_changelist")).content.decode()
    assert "no sign of life yet" in page
    assert "alive" in page


def test_the_canaries_are_asked_for_once_however_many_nodes_there_are(operator: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert operator.get(reverse("admin:jobs_node_changelist")).status_code == 200
        return len(queries)

    make_node("batch@host", "batch")
    few = count()
    for number in range(20):
        make_node(f"batch@host{number}", "batch", "vision")
    assert count() == few
