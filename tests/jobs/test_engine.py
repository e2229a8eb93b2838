"""The life of an item, without a queue: each call is what a message would have started."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from jobs import engine, services
from jobs.models import Delivery, Item, Job, Output, Service
from jobs.models.jobs import ItemState, JobState
from jobs.provisioning import provision
from jobs.spec import Destination, JobSpec, Source, Variant
from processing.base import AssetRef, Step
from storage.errors import UnknownStorage
from storage.house import house
from storage.models import Connection
from tests.conftest import account_entry

pytestmark = pytest.mark.django_db(transaction=True)

AUTH = {"Authorization": "Bearer tokA"}


def create(client: Client, **body: Any) -> Job:
    """A process made over HTTP."""
    body = {"service_id": 1, "source": "/480x360/1.jpg", **body}
    answer = client.post("/request", body, content_type="application/json", headers=AUTH)
    assert answer.status_code == 200, answer.content
    return Job.objects.get(public_id=answer.json()["process_id"])


def run(job: Job) -> Job:
    """Do the job's items here and now."""
    for item in job.items.all():
        engine.run_item(item.pk)
    job.refresh_from_db()
    return job


def resize_to(destination: str, width: int) -> dict[str, Any]:
    return {"destination": destination, "transformations": [{"type": "resize", "width": width}]}


def test_a_job_runs_from_post_to_its_files(client: Client, service: Service, bucket: Path) -> None:
    job = run(create(client, jobs=[resize_to("/out/a.jpg", 100), resize_to("/out/b.png", 50)]))
    assert job.state == JobState.FINISHED
    assert (job.items_ended, job.items_failed, job.outputs_stored) == (1, 0, 2)
    assert (bucket / "out/a.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert (bucket / "out/b.png").read_bytes()[:4] == b"\x89PNG"
    rows = Output.objects.filter(item__job=job).order_by("variant")
    assert [(row.width, row.height) for row in rows] == [(100, 75), (50, 38)]


def test_one_failing_output_fails_the_item_and_the_other_is_kept(
    client: Client, service: Service, bucket: Path
) -> None:
    outside = {"type": "crop", "width": 10, "height": 10, "xoffset": 5000, "fit": False, "gravity": "northwest"}
    jobs = [resize_to("/out/a.jpg", 100), {"destination": "/out/b.jpg", "transformations": [outside]}]
    job = run(create(client, jobs=jobs))
    assert (job.items_failed, job.outputs_stored, job.outputs_failed) == (1, 1, 1)
    assert (bucket / "out/a.jpg").exists()
    assert not (bucket / "out/b.jpg").exists()
    assert Item.objects.get(job=job).error_code == "empty_result"


def test_a_missing_source_fails_the_item_with_its_reason(client: Client, service: Service) -> None:
    job = run(create(client, source="/nothing.jpg", jobs=[resize_to("/o.jpg", 10)]))
    assert Item.objects.get(job=job).error_code == "object_missing"
    assert job.state == JobState.FINISHED
    assert job.items_failed == 1


def test_a_second_ring_does_nothing(client: Client, service: Service, bucket: Path) -> None:
    job = run(create(client, jobs=[resize_to("/out/a.jpg", 100)]))
    before = (bucket / "out/a.jpg").stat().st_mtime_ns
    run(job)
    assert (bucket / "out/a.jpg").stat().st_mtime_ns == before
    assert Item.objects.get(job=job).fence == 1


def test_a_finished_run_has_one_delivery_for_its_target(client: Client, service: Service) -> None:
    job = run(create(client, jobs=[resize_to("/o.jpg", 10)], callback="http://127.0.0.1:9/hook"))
    assert Delivery.objects.filter(job=job).count() == 1
    assert services.retry_job(job, only_failed=False)
    run(job)
    assert sorted(Delivery.objects.filter(job=job).values_list("run", flat=True)) == [1, 2]


def test_a_source_that_its_output_overwrites_is_kept_and_can_be_put_back(
    client: Client, service: Service, bucket: Path
) -> None:
    source = bucket / "480x360/1.jpg"
    before = source.read_bytes()
    job = run(create(client, jobs=[resize_to("/480x360/1.jpg", 100)]))
    item = Item.objects.get(job=job)
    assert source.read_bytes() != before
    assert house().read(item.original["key"], max_bytes=10**7).data == before
    assert services.undo_item(item)
    assert source.read_bytes() == before


def test_an_edit_in_place_is_never_applied_twice(client: Client, service: Service, bucket: Path) -> None:
    source = bucket / "480x360/1.jpg"
    half = {"destination": "/480x360/1.jpg", "transformations": [{"type": "resize", "width": "50%"}]}
    job = run(create(client, jobs=[half]))
    once = hashlib.sha256(source.read_bytes()).hexdigest()
    # What a worker leaves that is killed after the put and before the commit.
    Item.objects.filter(job=job).update(state=ItemState.QUEUED)
    Job.objects.filter(pk=job.pk).update(finished_at=None, items_ended=0, state=JobState.RUNNING)
    Output.objects.all().delete()
    run(job)
    assert hashlib.sha256(source.read_bytes()).hexdigest() == once


def test_a_source_that_was_replaced_is_read_afresh(client: Client, service: Service, bucket: Path) -> None:
    source = bucket / "480x360/1.jpg"
    job = run(create(client, jobs=[resize_to("/480x360/1.jpg", 100)]))
    other = source.read_bytes()[:-2] + b"\x00\xff\xd9"
    source.write_bytes(other)
    assert services.retry_job(job, only_failed=False)
    run(job)
    item = Item.objects.get(job=job)
    assert house().read(item.original["key"], max_bytes=10**7).data == other
    assert services.undo_item(item)
    assert source.read_bytes() == other


def test_an_undo_leaves_alone_what_somebody_put_there_since(client: Client, service: Service, bucket: Path) -> None:
    job = run(create(client, jobs=[resize_to("/480x360/1.jpg", 100)]))
    (bucket / "480x360/1.jpg").write_bytes(b"something else")
    assert not services.undo_item(Item.objects.get(job=job))
    assert (bucket / "480x360/1.jpg").read_bytes() == b"something else"


def test_a_cancelled_job_ends_and_shuts_out_whoever_works_on_it(client: Client, service: Service, bucket: Path) -> None:
    job = create(client, jobs=[resize_to("/out/a.jpg", 100)])
    assert services.cancel_job(job)
    run(job)
    assert job.state == JobState.CANCELLED
    assert not (bucket / "out/a.jpg").exists()
    assert not services.cancel_job(job)


def test_a_retry_of_the_failed_leaves_the_others_alone(client: Client, service: Service) -> None:
    job = run(create(client, jobs=[resize_to("/o.jpg", 10)]))
    assert services.retry_job(job, only_failed=True)
    job.refresh_from_db()
    assert job.state == JobState.FINISHED
    assert job.run == 2
    assert job.outputs_stored == 1


def test_a_step_cannot_name_an_object_of_the_house_storage(service: Service) -> None:
    ref = {"kind": "house", "location": "2026-01-01/1/1/1/original"}
    chain = Variant(steps=(Step(operation="watermark", params={"source": ref}),))
    storage = Connection.objects.get(account=service.account)
    source = Source(ref=AssetRef(kind="storage", storage_id=storage.pk, location="480x360/1.jpg"), name="1.jpg")
    with pytest.raises(UnknownStorage):
        services.create_job(
            account=service.account, spec=JobSpec(dialect="slashed", sources=(source,), variants=(chain,))
        )
    assert not Job.objects.exists()


def test_a_job_cannot_name_another_accounts_storage(service: Service, tmp_path: Path) -> None:
    provision({"accounts": [account_entry("bob", tmp_path, number=2, secret="tokB")]})
    theirs = Connection.objects.get(account__name="bob")
    source = Source(ref=AssetRef(kind="storage", storage_id=theirs.pk, location="x.jpg"), name="x.jpg")
    with pytest.raises(UnknownStorage):
        services.create_job(
            account=service.account, spec=JobSpec(dialect="slashed", sources=(source,), variants=(Variant(),))
        )


def test_a_pattern_that_names_the_source_itself_is_an_edit_in_place(service: Service, bucket: Path) -> None:
    source = bucket / "480x360/1.jpg"
    before = source.read_bytes()
    storage = Connection.objects.get(account=service.account)
    ref = AssetRef(kind="storage", storage_id=storage.pk, location="480x360/1.jpg")
    variant = Variant(
        steps=(Step(operation="flip", params={"direction": "horizontal"}),),
        destination=Destination(storage_id=storage.pk, pattern="{folder}{stem}.{ext}"),
    )
    spec = JobSpec(dialect="slashed", sources=(Source(ref=ref, name=ref.location),), variants=(variant,))
    job = run(services.create_job(account=service.account, spec=spec))
    assert job.items_failed == 0
    assert source.read_bytes() != before
    assert services.undo_item(job.items.get())
    assert source.read_bytes() == before
