"""Jobs for the engine's tests, made as a dialect would make them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db.models import DateTimeField, ExpressionWrapper, F

from accounts.models import Account
from jobs import services
from jobs.models import Delivery, Item, Job, Listing
from jobs.spec import Destination, Folder, JobSpec, Source, Variant
from processing.base import AssetRef, Step
from processing.formats import Output
from storage.models import Connection


def make_job(account: Account, keys: list[str], *, width: int = 40, folder: str | None = None, **more: Any) -> Job:
    """A job that makes each picture `width` wide and puts it into out/."""
    storage = Connection.objects.get(account=account, name="main")
    refs = [AssetRef(kind="storage", storage_id=storage.pk, location=key) for key in keys]
    variant = Variant(
        steps=(Step(operation="resize", params={"width": {"value": width}}),),
        output=Output(format="jpeg"),
        destination=Destination(storage_id=storage.pk, pattern="out/{folder}{stem}.jpg"),
    )
    folders = () if folder is None else (Folder(storage_id=storage.pk, prefix=folder),)
    sources = tuple(Source(ref=ref, name=ref.location) for ref in refs)
    spec = JobSpec(dialect="slashed", sources=sources, folders=folders, variants=(variant,), **more)
    return services.create_job(account=account, spec=spec)


def copy_picture(bucket: Path, count: int) -> list[str]:
    """So many copies of the bucket's picture, under keys of their own."""
    data = (bucket / "480x360/1.jpg").read_bytes()
    (bucket / "in").mkdir(exist_ok=True)
    keys = [f"in/{number:05}.jpg" for number in range(count)]
    for key in keys:
        (bucket / key).write_bytes(data)
    return keys


def age(seconds: float) -> None:
    """Let time pass: everything that waits for a while has waited so much longer."""
    for model, columns in (
        (Item, ("lease_until", "rung_at", "due_at")),
        (Listing, ("lease_until", "rung_at")),
        (Delivery, ("lease_until", "rung_at", "next_at")),
    ):
        for column in columns:
            model.objects.filter(**{f"{column}__isnull": False}).update(**{column: _earlier(column, seconds)})


def _earlier(column: str, seconds: float) -> Any:
    return ExpressionWrapper(F(column) - timedelta(seconds=seconds), output_field=DateTimeField())
