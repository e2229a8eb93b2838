"""Results in the house storage: deleted a while after their job's end. Their rows stay, and say when."""

from collections.abc import Sequence
from functools import partial

from django.db.models import QuerySet
from django.db.models.functions import Now

from jobs import dialects
from jobs.models import Item, Job, Output
from jobs.models.jobs import OutputState
from jobs.retention import periods
from jobs.retention.due import JOBS, find_due, group_jobs, load_jobs, read_items, read_outputs
from jobs.retention.rounds import File, Round
from jobs.thumbnails import find_key, lies_in_house


def purge_results(now: Round) -> None:
    """Delete the results that are due, with their thumbnails."""
    for name in sorted(dialects.all()):
        jobs = Job.objects.filter(dialect=name, results_purged_at=None)
        for due in find_due(now, jobs, partial(periods.of_results, dialect=name)):
            for ids in now.read_ids(due, by="finished_at", size=JOBS):
                _purge_jobs(now, due, ids)


def is_in_house(output: Output) -> bool:
    """Whether the house storage still holds this result."""
    return output.state == OutputState.STORED and output.purged_at is None and lies_in_house(output)


def _purge_jobs(now: Round, due: QuerySet[Job], ids: Sequence[int]) -> None:
    jobs = load_jobs(due.filter(pk__in=ids))
    for group in group_jobs([job for job in jobs if _uses_house(job)]):
        refused = [items for items in read_items(group) if not _purge_items(now, items)]
        if refused:
            jobs = [job for job in jobs if job not in group]
    if not now.is_dry:
        # One that runs anew by now is not due any more, and is not marked.
        due.filter(pk__in=[job.pk for job in jobs]).update(results_purged_at=Now())


def _purge_items(now: Round, items: Sequence[Item]) -> bool:
    """False where the storage refuses."""
    outputs = [output for output in read_outputs(items, connection=None, purged_at=None) if is_in_house(output)]
    files = [File("results", output.key) for output in outputs]
    files += [File("thumbnails", find_key(output)) for output in outputs]
    if not now.drop(files):
        return False
    now.note("results", len(outputs), min((output.created_at for output in outputs), default=None))
    if outputs and not now.is_dry:
        Output.objects.filter(pk__in=[output.pk for output in outputs]).update(purged_at=Now())
    return True


def _uses_house(job: Job) -> bool:
    """Whether a result of the job may lie in the house storage."""
    return any(variant.get("destination", {}).get("storage_id") is None for variant in job.variants)
