"""What the sweep finds: everything that can be lost, and nothing that is not."""

from pathlib import Path
from typing import Any

import pytest
from celery import current_app

from accounts.models import Account
from jobs import leases, services
from jobs.models import Item, Job, Listing
from jobs.models.jobs import ItemState, JobState, Queue
from jobs.sweep import sweep
from tests.jobs.making import age, copy_picture, make_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What was rung: the name of each task with its id."""
    sent: list[tuple[str, int]] = []
    with current_app.connection_for_write() as broker:
        for name in Queue.values:
            broker.SimpleQueue(name).clear()
    monkeypatch.setattr("celery.Celery.send_task", lambda _app, name, args, **_: sent.append((name, args[0])))
    return sent


def test_a_message_that_was_lost_is_sent_again_with_growing_gaps(alice: Account, rung: list[Any]) -> None:
    item = make_job(alice, ["480x360/1.jpg"]).items.get()
    assert rung == [("run_item", item.pk)]
    sweep()
    assert len(rung) == 1, "it has only just been sent"
    age(6)
    sweep()
    assert len(rung) == 2
    age(6)
    sweep()
    assert len(rung) == 2, "the gap doubles"
    age(6)
    sweep()
    assert len(rung) == 3


def test_an_item_whose_worker_is_gone_is_rung_and_the_loss_is_not_its_fault(alice: Account, rung: list[Any]) -> None:
    item = make_job(alice, ["480x360/1.jpg"]).items.get()
    leases.claim_item(item.pk)
    sweep()
    assert len(rung) == 1
    age(100)
    sweep()
    assert rung[1:] == [("run_item", item.pk)]
    leases.claim_item(item.pk)
    item.refresh_from_db()
    assert (item.tries, item.host_losses, item.fence) == (0, 1, 2)


def test_an_item_that_took_ten_workers_with_it_fails_with_that_reason(alice: Account) -> None:
    job = make_job(alice, ["480x360/1.jpg"])
    item = job.items.get()
    for _ in range(leases.MAX_HOST_LOSSES + 1):
        assert leases.claim_item(item.pk)
        age(100)
    assert leases.claim_item(item.pk) is None
    sweep()
    item.refresh_from_db()
    job.refresh_from_db()
    assert (item.state, item.error_code) == (ItemState.FAILED, "worker_lost")
    assert job.state == JobState.FINISHED


def test_a_folder_that_nobody_reads_is_rung(alice: Account, bucket: Path, rung: list[Any]) -> None:
    copy_picture(bucket, 2)
    make_job(alice, [], folder="in")
    listing = Listing.objects.get()
    assert rung == [("list_folder", listing.pk)]
    age(100)
    sweep()
    assert rung == [("list_folder", listing.pk)] * 2


def test_what_has_ended_is_left_alone(alice: Account, rung: list[Any]) -> None:
    job = make_job(alice, ["480x360/1.jpg"] * 3)
    services.cancel_job(job)
    rung.clear()
    age(1000)
    assert not any(sweep().values())
    assert rung == []


def test_a_pass_over_many_finished_items_costs_the_same_statements(
    alice: Account, django_assert_max_num_queries: Any
) -> None:
    job = make_job(alice, ["480x360/1.jpg"])
    done = [Item(job=job, position=n, name="x", source={}, state=ItemState.DONE) for n in range(1, 3000)]
    Item.objects.bulk_create(done)
    Job.objects.update(items_total=3000)
    with django_assert_max_num_queries(20):
        sweep()
