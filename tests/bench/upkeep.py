"""What a database full of finished jobs costs those who look after it: the sweep, the purge, the admin's lists.

python -m tests.bench.upkeep JOBS: fills the database that the settings name, and prints what was measured as JSON.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Account, User  # noqa: E402
from accounts.scoping import COUNTED  # noqa: E402
from jobs.admin.records import RecordAdmin  # noqa: E402
from jobs.figures import read_figures  # noqa: E402
from jobs.ids import make_id  # noqa: E402
from jobs.models import Delivery, Item, Job, Output  # noqa: E402
from jobs.models.jobs import ItemState, JobState, OutputState  # noqa: E402
from jobs.retention.deliveries import purge_deliveries  # noqa: E402
from jobs.retention.jobs import purge_jobs  # noqa: E402
from jobs.retention.purge import STEPS, Step  # noqa: E402
from jobs.retention.results import purge_results  # noqa: E402
from jobs.retention.rounds import CHUNK, Round  # noqa: E402
from jobs.retention.uploads import purge_uploads  # noqa: E402
from jobs.sweep import sweep  # noqa: E402
from project.celery import QUEUES  # noqa: E402
from tests.bench.costs import Cost, Upkeep  # noqa: E402

BATCH = 5000
ROUNDS = 3
OLD_DAYS = 91
PAGE = RecordAdmin.list_per_page
LISTS = {
    "job list": ("jobs_job_changelist", ""),
    "job list, last page": ("jobs_job_changelist", "?p={last}"),
    "job list, by account": ("jobs_job_changelist", "?account__id__exact=1"),
    "item list": ("jobs_item_changelist", ""),
    "failed items": ("jobs_item_changelist", "?state__exact=failed"),
    "delivery list": ("jobs_delivery_changelist", ""),
    "overdue deliveries": ("jobs_delivery_changelist", "?overdue=1"),
    "nodes": ("jobs_node_changelist", ""),
    "first page": ("index", ""),
}


def measure_upkeep(jobs: int) -> Upkeep:
    """Fill the database, then time one pass of the sweep, one chunk of each step of the purge, and each list."""
    account = Account.objects.create(name="upkeep")
    for start in range(0, jobs, BATCH):
        fill(account, min(BATCH, jobs - start), age=timedelta(hours=1))
    _settle()
    passes = [_measure("sweep, one pass", sweep), _measure("/metrics, of the rows", lambda: read_figures(QUEUES))]
    passes += [_measure(f"{step.__name__}, nothing due", _idle(step)) for step in STEPS]
    for step in (purge_results, purge_uploads, purge_deliveries, purge_jobs):
        fill(account, CHUNK, age=timedelta(days=OLD_DAYS))
        passes.append(_measure(f"{step.__name__}, one chunk", _chunk(step), rounds=1))
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.create_user("upkeep@photomill.example", "x", is_staff=True))
    last = max(1, min(jobs, COUNTED) // PAGE)
    lists = [_measure(name, _open(client, page, query.format(last=last))) for name, (page, query) in LISTS.items()]
    return Upkeep(connection.vendor, jobs, passes, lists)


def fill(account: Account, count: int, *, age: timedelta) -> None:
    """So many jobs that ended so long ago, each with an item, a result in the house storage and a callback."""
    at = timezone.now() - age
    ended = {"state": JobState.FINISHED, "created_at": at, "sealed_at": at, "started_at": at, "finished_at": at}
    counts = {"items_total": 1, "items_ended": 1, "outputs_stored": 1}
    jobs = Job.objects.bulk_create(
        Job(account=account, dialect="slashed", public_id=make_id(), variants=[{}], **ended, **counts)
        for _ in range(count)
    )
    source = {"ref": {"kind": "web", "location": "https://shop.example/1.jpg"}, "name": "1.jpg"}
    items = Item.objects.bulk_create(
        Item(job=job, position=0, name="1.jpg", source=source, state=ItemState.DONE, fence=1, ended_at=at)
        for job in jobs
    )
    Output.objects.bulk_create(
        Output(item=item, run=1, variant=0, state=OutputState.STORED, key=f"2026-01-01/{item.job_id}/{item.pk}/1/0.jpg")
        for item in items
    )
    Delivery.objects.bulk_create(
        Delivery(job=job, run=1, target="t", host="h", webhook_id=job.public_id, state="delivered", ended_at=at)
        for job in jobs
    )


def _settle() -> None:
    """What PostgreSQL does by itself after a while: look at what there is. SQLite never does."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _idle(step: Step) -> Callable[[], object]:
    return lambda: step(Round())


def _chunk(step: Step) -> Callable[[], object]:
    """One chunk: the round's time is up as soon as it has begun one."""

    def run() -> None:
        now = Round()
        ended = iter([False])
        now.is_over = lambda: next(ended, True)  # type: ignore[method-assign]
        step(now)

    return run


def _open(client: Client, page: str, query: str) -> Callable[[], object]:
    def run() -> None:
        answer = client.get(reverse(f"admin:{page}") + query)
        assert answer.status_code == 200, (page, query, answer)

    return run


def _measure(name: str, work: Callable[[], object], rounds: int = ROUNDS) -> Cost:
    best, statements = float("inf"), 0
    for _ in range(rounds):
        with CaptureQueriesContext(connection) as queries:
            started = time.perf_counter()
            work()
            best = min(best, (time.perf_counter() - started) * 1000)
        statements = len(queries)
    return Cost(name, best, statements)


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    print(json.dumps(asdict(measure_upkeep(int(sys.argv[1])))))
