"""What a database full of finished jobs costs those who look after it: the sweep, the purge, the admin's lists."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, User
from jobs.ids import make_id
from jobs.models import Delivery, Item, Job, Output
from jobs.models.jobs import ItemState, JobState, OutputState
from jobs.retention.deliveries import purge_deliveries
from jobs.retention.jobs import purge_jobs
from jobs.retention.purge import STEPS, Step
from jobs.retention.results import purge_results
from jobs.retention.rounds import CHUNK, Round
from jobs.retention.uploads import purge_uploads
from jobs.sweep import sweep
from tests.bench.tables import format_table

JOBS = 100_000
BATCH = 5000
ROUNDS = 3
OLD_DAYS = 91
LISTS = {
    "job list": ("jobs_job_changelist", ""),
    "item list": ("jobs_item_changelist", ""),
    "failed items": ("jobs_item_changelist", "?state__exact=failed"),
    "delivery list": ("jobs_delivery_changelist", ""),
}


@dataclass(frozen=True)
class Cost:
    """The best of a few runs, in milliseconds and statements."""

    name: str
    milliseconds: float
    statements: int


@dataclass(frozen=True)
class Upkeep:
    jobs: int
    passes: list[Cost]
    lists: list[Cost]

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


def measure_upkeep(jobs: int = JOBS) -> Upkeep:
    """Fill the database, then time one pass of the sweep, one chunk of each step of the purge, and each list."""
    account = Account.objects.create(name="upkeep")
    for start in range(0, jobs, BATCH):
        fill(account, min(BATCH, jobs - start), age=timedelta(hours=1))
    passes = [_measure("sweep, one pass", sweep)]
    passes += [_measure(f"{step.__name__}, nothing due", _idle(step)) for step in STEPS]
    for step in (purge_results, purge_uploads, purge_deliveries, purge_jobs):
        fill(account, CHUNK, age=timedelta(days=OLD_DAYS))
        passes.append(_measure(f"{step.__name__}, one chunk", _chunk(step), rounds=1))
    client = Client()
    client.force_login(User.objects.create_user("upkeep@photomill.example", "x", is_staff=True))
    lists = [_measure(name, _open(client, *place)) for name, place in LISTS.items()]
    return Upkeep(jobs, passes, lists)


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


def show_upkeep(found: Upkeep) -> Iterator[str]:
    lines = [[cost.name, f"{cost.milliseconds:.0f}", str(cost.statements)] for cost in (*found.passes, *found.lists)]
    yield from format_table([f"Upkeep, {found.jobs:,} finished jobs", "ms", "statements"], lines)


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
        assert client.get(reverse(f"admin:{page}") + query).status_code == 200

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
