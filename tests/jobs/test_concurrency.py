"""Many at once: whoever claims, ends or finishes, only one of them does it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.models import Account
from jobs import dispatch, engine, leases, services
from jobs.models import Delivery, Item, Job, Output
from jobs.models.jobs import ItemState, JobState, OutputState
from tests.jobs.making import age, make_job

pytestmark = pytest.mark.django_db(transaction=True)

CALLBACK = "http://127.0.0.1:9/hook"


def at_once(work: Callable[[Any], Any], arguments: list[Any]) -> list[Any]:
    """Call the work with each argument from threads of their own that start together."""
    gate = threading.Barrier(min(64, len(arguments)))

    def call(argument: Any) -> Any:
        try:
            gate.wait(timeout=30)
            return work(argument)
        finally:
            connection.close()

    with ThreadPoolExecutor(64) as pool:
        return list(pool.map(call, arguments))


def test_one_of_64_gets_the_item(alice: Account) -> None:
    item = make_job(alice, ["480x360/1.jpg"]).items.get()
    won = [claimed for claimed in at_once(leases.claim_item, [item.pk] * 64) if claimed]
    assert len(won) == 1
    assert Item.objects.get(pk=item.pk).fence == 1


def test_64_finishers_called_twice_each_finish_a_job_once(alice: Account) -> None:
    job = make_job(alice, ["480x360/1.jpg"] * 64, callback_url=CALLBACK)
    claimed = [leases.claim_item(item.pk) for item in job.items.all()]

    def end_twice(item: Item) -> tuple[bool, bool]:
        made = Output(item=item, run=1, variant=0, state=OutputState.STORED)
        return engine.end_item(item, [made]), engine.end_item(item, [])

    assert at_once(end_twice, claimed) == [(True, False)] * 64
    job.refresh_from_db()
    assert (job.items_ended, job.outputs_stored, job.state) == (64, 64, JobState.FINISHED)
    assert Delivery.objects.filter(job=job).count() == 1


def test_a_worker_that_thaws_after_its_lease_changes_nothing(alice: Account, bucket: Path) -> None:
    job = make_job(alice, ["480x360/1.jpg"], callback_url=CALLBACK)
    frozen = leases.claim_item(job.items.get().pk)
    assert frozen is not None
    age(100)
    engine.run_item(frozen.pk)
    target = bucket / "out/480x360/1.jpg"
    written_at = target.stat().st_mtime_ns
    assert not leases.renew(frozen)
    assert not engine.end_item(frozen, [])
    assert target.stat().st_mtime_ns == written_at
    assert Delivery.objects.filter(job=job).count() == 1


def test_a_worker_of_run_1_that_thaws_in_run_2_changes_nothing(alice: Account) -> None:
    job = make_job(alice, ["480x360/1.jpg"], callback_url=CALLBACK)
    frozen = leases.claim_item(job.items.get().pk)
    assert frozen is not None
    age(100)
    engine.run_item(frozen.pk)
    job.refresh_from_db()
    assert services.retry_job(job, only_failed=False)
    again = leases.claim_item(frozen.pk)
    assert again is not None
    assert not engine.end_item(frozen, [])
    item = Item.objects.get(pk=frozen.pk)
    assert (item.state, item.fence) == (ItemState.RUNNING, again.fence)
    assert engine.end_item(again, [])
    assert Delivery.objects.filter(job=job).count() == 2


def test_two_fillings_at_once_ring_no_item_twice(alice: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr("celery.Celery.send_task", lambda _app, _name, args, **_: rung.extend(args))
    make_job(alice, ["480x360/1.jpg"] * 50)
    at_once(dispatch.fill, ["batch"] * 16)
    assert len(rung) == len(set(rung))
    assert Job.objects.get().items.filter(rung_at__isnull=False).count() == len(rung)
