"""A purge killed at every boundary that it crosses: the next one makes up for it, and nothing else is lost."""

from pathlib import Path

import pytest

from accounts.models import Account
from jobs.models import Delivery, Job, Output
from jobs.retention.deliveries import purge_deliveries
from jobs.retention.jobs import purge_jobs
from jobs.retention.orphans import purge_orphans
from jobs.retention.purge import Step
from jobs.retention.results import purge_results
from jobs.retention.rounds import Round
from jobs.retention.uploads import purge_uploads
from storage.house import house
from tests.jobs.dying import run_until
from tests.jobs.keeping import (
    DAY,
    dump_rows,
    let_files_age,
    list_house,
    pass_hours,
    purge_now,
    write_kept,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("house_folder")]

MOST_BOUNDARIES = 150


def is_whole() -> bool:
    """Whether every job that is still to be found has all its items, and every row the files that it says it has."""
    jobs = all(job.items.count() == job.items_total for job in Job.objects.all())
    purged = Output.objects.filter(purged_at__isnull=False).values_list("key", flat=True)
    return jobs and not any(house().exists(key) for key in purged)


@pytest.mark.parametrize(
    ("step", "age", "least"),
    [(purge_results, 25, 15), (purge_uploads, 25, 15), (purge_deliveries, 31 * DAY, 10), (purge_jobs, 91 * DAY, 30)],
)
def test_a_purge_killed_at_any_boundary_is_made_up_for_by_the_next(
    alice: Account, house_folder: Path, step: Step, age: float, least: int
) -> None:
    write_kept(alice)
    rows, files = dump_rows(), list_house()
    for crossings in range(MOST_BOUNDARIES):
        due = [write_kept(alice, 2), write_kept(alice)]
        pass_hours(age, *due)
        survived = run_until(crossings, lambda: step(Round()))
        assert is_whole()
        let_files_age(house_folder)
        assert purge_now(purge_orphans, is_dry=True).lines["orphans"].files == 0, "a row went before its file"
        purge_now(step)
        assert_done(step, due)
        purge_all(due)
        assert (dump_rows(), list_house()) == (rows, files)
        if survived:
            break
    else:
        pytest.fail("the purge has more boundaries than this test tries")
    assert crossings >= least


def assert_done(step: Step, due: list[Job]) -> None:
    """What the step is there for is done."""
    if step is purge_results:
        assert not Output.objects.filter(item__job__in=due, purged_at=None).exists()
    if step is purge_uploads:
        assert not any(job.uploads.exists() for job in due)
    if step is purge_deliveries:
        assert not Delivery.objects.filter(job__in=due).exists()
    if step is purge_jobs:
        assert not Job.every.filter(pk__in=[job.pk for job in due]).exists()


def purge_all(jobs: list[Job]) -> None:
    pass_hours(91 * DAY, *jobs)
    purge_now()
