"""Files that came with a request: deleted a while after their job's end."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.db.models.functions import Now

from jobs.models import Item, Job, Upload
from jobs.retention import periods
from jobs.retention.due import JOBS, find_due, group_jobs, load_jobs, read_items
from jobs.retention.rounds import File, Round, delete_rows
from jobs.thumbnails import find_key


def purge_uploads(now: Round) -> None:
    """Delete the uploads that are due, with the thumbnails that show them."""
    jobs = Job.objects.filter(uploads_purged_at=None)
    for due in find_due(now, jobs, periods.of_uploads):
        for ids in now.read_ids(due, by="finished_at", size=JOBS):
            _purge_jobs(now, due, ids)


def find_unshared(jobs: Sequence[Job]) -> list[str]:
    """Keys of uploads that no other job needs."""
    keys = set(Upload.objects.filter(job__in=jobs).values_list("key", flat=True))
    shared = Upload.objects.filter(key__in=keys).exclude(job__in=jobs)
    return sorted(keys.difference(shared.values_list("key", flat=True)))


def _purge_jobs(now: Round, due: QuerySet[Job], ids: Sequence[int]) -> None:
    jobs = load_jobs(due.filter(pk__in=ids))
    holders = set(Upload.objects.filter(job__in=ids).values_list("job", flat=True))
    for group in group_jobs([job for job in jobs if job.pk in holders]):
        if not _purge_group(now, group):
            jobs = [job for job in jobs if job not in group]
    if not now.is_dry:
        due.filter(pk__in=[job.pk for job in jobs]).update(uploads_purged_at=Now())


def _purge_group(now: Round, group: Sequence[Job]) -> bool:
    """False where the storage refuses."""
    files = [File("uploads", key) for key in find_unshared(group)]
    files += [File("thumbnails", find_key(item)) for items in read_items(group) for item in items if _was_sent(item)]
    if not now.drop(files):
        return False
    rows = Upload.objects.filter(job__in=group)
    now.note("uploads", rows.count(), min((job.created_at for job in group), default=None))
    if not now.is_dry:
        delete_rows(rows)
    return True


def _was_sent(item: Item) -> bool:
    return bool(item.source["ref"]["kind"] == "house")
