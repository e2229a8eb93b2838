"""A worker killed at every boundary that an item or a delivery crosses: nothing is lost, nothing happens twice."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Account
from jobs import callbacks, engine, services
from jobs.models import Attempt, Delivery, Item, Job, Output
from jobs.models.deliveries import DeliveryState
from jobs.models.jobs import ItemState, JobState
from jobs.spec import Destination, JobSpec, Source, Variant
from jobs.sweep import sweep
from processing.base import AssetRef, Step
from storage.models import Connection
from tests.jobs.dying import run_until
from tests.jobs.making import age, copy_picture, make_job

pytestmark = pytest.mark.django_db(transaction=True)

MOST_BOUNDARIES = 60


@pytest.fixture
def receiver() -> Iterator[list[dict[str, str]]]:
    """A server that takes every message; gives the headers of each."""
    taken: list[dict[str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append({name.lower(): value for name, value in self.headers.items()})
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    taken.append({"url": f"http://127.0.0.1:{server.server_port}/hook"})
    yield taken
    server.shutdown()
    server.server_close()


def finish(job: Job) -> None:
    """What the workers and the sweep do with a job until it has ended, time passing meanwhile."""
    for _ in range(20):
        age(100)
        sweep()
        for item in Item.objects.filter(job=job, state__in=[ItemState.QUEUED, ItemState.RUNNING]):
            engine.run_item(item.pk)
        for delivery in Delivery.objects.filter(job=job, state=DeliveryState.PENDING):
            callbacks.deliver(delivery.pk)
        job.refresh_from_db()
        if job.finished_at and not Delivery.objects.filter(job=job, state=DeliveryState.PENDING).exists():
            return
    pytest.fail("the job did not end")


def test_an_item_killed_at_any_boundary_ends_once(alice: Account, bucket: Path, receiver: list[dict[str, str]]) -> None:
    for crossings in range(MOST_BOUNDARIES):
        job = make_job(alice, copy_picture(bucket, 1), callback_url=receiver[0]["url"])
        item = job.items.get()
        survived = run_until(crossings, lambda pk=item.pk: engine.run_item(pk))
        finish(job)
        assert job.state == JobState.FINISHED
        assert (job.items_ended, job.items_failed, job.outputs_stored) == (1, 0, 1)
        assert Output.objects.filter(item=item).count() == 1
        assert Delivery.objects.filter(job=job).count() == 1
        if survived:
            break
    else:
        pytest.fail("the item has more boundaries than this test tries")
    assert crossings > 10
    assert len(receiver) - 1 == crossings + 1
    assert len({message["webhook-id"] for message in receiver[1:]}) == crossings + 1


def test_a_delivery_killed_at_any_boundary_is_made_under_one_id(
    alice: Account, bucket: Path, receiver: list[dict[str, str]]
) -> None:
    repeated = 0
    for crossings in range(MOST_BOUNDARIES):
        job = make_job(alice, copy_picture(bucket, 1), callback_url=receiver[0]["url"])
        engine.run_item(job.items.get().pk)
        delivery = Delivery.objects.get(job=job)
        before = len(receiver)
        survived = run_until(crossings, lambda pk=delivery.pk: callbacks.deliver(pk))
        finish(job)
        delivery.refresh_from_db()
        assert delivery.state == DeliveryState.DELIVERED
        assert {message["webhook-id"] for message in receiver[before:]} == {delivery.webhook_id}
        assert len(receiver) - before in (1, 2)
        repeated += len(receiver) - before - 1
        if survived:
            break
    else:
        pytest.fail("the delivery has more boundaries than this test tries")
    assert repeated >= 1, "killed between the answer and its record, a message is sent again"
    assert Attempt.objects.filter(delivery=delivery).count() == 1


def test_an_edit_in_place_killed_at_any_boundary_is_applied_once(alice: Account, bucket: Path) -> None:
    source = bucket / "480x360/1.jpg"
    original = source.read_bytes()
    results = set()
    for crossings in range(MOST_BOUNDARIES):
        source.write_bytes(original)
        job = make_job_in_place(alice)
        item = job.items.get()
        survived = run_until(crossings, lambda pk=item.pk: engine.run_item(pk))
        finish(job)
        assert job.items_failed == 0
        results.add(source.read_bytes())
        if survived:
            break
    assert survived
    assert crossings > 15
    assert len(results) == 1


def make_job_in_place(account: Account) -> Job:
    """A job that halves the bucket's picture where it lies."""
    storage = Connection.objects.get(account=account)
    ref = AssetRef(kind="storage", storage_id=storage.pk, location="480x360/1.jpg")
    variant = Variant(
        steps=(Step(operation="resize", params={"width": {"value": 50, "unit": "%"}}),),
        destination=Destination(storage_id=storage.pk, key=ref.location),
    )
    spec = JobSpec(dialect="slashed", sources=(Source(ref=ref, name=ref.location),), variants=(variant,))
    return services.create_job(account=account, spec=spec)
