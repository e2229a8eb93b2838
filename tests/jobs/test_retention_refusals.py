"""A house storage that refuses or does not answer: what it holds keeps its rows, and everything else is purged."""

import threading
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Account
from jobs.models import Delivery, Job, Output, Upload
from jobs.retention.orphans import purge_orphans
from jobs.retention.purge import STEPS, purge
from jobs.retention.rounds import Round
from storage.errors import AccessDenied, StorageUnavailable
from storage.kinds.local import LocalStorage
from tests.jobs.keeping import DAY, list_house, pass_hours, purge_now, write_kept
from tests.services import SeaweedFS, find_free_ports
from tests.storage.hostile import answer, serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("house_folder")]


@pytest.fixture
def due(alice: Account) -> list[Job]:
    """Jobs that are due altogether."""
    jobs = [write_kept(alice, 2), write_kept(alice)]
    pass_hours(91 * DAY, *jobs)
    return jobs


def purge_refused() -> Round:
    now = Round()
    purge(now, (*STEPS, purge_orphans))
    assert now.failures
    return now


def test_what_the_storage_refuses_to_delete_keeps_its_rows(due: list[Job], settings: Any) -> None:
    house = settings.PHOTOMILL_STORAGE_URL
    refusal = answer(b"<Error><Code>AccessDenied</Code></Error>", status="403 Forbidden")
    with serving(refusal) as server:
        settings.PHOTOMILL_STORAGE_URL = f"s3://key:secret@house?endpoint_url={server.url()}"
        now = purge_refused()
    assert [now.lines[kind].rows for kind in ("results", "uploads", "jobs")] == [0, 0, 0]
    assert (Output.objects.filter(purged_at=None).count(), Upload.objects.count(), Job.every.count()) == (3, 3, 2)
    assert not Delivery.objects.exists(), "these need no storage"
    settings.PHOTOMILL_STORAGE_URL = house
    purge_now()
    assert (Job.every.count(), list_house()) == (0, set())


def test_a_storage_that_is_down_ends_its_steps_and_not_the_others(due: list[Job], settings: Any) -> None:
    house = settings.PHOTOMILL_STORAGE_URL
    settings.PHOTOMILL_STORAGE_URL = f"s3://k:s@house?endpoint_url=http://127.0.0.1:{find_free_ports(1)[0]}"
    settings.PHOTOMILL_FETCH_SECONDS = 0.5
    purge_refused()
    assert not Delivery.objects.exists()
    assert Output.objects.filter(purged_at=None).count() == 3
    settings.PHOTOMILL_STORAGE_URL = house
    purge_now()
    assert (Job.every.count(), list_house()) == (0, set())


@pytest.mark.parametrize("error", [AccessDenied, StorageUnavailable])
@pytest.mark.parametrize("count", [1, 4])
def test_files_that_cannot_be_deleted_keep_their_own_jobs_rows(
    alice: Account, monkeypatch: pytest.MonkeyPatch, error: Any, count: int
) -> None:
    monkeypatch.setattr("jobs.retention.due.CHUNK", 1)
    stubborn, other = [write_kept(alice) for _ in range(count)], write_kept(alice)
    pass_hours(25, *stubborn)
    pass_hours(24.5, other)
    kept = {output.key for output in Output.objects.filter(item__job__in=stubborn)}
    delete = LocalStorage.delete

    def refuse(storage: LocalStorage, key: str) -> None:
        if key in kept:
            raise error
        delete(storage, key)

    monkeypatch.setattr(LocalStorage, "delete", refuse)
    purge_refused()
    assert Output.objects.filter(item__job__in=stubborn, purged_at=None).count() == count
    # Several in a row that another try may mend are a storage that is down: what comes after them is not tried.
    is_down = error is StorageUnavailable and count > 1
    assert (Output.objects.get(item__job=other).purged_at is None) is is_down
    monkeypatch.setattr(LocalStorage, "delete", delete)
    purge_now()
    assert not Output.objects.filter(purged_at=None).exists()


@pytest.mark.s3
def test_a_house_in_a_bucket_is_purged_in_few_calls(alice: Account, settings: Any, house_folder: Path) -> None:
    server = SeaweedFS()
    try:
        server.client().create_bucket(Bucket="house")
        keys = f"{server.access_key}:{server.secret_key}"
        settings.PHOTOMILL_STORAGE_URL = f"s3://{keys}@house/kept?endpoint_url={server.endpoint_url}"
        server.client().put_object(Bucket="house", Key="other/file", Body=b"beside ours")
        young, job = write_kept(alice), write_kept(alice, 30)
        held = {facts for facts in list_house() if f"/{young.pk}/" in facts}
        pass_hours(91 * DAY, job)
        now = purge_now()
        assert (now.lines["results"].files, now.lines["uploads"].files, now.lines["undo copies"].files) == (30, 30, 30)
        assert held < list_house()
        assert len(list_house()) == 5
        rows = server.client().list_objects_v2(Bucket="house", Prefix="other/")["Contents"]
        assert [row["Key"] for row in rows] == ["other/file"]
    finally:
        server.stop()


def test_rounds_of_two_threads_hold_no_lock_while_the_storage_is_slow(
    alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = write_kept(alice)
    pass_hours(91 * DAY, due)
    at_work, go_on = threading.Event(), threading.Event()
    delete = LocalStorage.delete

    def wait(storage: LocalStorage, key: str) -> None:
        at_work.set()
        assert go_on.wait(timeout=30)
        delete(storage, key)

    monkeypatch.setattr(LocalStorage, "delete", wait)
    thread = threading.Thread(target=lambda: purge(Round()))
    thread.start()
    assert at_work.wait(timeout=30)
    # SQLite has one writer: it would be waited for if a transaction were open.
    Account.objects.filter(pk=alice.pk).update(plan="pro")
    go_on.set()
    thread.join()
    assert Account.objects.get(pk=alice.pk).plan == "pro"
    assert Job.every.count() == 0
