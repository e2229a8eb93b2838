"""Keys of results that meet: each result has one for itself, however they come."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.models import Account
from jobs import services
from jobs.collisions import number_key, settle_key
from jobs.models import Item, Job, TakenKey
from jobs.retention import purge
from jobs.spec import Destination, JobSpec, Source, Variant
from processing.base import AssetRef
from storage import connections
from storage.errors import Conflict
from storage.models import Connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def storage(db: None, tmp_path: Path) -> Connection:
    # Kept open by its id, which another test's storage may have had.
    connections._opened.clear()
    account = Account.objects.create(name="acme")
    (tmp_path / "bucket").mkdir()
    return Connection.objects.create(
        account=account, name="main", kind="local", parameters={"path": str(tmp_path / "bucket")}
    )


def make_item(storage: Connection, **facts: Any) -> Item:
    destination = Destination(storage_id=storage.pk, pattern="{stem}.{ext}", collision="number")
    source = Source(ref=AssetRef(kind="web", location="https://example.com/a.jpg"), name="a.jpg")
    spec = JobSpec(dialect="native", sources=(source,), variants=(Variant(destination=destination),) * 2)
    return Item.objects.get(job=services.create_job(account=storage.account, spec=spec, **facts))


def settle(item: Item, storage: Connection, rule: Any, *, index: int = 0, asked: str = "a.jpg") -> str:
    return settle_key(item, index, Destination(storage_id=storage.pk, collision=rule), asked)


def test_two_results_on_their_way_at_once_get_different_keys(storage: Connection) -> None:
    first, second = make_item(storage), make_item(storage)
    keys = [settle(item, storage, "number", index=index) for item in (first, second) for index in (0, 1)]
    assert keys == ["a.jpg", "a-2.jpg", "a-3.jpg", "a-4.jpg"]


@pytest.mark.django_db(transaction=True)
def test_results_that_workers_settle_at_once_get_different_keys(storage: Connection) -> None:
    items = [make_item(storage) for _ in range(6)]
    begin = threading.Barrier(len(items))

    def work(item: Item) -> str:
        begin.wait(timeout=20)
        try:
            return settle(item, storage, "number")
        finally:
            connection.close()

    with ThreadPoolExecutor(len(items)) as pool:
        keys = list(pool.map(work, items))
    assert sorted(keys) == sorted(["a.jpg", *(f"a-{number}.jpg" for number in range(2, 7))])


@pytest.mark.parametrize("rule", ["number", "overwrite", "refuse"])
def test_a_result_keeps_its_key_on_every_attempt(storage: Connection, tmp_path: Path, rule: str) -> None:
    item = make_item(storage)
    key = settle(item, storage, rule)
    (tmp_path / "bucket" / key).write_bytes(b"as an attempt that was lost has left it")
    assert settle(item, storage, rule) == key
    assert TakenKey.objects.count() == 1


def test_a_result_of_another_format_gets_another_key_and_frees_the_first(storage: Connection) -> None:
    item = make_item(storage)
    settle(item, storage, "number")
    assert settle(item, storage, "number", asked="a.png") == "a.png"
    assert settle(make_item(storage), storage, "number") == "a.jpg"


def test_a_number_that_a_file_has_is_passed_over(storage: Connection, tmp_path: Path) -> None:
    for name in ("a.jpg", "a-2.jpg"):
        (tmp_path / "bucket" / name).write_bytes(b"somebody's")
    assert settle(make_item(storage), storage, "number") == "a-3.jpg"


def test_a_later_job_takes_a_place_that_an_earlier_one_had(storage: Connection) -> None:
    early, late = make_item(storage), make_item(storage)
    assert settle(early, storage, "overwrite") == settle(late, storage, "overwrite") == "a.jpg"
    with pytest.raises(Conflict, match=r"Another result has the name 'a\.jpg'"):
        settle(late, storage, "overwrite", index=1)


def test_a_key_that_another_result_is_about_to_take_is_taken(storage: Connection) -> None:
    settle(make_item(storage), storage, "refuse")
    with pytest.raises(Conflict):
        settle(make_item(storage), storage, "refuse")


def test_keys_go_with_the_rows_of_their_job(storage: Connection) -> None:
    item = make_item(storage)
    settle(item, storage, "number")
    services.cancel_job(item.job)
    Job.objects.update(deleted_at="2026-01-01T00:00:00Z")
    purge.purge(purge.Round())
    assert not Job.every.exists()
    assert not TakenKey.objects.exists()


@pytest.mark.parametrize(
    ("key", "numbered"), [("a.jpg", "a-2.jpg"), ("b/a.tar.gz", "b/a.tar-2.gz"), ("b.c/a", "b.c/a-2"), (".x", ".x-2")]
)
def test_the_number_stands_before_the_extension(key: str, numbered: str) -> None:
    assert number_key(key, 2) == numbered
