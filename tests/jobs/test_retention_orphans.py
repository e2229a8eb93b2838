"""What no row names: found by walking the house storage, and deleted once nobody can be at work on it."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from accounts.models import Account
from jobs import engine, leases, references, services
from jobs.models import Item, Job, Output
from jobs.models.jobs import OutputState
from jobs.retention.orphans import purge_orphans
from jobs.spec import Destination, JobSpec, Source, Variant
from jobs.thumbnails import find_key, thumbnail_key
from jobs.uploads import keep_upload
from processing.base import AssetRef
from storage.house import house
from storage.kinds.local import SCRATCH, LocalStorage
from storage.models import Connection
from tests.jobs.keeping import SMALL, let_files_age, list_house, make_in_place, make_kept, purge_now, read_folder
from tests.jobs.making import age

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("house_folder")]

DAY_SECONDS = 86_400


def put(key: str, data: bytes = b"lost") -> str:
    house().write(key, data, content_type="image/png")
    return key


def run_and_die(item: Item, at: str) -> None:
    """Work on an item in a process of its own that is killed just after it has put a file of this name."""
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        put_in_place: Callable[..., str] = LocalStorage.write

        def write(storage: LocalStorage, key: str, data: bytes, **more: Any) -> str:
            tag = put_in_place(storage, key, data, **more)
            if key.endswith(at):
                os.kill(os.getpid(), signal.SIGKILL)
            return tag

        LocalStorage.write = write  # type: ignore[method-assign]
        engine.run_item(item.pk)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == signal.SIGKILL


def make_waiting(account: Account) -> Job:
    source = Source(ref=keep_upload(SMALL, mime="image/png"), name="1.png")
    spec = JobSpec(dialect="slashed", sources=(source,), variants=(Variant(name="same"),))
    return services.create_job(account=account, spec=spec)


def test_what_a_lost_attempt_left_is_deleted_and_what_the_next_one_made_is_not(
    alice: Account, house_folder: Path
) -> None:
    item = make_waiting(alice).items.get()
    run_and_die(item, "/0.png")
    (left,) = [key for key in list_house() if key.endswith("/0.png")]
    age(100)
    engine.run_item(item.pk)
    made = Output.objects.get(item=item).key
    assert {left, made} == {key for key in list_house() if key.endswith("/0.png")}
    let_files_age(house_folder)
    now = purge_now(purge_orphans)
    assert list_house() == {made, item.job.uploads.get().key}
    assert (now.lines["orphans"].files, now.lines["orphans"].size_bytes) == (
        1,
        len(house().read(made, max_bytes=9999).data),
    )


def test_the_copy_of_a_source_that_a_lost_attempt_made_is_deleted_and_the_one_in_use_is_not(
    alice: Account, bucket: Path, house_folder: Path
) -> None:
    storage = Connection.objects.get(account=alice)
    ref = AssetRef(kind="storage", storage_id=storage.pk, location="480x360/1.jpg")
    variant = Variant(destination=Destination(storage_id=storage.pk, key=ref.location))
    spec = JobSpec(dialect="slashed", sources=(Source(ref=ref, name="1.jpg"),), variants=(variant,))
    item = services.create_job(account=alice, spec=spec).items.get()
    run_and_die(item, "/original")
    age(100)
    engine.run_item(item.pk)
    item.refresh_from_db()
    assert len(list_house()) == 2
    assert item.original is not None
    let_files_age(house_folder)
    purge_now(purge_orphans)
    assert list_house() == {item.original["key"]}


def test_nothing_young_is_taken_for_lost(alice: Account, house_folder: Path) -> None:
    keys = {put("2026-01-01/9999/9999/1/0.png"), put("2026-01-01/uploads/none"), put("references/1/none")}
    let_files_age(house_folder, DAY_SECONDS - 3600)
    purge_now(purge_orphans)
    assert list_house() == keys
    let_files_age(house_folder, 7200)
    purge_now(purge_orphans)
    assert list_house() == set()


def test_what_an_attempt_put_that_is_still_at_work_stays(alice: Account, house_folder: Path) -> None:
    item = make_waiting(alice).items.get()
    claimed = leases.claim_item(item.pk)
    assert claimed is not None
    mine = put(f"2026-01-01/{item.job_id}/{item.pk}/{claimed.fence}/0.png")
    lost = put(f"2026-01-01/{item.job_id}/{item.pk}/{claimed.fence - 1}/0.png")
    let_files_age(house_folder)
    purge_now(purge_orphans)
    assert mine in list_house()
    assert lost not in list_house()


def test_everything_that_a_row_names_stays(alice: Account, house_folder: Path) -> None:
    make_kept(alice, 2)
    make_in_place(alice, "480x360/1.jpg")
    references.keep_image(alice, name="logo.png", mime="image/png", data=SMALL)
    let_files_age(house_folder)
    before = read_folder(house_folder)
    purge_now(purge_orphans)
    assert read_folder(house_folder) == before
    assert len(before) > 8


def test_each_kind_of_file_without_a_row_is_deleted(alice: Account, house_folder: Path) -> None:
    job = make_kept(alice)
    item, output = job.items.get(), Output.objects.get(item__job=job)
    named = list_house()
    put(f"2026-01-01/{job.pk}/{item.pk}/7/0.png")
    put("2026-01-01/uploads/never-used")
    put(f"references/{alice.pk}/gone")
    put(thumbnail_key("item", 999_999, "abc"))
    put(thumbnail_key("output", 999_999, "abc"))
    let_files_age(house_folder)
    assert purge_now(purge_orphans).lines["orphans"].files == 5
    assert list_house() == named
    assert {find_key(item), find_key(output)} < named


def test_the_thumbnail_of_a_result_that_is_gone_is_deleted(alice: Account, house_folder: Path) -> None:
    output = Output.objects.get(item__job=make_kept(alice))
    let_files_age(house_folder)
    Output.objects.update(purged_at="2026-01-01T00:00Z")
    purge_now(purge_orphans)
    assert find_key(output) not in list_house()


def test_unused_uploads_are_kept_as_long_as_used_ones(settings: Any, house_folder: Path) -> None:
    settings.PHOTOMILL_KEEP_UPLOADS_HOURS = 24 * 5
    put("2026-01-01/uploads/never-used")
    let_files_age(house_folder)
    purge_now(purge_orphans)
    assert len(list_house()) == 1
    settings.PHOTOMILL_KEEP_UPLOADS_HOURS = 0
    let_files_age(house_folder, 99 * DAY_SECONDS)
    purge_now(purge_orphans)
    assert len(list_house()) == 1, "0 is for ever"
    settings.PHOTOMILL_KEEP_UPLOADS_HOURS = 24
    purge_now(purge_orphans)
    assert list_house() == set()


@pytest.mark.parametrize(
    "key",
    [
        *("readme.txt", "2026-01-01/readme.txt", "2026-1-1/1/1/1/0.png", "2026-01-01/1/1/0.png", "uploads/x"),
        *("2026-01-01/1/1/1/deep/0.png", "references/x", "thumbnails/item/x/1.webp", "thumbnails/job/1/1.webp"),
        *("backup/2026-01-01/1/1/1/0.png", "2026-01-01/1/99999999999999999999/1/0.png"),
    ],
)
@pytest.mark.django_db
def test_what_is_not_one_of_ours_is_left_alone(house_folder: Path, key: str) -> None:
    put(key)
    let_files_age(house_folder)
    purge_now(purge_orphans)
    assert list_house() == {key}


def test_orphans_beyond_a_page_are_found(alice: Account, house_folder: Path) -> None:
    made = Output.objects.get(item__job=make_kept(alice)).key
    named = list_house()
    for number in range(1010):
        put(f"{made.rpartition('/')[0]}/lost-{number}")
    let_files_age(house_folder)
    assert purge_now(purge_orphans).lines["orphans"].files == 1010
    assert list_house() == named


def test_what_killed_writes_left_is_deleted_once_it_is_old(house_folder: Path) -> None:
    put("references/1/x")
    scraps = house_folder / SCRATCH
    (scraps / "old").write_bytes(b"12345")
    let_files_age(house_folder)
    (scraps / "young").write_bytes(b"1")
    put("references/1/x")
    assert purge_now(purge_orphans, is_dry=True).lines["scraps"].size_bytes == 5
    assert len(list(scraps.iterdir())) == 2
    assert purge_now(purge_orphans).lines["scraps"].files == 1
    assert [path.name for path in scraps.iterdir()] == ["young"]


def test_a_dry_walk_deletes_nothing(alice: Account, house_folder: Path) -> None:
    put("2026-01-01/uploads/never-used", b"123")
    let_files_age(house_folder)
    before = read_folder(house_folder)
    now = purge_now(purge_orphans, is_dry=True)
    assert (now.lines["orphans"].files, now.lines["orphans"].size_bytes) == (1, 3)
    assert now.lines["orphans"].oldest is not None
    assert read_folder(house_folder) == before


def test_a_row_without_its_file_is_no_orphan_and_no_error(alice: Account, house_folder: Path) -> None:
    job = make_kept(alice)
    output = Output.objects.get(item__job=job)
    house().delete(output.key)
    let_files_age(house_folder)
    purge_now(purge_orphans)
    assert Output.objects.get(pk=output.pk).state == OutputState.STORED
