"""Batches to measure: an account, a storage with photos in it, and jobs over them. Needs a Django that is set up."""

import time
from pathlib import Path

from accounts.models import Account
from jobs import services
from jobs.models import Job
from jobs.provisioning import provision
from jobs.spec import Destination, JobSpec, Source, Variant
from processing.base import AssetRef
from processing.formats import Output
from storage.connections import open_connection
from storage.models import Connection
from tests.bench.pixels import BOX, fit_step
from tests.services import SeaweedFS

NAME = "bench"
BUCKET = "bench"
POLL_SECONDS = 0.05


class Batch:
    """Photos in a storage of an account's own."""

    def __init__(self, connection: Connection, photos: list[bytes]) -> None:
        self._connection = connection
        self._keys = [f"in/{number:03}.jpg" for number in range(len(photos))]
        storage = open_connection(connection)
        for key, photo in zip(self._keys, photos, strict=True):
            storage.write(key, photo, content_type="image/jpeg")

    def create_job(self, items: int) -> Job:
        """A job of so many items, each of them a photo fitted into 512 × 512; photos come again where they run out."""
        refs = [
            AssetRef(kind="storage", storage_id=self._connection.pk, location=self._keys[number % len(self._keys)])
            for number in range(items)
        ]
        variant = Variant(
            steps=(fit_step(BOX),),
            output=Output(format="jpeg"),
            destination=Destination(storage_id=self._connection.pk, pattern="out/{index}.{ext}"),
        )
        spec = JobSpec(
            dialect="slashed", variants=(variant,), sources=tuple(Source(ref=ref, name=ref.location) for ref in refs)
        )
        return services.create_job(account=self._connection.account, spec=spec)


def connect_folder(folder: Path) -> Connection:
    """The account's storage on this machine's disk."""
    return _connect({"type": "local", "parameters": {"path": str(folder)}})


def connect_s3(server: SeaweedFS) -> Connection:
    """The account's storage on an S3 server."""
    server.client().create_bucket(Bucket=BUCKET)
    keys = {"access_key": server.access_key, "secret_access_key": server.secret_key}
    parameters = {"bucket": BUCKET, "endpoint_url": server.endpoint_url, "credentials": keys}
    return _connect({"type": "s3", "parameters": parameters, "private": True})


def _connect(storage: dict[str, object]) -> Connection:
    provision({"accounts": [{"name": NAME, "storages": [{"name": NAME, **storage}]}]})
    return Connection.objects.get(account=Account.objects.get(name=NAME), name=NAME)


def await_end(job: Job, *, timeout_seconds: float) -> None:
    """Wait until the job is finished. Raises TimeoutError, or RuntimeError where an item failed."""
    deadline = time.monotonic() + timeout_seconds
    while job.finished_at is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"only {job.items_ended} of {job.items_total} items ended in {timeout_seconds:.0f} s")
        time.sleep(POLL_SECONDS)
        job.refresh_from_db()
    if job.items_failed:
        raise RuntimeError(f"{job.items_failed} items failed, as: {job.items.filter(state='failed').first()!r}")
