"""Jobs: first marked, so that nobody finds them or runs them again, then taken away in chunks."""

from collections.abc import Iterator, Sequence

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from jobs.models import Item, Job, Output
from jobs.retention import periods
from jobs.retention.due import JOBS, find_due, group_jobs, load_jobs, read_items, read_outputs
from jobs.retention.results import is_in_house
from jobs.retention.rounds import File, Round, delete_rows
from jobs.retention.uploads import find_unshared
from jobs.thumbnails import find_key


def purge_jobs(now: Round) -> None:
    """Delete the jobs that are due, and before them those that were marked and are still there."""
    marked = Job.every.filter(deleted_at__isnull=False)
    if now.account:
        marked = marked.filter(account=now.account)
    for ids in now.read_ids(marked, by="pk", size=JOBS):
        drop_jobs(now, marked.filter(pk__in=ids))
    for due in find_due(now, Job.objects.all(), periods.of_jobs):
        for ids in now.read_ids(due, by="finished_at", size=JOBS):
            if now.is_dry:
                drop_jobs(now, due.filter(pk__in=ids))
            else:
                due.filter(pk__in=ids).update(deleted_at=Now())
                drop_jobs(now, marked.filter(pk__in=ids))


def drop_jobs(now: Round, jobs: QuerySet[Job]) -> None:
    """Delete jobs with everything that belongs to them, here and in the house storage."""
    for group in group_jobs(load_jobs(jobs)):
        refused = [items for items in read_items(group) if not _drop_items(now, items)]
        if not now.drop(File("uploads", key) for key in find_unshared(group)) or refused:
            continue
        now.note("jobs", len(group), min((job.finished_at for job in group if job.finished_at), default=None))
        if not now.is_dry:
            # Items that another round has in hand are that round's; so is their job.
            emptied = ~Exists(Item.objects.filter(job=OuterRef("pk")))
            delete_rows(Job.every.filter(emptied, pk__in=[job.pk for job in group]))


def _drop_items(now: Round, items: Sequence[Item]) -> bool:
    """False where the storage refuses."""
    outputs = read_outputs(items)
    if not now.drop(_list_files(items, outputs)):
        return False
    now.note("items", len(items))
    now.note("outputs", len(outputs))
    if not now.is_dry:
        delete_rows(Item.objects.filter(pk__in=[item.pk for item in items]))
    return True


def _list_files(items: Sequence[Item], outputs: Sequence[Output]) -> Iterator[File]:
    """All but the uploads."""
    yield from (File("results", output.key) for output in outputs if is_in_house(output))
    yield from (File("undo copies", item.original["key"]) for item in items if item.original)
    yield from (File("thumbnails", find_key(item)) for item in items)
    yield from (File("thumbnails", find_key(output)) for output in outputs)
