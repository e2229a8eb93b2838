"""Which jobs something is due of, and their items in chunks."""

from collections.abc import Callable, Iterator, Sequence

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models import Account
from jobs.models import Item, Job, Output
from jobs.retention.periods import Period
from jobs.retention.rounds import CHUNK, Round

JOBS = 100
"""Jobs that are looked at together."""


def find_due(now: Round, jobs: QuerySet[Job], period: Callable[[Account], Period]) -> Iterator[QuerySet[Job]]:
    """Of each account those jobs that ended longer ago than it keeps them.

    One statement finds the accounts, by the oldest job of each: it costs the same however many jobs are not due yet.
    """
    oldest = jobs.filter(account=OuterRef("pk"), finished_at__isnull=False).order_by("finished_at")
    for account in now.accounts().annotate(oldest=Subquery(oldest.values("finished_at")[:1])):
        kept = period(account)
        if account.oldest is not None and kept is not None and account.oldest < now.time - kept:
            yield jobs.filter(account=account, finished_at__lt=now.time - kept)


def load_jobs(jobs: QuerySet[Job]) -> list[Job]:
    """The jobs, the oldest first. The request as it was sent may be long, and is of no use here."""
    return list(jobs.order_by("finished_at", "pk").defer("request"))


def group_jobs(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Jobs with about a chunk of rows together; one that has more by itself."""
    group: list[Job] = []
    rows = 0
    for job in jobs:
        if group and rows + _count_rows(job) > CHUNK:
            yield group
            group, rows = [], 0
        group.append(job)
        rows += _count_rows(job)
    if group:
        yield group


def read_items(group: Sequence[Job]) -> Iterator[list[Item]]:
    """The items of a group, a chunk of rows at a time."""
    if len(group) > 1:
        yield list(Item.objects.filter(job__in=group))
        return
    (job,) = group
    size = max(1, CHUNK * max(1, job.items_total) // _count_rows(job))
    position = -1
    while items := list(Item.objects.filter(job=job, position__gt=position).order_by("position")[:size]):
        yield items
        position = items[-1].position


def read_outputs(items: Sequence[Item], **chosen: object) -> list[Output]:
    """What was made of the items, each with its item at hand."""
    known = {item.pk: item for item in items}
    outputs = list(Output.objects.filter(item__in=known, **chosen).defer("report"))
    for output in outputs:
        output.item = known[output.item_id]
    return outputs


def _count_rows(job: Job) -> int:
    """About how many items and outputs a job has."""
    return 1 + job.items_total + job.run * (job.outputs_stored + job.outputs_failed)
