"""Who is rung next: a window over accounts in turn, and over an account's jobs in turn."""

from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from accounts.models import Account
from jobs import engine
from jobs.models import Item, Job, Node
from jobs.models.jobs import ItemState
from jobs.nodes import count_slots
from jobs.provisioning import provision
from tests.conftest import account_entry
from tests.jobs.making import make_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ids of the items that were rung, in order: what the broker would have got."""
    sent: list[int] = []

    def send(_app: Any, name: str, args: list[int], **_: Any) -> None:
        assert name == "run_item"
        sent.extend(args)

    monkeypatch.setattr("celery.Celery.send_task", send)
    monkeypatch.setattr("jobs.nodes._seen", {})
    monkeypatch.setattr("jobs.dispatch._quiet", {})
    return sent


@pytest.fixture
def bob(db: None, tmp_path: Path) -> Account:
    provision({"accounts": [account_entry("bob", tmp_path, number=2, secret="tokB")]})
    return Account.objects.get(name="bob")


def finish_one(rung: list[int]) -> int:
    """End the item that was rung first and has not ended, as its worker would."""
    item = Item.objects.filter(pk__in=rung, state=ItemState.QUEUED).order_by("rung_at", "pk")[0]
    engine.run_item(item.pk)
    return item.pk


def test_only_a_window_of_items_is_in_the_broker(alice: Account, rung: list[int]) -> None:
    make_job(alice, ["480x360/1.jpg"] * 100)
    assert len(rung) == 2 * count_slots("batch") == 4
    finish_one(rung)
    finish_one(rung)
    assert len(rung) == 6


def test_a_single_image_beside_a_mountain_of_its_own_account_starts_next(alice: Account, rung: list[int]) -> None:
    make_job(alice, ["missing.jpg"] * 5000)
    single = make_job(alice, ["480x360/1.jpg"]).items.get()
    started = []
    while single.pk not in started:
        started.append(finish_one(rung))
    slots = count_slots("batch")
    # Everything that is in the window goes first: two items for each slot.
    assert len(started) <= 2 * slots + 1


def test_accounts_take_turns_whatever_they_have_queued(alice: Account, bob: Account, rung: list[int]) -> None:
    mountain = make_job(alice, ["missing.jpg"] * 50)
    small = make_job(bob, ["missing.jpg"] * 6)
    for _ in range(14):
        finish_one(rung)
    first = Item.objects.filter(pk__in=rung[:16]).values_list("job_id", flat=True)
    assert list(first).count(small.pk) == 6
    assert list(first).count(mountain.pk) == 10


def test_a_higher_priority_goes_first_within_an_account(alice: Account, rung: list[int]) -> None:
    make_job(alice, ["missing.jpg"] * 20)
    urgent = make_job(alice, ["missing.jpg"] * 4, priority=5)
    for _ in range(4):
        finish_one(rung)
    assert set(urgent.items.values_list("pk", flat=True)) <= set(rung[4:8])


def test_the_window_grows_with_the_living_nodes(alice: Account, rung: list[int]) -> None:
    Node.objects.create(name="batch@one", queues=["batch", "vision"], slots=8, seen_at=Now())
    Node.objects.create(name="batch@two", queues=["batch"], slots=4, seen_at=Now())
    make_job(alice, ["missing.jpg"] * 100)
    assert len(rung) == 24


def test_a_broker_that_is_down_is_no_error_and_items_wait(alice: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OperationalError("refused")

    monkeypatch.setattr("celery.Celery.send_task", refuse)
    job = make_job(alice, ["480x360/1.jpg"] * 3)
    assert Job.objects.filter(pk=job.pk).exists()
    assert not job.items.filter(rung_at__isnull=False).exists()
