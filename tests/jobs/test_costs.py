"""What an item costs, in statements and in calls to the storage. Times are the benchmark's business."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.models import Account
from jobs import engine
from jobs.models import Item
from jobs.models.jobs import ItemState, JobState
from storage.kinds.local import LocalStorage
from tests.conftest import encode, gradient
from tests.jobs.making import make_job

pytestmark = pytest.mark.django_db(transaction=True)

NOT_DATA = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK", "PRAGMA", "SET ")


class StatementCount:
    """Counts data statements: transactions' own and renewals of leases left out."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        is_renewal = sql.startswith('UPDATE "jobs_item" SET "lease_until" =')
        self.count += not (is_renewal or sql.startswith(NOT_DATA))
        return execute(sql, params, many, context)


@pytest.mark.parametrize("items", [10, 1000])
def test_an_item_costs_at_most_seven_statements_and_its_job_twenty(alice: Account, bucket: Path, items: int) -> None:
    (bucket / "tiny.png").write_bytes(encode(gradient((8, 8)), "PNG"))
    counted = StatementCount()
    with connection.execute_wrapper(counted):
        job = make_job(alice, ["tiny.png"] * items, callback_url="http://127.0.0.1:9/hook")
    while rung := list(Item.objects.filter(rung_at__isnull=False, state=ItemState.QUEUED).values_list("pk", flat=True)):
        with connection.execute_wrapper(counted):
            for item_id in rung:
                engine.run_item(item_id)
    job.refresh_from_db()
    assert (job.state, job.items_failed) == (JobState.FINISHED, 0)
    assert counted.count <= 7 * items + 20, counted.count


def test_an_item_reads_its_source_once_and_puts_each_output_once(
    alice: Account, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: Counter[str] = Counter()
    for name in ("read", "write", "delete", "exists", "list"):
        monkeypatch.setattr(LocalStorage, name, counting(getattr(LocalStorage, name), name, calls))
    job = make_job(alice, ["480x360/1.jpg"] * 5)
    for item in job.items.all():
        engine.run_item(item.pk)
    assert calls == {"read": 5, "write": 5}


def counting(method: Callable[..., Any], name: str, calls: Counter[str]) -> Callable[..., Any]:
    """The method, noting each call."""

    def call(*args: Any, **kwargs: Any) -> Any:
        calls[name] += 1
        return method(*args, **kwargs)

    return call
