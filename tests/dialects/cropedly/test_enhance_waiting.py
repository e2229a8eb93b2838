"""How long a caller waits, how many may, what it costs, and what becomes of a call that nobody answers."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import Account, User
from jobs import services
from jobs.models import Item, Job, Node
from jobs.models.jobs import JobState
from tests.dialects.cropedly.calls import ENHANCE, JPEG, PNG, SHOP, call, credits_of, enhance, message, stored
from tests.dialects.workers import Worker, await_that

pytestmark = pytest.mark.django_db(transaction=True)


# --- Credits -------------------------------------------------------------------------------------------------------


def test_each_picture_costs_a_credit_where_they_are_counted(
    client: Client, people: dict[str, User], worker: Worker
) -> None:
    Account.objects.filter(name="pro").update(credits=3)
    assert enhance(client, people["pro"], JPEG, PNG).status_code == 200
    assert credits_of("pro") == 1
    message(enhance(client, people["pro"], JPEG, PNG), 403, ENHANCE)
    assert credits_of("pro") == 1
    assert enhance(client, people["pro"], JPEG).status_code == 200
    assert "credits" in message(enhance(client, people["pro"], JPEG), 403)
    assert (credits_of("pro"), credits_of("ent")) == (0, None)


def test_of_two_calls_for_the_last_credit_one_gets_it(people: dict[str, User], worker: Worker) -> None:
    Account.objects.filter(name="pro").update(credits=1)
    worker.gate.clear()
    with calling(people["pro"], 2) as calls:
        await_that(lambda: calls.count_done() == 1, "the call without a credit has its answer")
        worker.gate.set()
    assert sorted(calls.statuses()) == [200, 403]
    assert credits_of("pro") == 0


# --- Nobody there, or too many -------------------------------------------------------------------------------------


class Calls:
    """Requests that run at the same time, each in a thread of its own."""

    def __init__(self, pool: ThreadPoolExecutor, user: User, count: int) -> None:
        self._futures = [pool.submit(self._call, user) for _ in range(count)]

    def _call(self, user: User) -> HttpResponse:
        try:
            return enhance(Client(), user, PNG)
        finally:
            connection.close()

    def count_done(self) -> int:
        return sum(future.done() for future in self._futures)

    def statuses(self) -> list[int]:
        return [future.result().status_code for future in self._futures]


@contextmanager
def calling(user: User, count: int) -> Iterator[Calls]:
    with ThreadPoolExecutor(count) as pool:
        yield Calls(pool, user, count)


def expect_later(answer: HttpResponse) -> None:
    message(answer, 503, ENHANCE)
    assert int(answer.headers["retry-after"]) > 0


def test_without_a_worker_it_is_503_at_once(client: Client, people: dict[str, User], house: Path) -> None:
    Account.objects.update(credits=5)
    Node.objects.create(name="old@host", queues=["interactive"], seen_at=timezone.now() - timedelta(minutes=5))
    Node.objects.create(name="batch@host", queues=["batch"], seen_at=timezone.now())
    expect_later(enhance(client, people["pro"], PNG))
    assert (Job.objects.count(), credits_of("pro")) == (0, 5)
    assert stored(house) == []


def test_a_call_that_takes_too_long_is_503_and_its_job_is_cancelled(
    client: Client, people: dict[str, User], worker: Worker, house: Path, settings: Any
) -> None:
    settings.PHOTOMILL_SYNC_SECONDS = 0.3
    Account.objects.update(credits=5)
    worker.gate.clear()
    expect_later(enhance(client, people["pro"], PNG))
    assert Job.objects.get().state == JobState.CANCELLED
    assert credits_of("pro") == 5
    worker.gate.set()
    await_that(lambda: len(worker.done) == 1, "the worker has looked at the item")
    assert stored(house) == []


def test_what_was_done_before_the_time_was_over_is_not_kept(
    client: Client, people: dict[str, User], worker: Worker, house: Path, settings: Any
) -> None:
    settings.PHOTOMILL_SYNC_SECONDS = 2
    worker.stop_after = 1
    expect_later(enhance(client, people["pro"], JPEG, PNG))
    assert len(worker.done) == 1
    assert stored(house) == []


def test_a_call_that_an_operator_cancels_is_503(people: dict[str, User], worker: Worker, house: Path) -> None:
    Account.objects.filter(name="pro").update(credits=5)
    worker.gate.clear()
    with calling(people["pro"], 1) as calls:
        await_that(Job.objects.exists, "the job is there")
        services.cancel_job(Job.objects.get())
        worker.gate.set()
    assert calls.statuses() == [503]
    assert credits_of("pro") == 5
    assert stored(house) == []


def test_at_most_half_of_the_threads_wait(client: Client, people: dict[str, User], worker: Worker) -> None:
    places = django_settings.PHOTOMILL_WEB_THREADS // 2
    worker.gate.clear()
    with calling(people["pro"], places) as calls:
        await_that(lambda: Job.objects.count() == places, "as many calls wait as may")
        answer = enhance(client, people["ent"], PNG, headers={"Origin": SHOP})
        expect_later(answer)
        assert answer.headers["access-control-allow-origin"] == SHOP
        # Nor is anything looked at that could not be done.
        expect_later(call(client, "POST", ENHANCE, user="no token", data=b"no form"))
        assert Job.objects.count() == places
        worker.gate.set()
    assert calls.statuses() == [200] * places
    assert enhance(client, people["ent"], PNG).status_code == 200


def test_a_storage_that_takes_nothing_is_503_and_costs_nothing(
    client: Client, people: dict[str, User], node: Node, settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    settings.PHOTOMILL_STORAGE_URL = f"file://{tmp_path}/file/house"
    Account.objects.update(credits=5)
    expect_later(enhance(client, people["pro"], PNG))
    assert credits_of("pro") == 5


def test_a_picture_that_was_lost_on_the_way_is_our_fault(
    client: Client, people: dict[str, User], worker: Worker, house: Path
) -> None:
    worker.before = lambda: [path.unlink() for path in house.rglob("*") if path.is_file()]
    message(enhance(client, people["pro"], PNG), 500, ENHANCE)
    assert Item.objects.get().error_code == "object_missing"
