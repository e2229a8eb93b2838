"""Several at once: purges beside each other, and beside those who still use what is due."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.models import Account
from jobs import services
from jobs.models import Delivery, Item, Job, Output, Upload
from jobs.retention.orphans import purge_orphans
from jobs.retention.purge import STEPS, purge
from jobs.retention.rounds import Round
from tests.jobs.keeping import DAY, dump_rows, let_files_age, list_house, pass_hours, purge_now, write_kept

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("house_folder")]

AT_ONCE = 4


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Do all of them in threads of their own that start together. Raises what one of them raises."""
    gate = threading.Barrier(len(works))

    def call(work: Callable[[], Any]) -> Any:
        try:
            gate.wait(timeout=30)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(call, works))


def purge_round() -> Round:
    now = Round()
    purge(now, (*STEPS, purge_orphans))
    return now


@pytest.mark.parametrize("age", [25, 31 * DAY, 91 * DAY])
def test_purges_beside_each_other_do_what_one_does(alice: Account, house_folder: Path, age: float) -> None:
    write_kept(alice, 2)
    rows, files = dump_rows(), list_house()
    due = [write_kept(alice, 3) for _ in range(12)]
    pass_hours(age, *due)
    let_files_age(house_folder)
    rounds = at_once(*[purge_round] * AT_ONCE)
    assert [now.failures for now in rounds] == [0] * AT_ONCE
    # What one of them had in hand when another came to it, the next finds.
    purge_now()
    left = Job.every.filter(pk__in=[job.pk for job in due])
    assert left.count() == (12 if age < 90 * DAY else 0)
    assert not Output.objects.filter(item__job__in=left, purged_at=None).exists()
    assert not Upload.objects.filter(job__in=left).exists()
    pass_hours(91 * DAY, *due)
    purge_now()
    assert (dump_rows(), list_house()) == (rows, files)


def test_a_job_that_runs_again_while_it_is_purged_is_either_whole_or_gone(alice: Account, house_folder: Path) -> None:
    for _ in range(8):
        job = write_kept(alice, 3)
        pass_hours(91 * DAY, job)
        is_again, _ = at_once(lambda job=job: services.retry_job(job, only_failed=False), lambda: purge(Round()))
        purge_now()
        if is_again:
            assert Job.objects.get(pk=job.pk).items.count() == 3
            services.cancel_job(Job.objects.get(pk=job.pk))
            pass_hours(91 * DAY, job)
            purge_now()
        assert not Job.every.filter(pk=job.pk).exists()
    let_files_age(house_folder)
    purge_now(purge_orphans)  # thumbnails of the run before
    assert list_house() == set()


def test_jobs_made_during_purges_are_untouched(alice: Account) -> None:
    due = [write_kept(alice, 2) for _ in range(8)]
    pass_hours(91 * DAY, *due)
    made = at_once(*[lambda: write_kept(alice, 2)] * 3, purge_round)[:3]
    purge_now()
    assert set(Job.every.all()) == set(made)
    assert (Item.objects.count(), Output.objects.filter(purged_at=None).count(), Delivery.objects.count()) == (6, 6, 3)
    assert len(list_house()) == 6 * 5
