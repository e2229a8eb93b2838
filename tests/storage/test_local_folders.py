"""A folder of this machine: what is listed, in which order and at what cost, and how folders come and go."""

import os
import threading
from pathlib import Path

import pytest

from storage.base import Storage
from storage.errors import BadKey
from storage.kinds.local import SCRATCH
from tests.storage.places import LocalPlace

LIMIT = 10_000_000


@pytest.fixture
def root(local_place: LocalPlace) -> Path:
    return local_place.root


@pytest.fixture
def storage(local_place: LocalPlace) -> Storage:
    return local_place.storage


def keys(storage: Storage, prefix: str = "") -> list[str]:
    return [facts.key for facts in storage.list(prefix).objects]


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def write(storage: Storage, key: str) -> None:
    storage.write(key, b"bytes", content_type="image/jpeg")


# --- Scratch, listing ---


@pytest.mark.parametrize("key", [SCRATCH, f"{SCRATCH}/x", f"/{SCRATCH}/x", f"//{SCRATCH}/x"])
def test_the_scratch_folder_is_out_of_reach_and_never_listed(storage: Storage, root: Path, key: str) -> None:
    write(storage, "a.jpg")
    (root / SCRATCH / "x").write_bytes(b"half")
    for act in (lambda: storage.read(key, max_bytes=LIMIT), lambda: write(storage, key), lambda: storage.delete(key)):
        with pytest.raises(BadKey):
            act()
    assert (keys(storage), keys(storage, f"{SCRATCH}/"), keys(storage, ".p")) == (["a.jpg"], [], [])


def test_a_folder_of_that_name_further_down_is_like_any_other(storage: Storage) -> None:
    write(storage, f"a/{SCRATCH}/1.jpg")
    assert keys(storage) == [f"a/{SCRATCH}/1.jpg"]


def test_names_that_are_not_utf8_are_left_out(storage: Storage, root: Path) -> None:
    (root / os.fsdecode(b"\xff.jpg")).write_bytes(b"x")
    (root / os.fsdecode(b"\xff")).mkdir()
    (root / os.fsdecode(b"\xff") / "1.jpg").write_bytes(b"x")
    write(storage, "a.jpg")
    assert keys(storage) == ["a.jpg"]


def test_keys_come_in_the_order_of_their_bytes_as_on_s3(storage: Storage) -> None:
    names = ["a/b", "a b", "a-b/c", "a.b", "a0", "aa/1", "Z", "é", "日本", "😀", "\uffee"]
    for name in names:
        write(storage, name)
    assert keys(storage) == sorted(names, key=str.encode)


def test_the_last_page_says_that_it_is_the_last_although_it_is_full(storage: Storage) -> None:
    for name in ("1", "2", "3"):
        write(storage, name)
    assert (storage.list("", limit=3).cursor, storage.list("", limit=2).cursor) == (None, "2")


def test_a_listing_opens_only_the_folders_that_can_hold_its_keys(storage: Storage, opened: list[str]) -> None:
    for number in range(20):
        write(storage, f"day-{number:02}/job/item/1.jpg")
    opened.clear()
    assert keys(storage, "day-07/job/i") == ["day-07/job/item/1.jpg"]
    assert opened == ["day-07/job", "day-07/job/item"]
    opened.clear()
    storage.list("", cursor="day-17/job/item/1.jpg", limit=10)
    assert {name.partition("/")[0] for name in opened} == {".", "day-17", "day-18", "day-19"}


@pytest.fixture
def opened(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders of the root that were read, one after the other."""
    read: list[str] = []
    scan = os.scandir

    def note(path: Path) -> object:
        read.append(str(Path(path).relative_to(root)))
        return scan(path)

    monkeypatch.setattr(os, "scandir", note)
    return read


def test_a_tree_as_deep_as_a_key_can_be_is_listed(storage: Storage) -> None:
    key = "d/" * 511 + "1"
    write(storage, key)
    assert keys(storage) == [key]


def test_files_that_come_and_go_do_not_disturb_a_listing(storage: Storage) -> None:
    write(storage, "stays/1.jpg")
    done = threading.Event()

    def churn() -> None:
        while not done.is_set():
            write(storage, "goes/away/1.jpg")
            storage.delete("goes/away/1.jpg")

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(100):
            assert "stays/1.jpg" in keys(storage)
    finally:
        done.set()
        thread.join()


# --- Folders come and go with their files ---


def test_a_folder_that_a_delete_empties_goes_too_and_the_root_stays(storage: Storage, root: Path) -> None:
    write(storage, "day/job/1.jpg")
    write(storage, "day/other/1.jpg")
    storage.delete("day/job/1.jpg")
    assert names(root / "day") == ["other"]
    storage.delete("day//other/1.jpg")
    assert names(root) == [SCRATCH]


def test_a_write_survives_that_its_folder_is_removed_meanwhile(storage: Storage) -> None:
    done = threading.Event()

    def churn() -> None:
        while not done.is_set():
            write(storage, "a/b/churned.jpg")
            storage.delete("a/b/churned.jpg")

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for number in range(60):
            write(storage, f"a/b/{number}.jpg")
            storage.delete(f"a/b/{number}.jpg")
    finally:
        done.set()
        thread.join()
