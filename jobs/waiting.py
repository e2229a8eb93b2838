"""Calls that wait for their result: on the same road as every job, in a queue of their own, never for long.

At most half of a web process's threads may wait at once, so that the other half always answers.
"""

import threading
import time

from django.conf import settings

from accounts.models import Account
from jobs import nodes, services
from jobs.errors import Unavailable
from jobs.models import Job, Output
from jobs.models.jobs import OutputState
from jobs.spec import JobSpec
from jobs.uploads import drop_uploads
from processing.base import AssetRef

FIRST_LOOK_SECONDS = 0.02
LONGEST_GAP_SECONDS = 0.25

_places = threading.BoundedSemaphore(max(1, settings.PHOTOMILL_WEB_THREADS // 2))


def check_place() -> None:
    """Raise Unavailable where too many wait. It costs nothing: ask before any work is done for a call."""
    _take_place()
    _places.release()


def check_worker() -> None:
    """Raise Unavailable where nobody is there to do what a caller would wait for."""
    if not nodes.is_served("interactive"):
        raise Unavailable("No worker is there for this call. Try again in a few seconds.")


def run_now(*, account: Account, spec: JobSpec, public_id: str | None = None) -> Job:
    """The finished job of this spec, with an id of the caller's where they have one.

    Raises Unavailable, at once where nobody could do it, else after PHOTOMILL_SYNC_SECONDS; what has not been done by
    then is cancelled, and what has been is dropped.
    """
    check_worker()
    _take_place()
    try:
        asked = spec.model_copy(update={"is_interactive": True})
        job = services.create_job(account=account, spec=asked, public_id=public_id)
        return _await(job)
    finally:
        _places.release()


def drop_results(job: Job) -> None:
    """Delete what the job has put into the house storage: its caller gets all of it or nothing."""
    stored = Output.objects.filter(item__job=job, state=OutputState.STORED, connection=None).exclude(key="")
    drop_uploads(AssetRef(kind="house", location=key) for key in stored.values_list("key", flat=True))


def _take_place() -> None:
    if not _places.acquire(blocking=False):
        raise Unavailable("Too many calls are waiting. Try again in a few seconds.")


def _await(job: Job) -> Job:
    deadline = time.monotonic() + settings.PHOTOMILL_SYNC_SECONDS
    gap = FIRST_LOOK_SECONDS
    while job.finished_at is None:
        if time.monotonic() > deadline:
            return _give_up(job)
        time.sleep(gap)
        gap = min(gap * 1.5, LONGEST_GAP_SECONDS)
        job.refresh_from_db(fields=["finished_at", "state", "items_failed", "outputs_failed"])
    return job


def _give_up(job: Job) -> Job:
    if services.cancel_job(job):
        drop_results(job)
        raise Unavailable("The call took too long and was cancelled. Try again in a few seconds.")
    # It has ended just now.
    job.refresh_from_db()
    return job
