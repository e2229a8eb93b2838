"""Jobs with something in the house storage, and the time that passes over them."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core import serializers
from django.db.models import DateTimeField, ExpressionWrapper, F
from django.db.models.functions import Now

from accounts.models import Account
from jobs import engine, services
from jobs.ids import make_id
from jobs.models import Delivery, Item, Job, JobLabel, Listing, Output, Upload
from jobs.models.jobs import ItemState, OutputState
from jobs.retention.purge import STEPS, Step, purge
from jobs.retention.rounds import Round
from jobs.spec import Destination, JobSpec, Source, Variant
from jobs.thumbnails import MIME, find_key
from jobs.uploads import keep_upload
from processing.base import AssetRef
from processing.base import Step as PictureStep
from processing.formats import Output as Written
from storage.house import house
from storage.models import Connection
from tests.conftest import encode, gradient

DAY = 24
SMALL = encode(gradient((16, 12)), "PNG")
HALF = (PictureStep(operation="resize", params={"width": {"value": 50, "unit": "%"}}),)


def make_kept(account: Account, count: int = 1, *, dialect: str = "slashed", callback_url: str = "") -> Job:
    """A finished job of uploads whose results lie in the house storage, both with their thumbnails."""
    refs = [keep_upload(SMALL, mime="image/png") for _ in range(count)]
    background = keep_upload(SMALL, mime="image/png")
    spec = JobSpec(
        dialect=dialect,
        sources=tuple(Source(ref=ref, name=f"{number}.png") for number, ref in enumerate(refs)),
        variants=(Variant(name="half", steps=HALF, output=Written(format="png")),),
        uploads=frozenset({background.location}),
        labels=("spring",),
        callback_url=callback_url,
    )
    return finish(services.create_job(account=account, spec=spec))


def make_in_place(account: Account, key: str) -> Job:
    """A finished job that halved a picture where it lies: its original is kept in the house storage."""
    storage = Connection.objects.get(account=account, name="main")
    ref = AssetRef(kind="storage", storage_id=storage.pk, location=key)
    variant = Variant(steps=HALF, destination=Destination(storage_id=storage.pk, key=key))
    spec = JobSpec(dialect="slashed", sources=(Source(ref=ref, name=key),), variants=(variant,))
    return finish(services.create_job(account=account, spec=spec))


def write_kept(account: Account, count: int = 1) -> Job:
    """The rows and files of such a job, with an undo copy and a callback, written without any work on pictures."""
    variant = Variant(name="half", steps=HALF).model_dump(mode="json", exclude_defaults=True)
    ended = {"state": "finished", "finished_at": Now(), "sealed_at": Now()}
    counts = {"items_total": count, "items_ended": count, "outputs_stored": count}
    job = Job.objects.create(
        account=account, dialect="slashed", public_id=make_id(), variants=[variant], **ended, **counts
    )
    for position in range(count):
        _write_item(job, position)
    Delivery.objects.create(job=job, run=1, target="t", host="h", webhook_id=make_id(), state="failed", ended_at=Now())
    return job


def _write_item(job: Job, position: int) -> None:
    upload = keep_upload(b"upload", mime="image/png")
    Upload.objects.create(job=job, key=upload.location)
    source = Source(ref=upload, name=f"{position}.png").model_dump(mode="json")
    item = Item.objects.create(job=job, position=position, name="x", source=source, state=ItemState.DONE, fence=1)
    folder = f"2026-01-01/{job.pk}/{item.pk}/1"
    item.original = {"key": f"{folder}/original", "digest": "", "written": ["x"]}
    item.save()
    made = {"key": f"{folder}/0.png", "size_bytes": 6, "mime": "image/png"}
    output = Output.objects.create(item=item, run=1, variant=0, state=OutputState.STORED, **made)
    for key in (made["key"], f"{folder}/original", find_key(item), find_key(output)):
        house().write(str(key), b"result", content_type="image/png")


def finish(job: Job) -> Job:
    """Run the job's items, and look at every picture in the admin."""
    for item in job.items.filter(state=ItemState.QUEUED):
        engine.run_item(item.pk)
    job.refresh_from_db()
    assert (job.items_ended, job.items_failed) == (job.items_total, 0)
    for row in (*job.items.all(), *Output.objects.filter(item__job=job)):
        house().write(find_key(row), b"a thumbnail", content_type=MIME)
    return job


def pass_hours(hours: float, *jobs: Job) -> None:
    """Let time pass over jobs that have ended, and over what came of them."""
    for rows, column in (
        (Job.every.filter(pk__in=[job.pk for job in jobs]), "finished_at"),
        (Output.objects.filter(item__job__in=jobs), "created_at"),
        (Delivery.objects.filter(job__in=jobs), "ended_at"),
    ):
        earlier = ExpressionWrapper(F(column) - timedelta(hours=hours), output_field=DateTimeField())
        rows.filter(**{f"{column}__isnull": False}).update(**{column: earlier})


def purge_now(*steps: Step, **options: Any) -> Round:
    """One round, in which nothing was refused."""
    now = Round(counts_files=True, **options)
    purge(now, steps or STEPS)
    assert now.failures == 0
    return now


def list_house() -> set[str]:
    """Every key of the house storage."""
    return {facts.key for facts in house().list("").objects}


def read_folder(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Each file of a folder, hidden ones too, with its bytes and the time of its last change."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def let_files_age(folder: Path, seconds: float = 2 * 86_400) -> None:
    """Every file was last changed so much earlier."""
    for path in folder.rglob("*"):
        if path.is_file():
            at = path.stat().st_mtime - seconds
            os.utime(path, (at, at))


def dump_rows() -> str:
    """Everything that the engine keeps."""
    models = (Job, Item, Output, Delivery, Upload, JobLabel, Listing)
    rows = [row for model in models for row in model._base_manager.order_by("pk")]
    return serializers.serialize("json", rows)
