"""A folder of this machine: what a disk has that a bucket has not."""

import errno
import os
import socket
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import kinds
from storage.base import Storage
from storage.errors import AccessDenied, BadKey, ObjectMissing, StorageError, StorageUnavailable, TooLarge
from tests.storage.places import LocalPlace, without_rights

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


def write(storage: Storage, key: str, data: bytes = b"bytes") -> str:
    return storage.write(key, data, content_type="image/jpeg")


# --- Links ---


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.jpg").write_bytes(b"secret")
    return folder


@pytest.mark.parametrize("key", ["out/secret.jpg", "out/new.jpg", "chain/secret.jpg", "relative/secret.jpg"])
def test_a_folder_that_is_a_link_out_of_the_root_is_refused(
    storage: Storage, root: Path, outside: Path, key: str
) -> None:
    (root / "out").symlink_to(outside)
    (root / "chain").symlink_to(root / "out")
    (root / "relative").symlink_to("../outside")
    acts: list[Callable[[], object]] = [
        lambda: storage.read(key, max_bytes=LIMIT),
        lambda: write(storage, key),
        lambda: storage.delete(key),
        lambda: storage.delete_many([key]),
        lambda: storage.exists(key),
    ]
    for act in acts:
        with pytest.raises(BadKey, match="leads out of the storage"):
            act()
    assert names(outside) == ["secret.jpg"]
    assert (outside / "secret.jpg").read_bytes() == b"secret"


def test_a_file_that_is_a_link_is_never_read_and_is_replaced_by_a_write(
    storage: Storage, root: Path, outside: Path
) -> None:
    (root / "a.jpg").symlink_to(outside / "secret.jpg")
    with pytest.raises(BadKey) as caught:
        storage.read("a.jpg", max_bytes=LIMIT)
    assert (caught.value.retryable, storage.exists("a.jpg"), keys(storage)) == (False, False, [])
    write(storage, "a.jpg")
    assert (storage.read("a.jpg", max_bytes=LIMIT).data, (outside / "secret.jpg").read_bytes()) == (b"bytes", b"secret")


def test_deleting_a_link_leaves_what_it_leads_to(storage: Storage, root: Path, outside: Path) -> None:
    (root / "a.jpg").symlink_to(outside / "secret.jpg")
    storage.delete("a.jpg")
    assert ((root / "a.jpg").is_symlink(), (outside / "secret.jpg").exists()) == (False, True)


def test_a_link_inside_the_root_is_followed_but_its_folder_is_listed_once(storage: Storage, root: Path) -> None:
    write(storage, "real/1.jpg")
    (root / "alias").symlink_to(root / "real")
    assert storage.read("alias/1.jpg", max_bytes=LIMIT).data == b"bytes"
    assert (keys(storage), keys(storage, "alias/")) == (["real/1.jpg"], [])


def test_links_that_go_round_in_circles_end(storage: Storage, root: Path) -> None:
    (root / "a").symlink_to(root / "b")
    (root / "b").symlink_to(root / "a")
    (root / "here").symlink_to(root)
    for key in ("a", "a/1.jpg", "here/here/here/1.jpg"):
        with pytest.raises(StorageError) as caught:
            storage.read(key, max_bytes=LIMIT)
        assert not caught.value.retryable
    assert keys(storage) == []


def test_a_root_that_is_itself_a_link_is_a_root(tmp_path: Path, root: Path) -> None:
    (tmp_path / "mount").symlink_to(root)
    storage = kinds.get("local").open(*kinds.check("local", {"path": str(tmp_path / "mount")}, {}), private=False)
    write(storage, "a/1.jpg")
    assert (storage.read("a/1.jpg", max_bytes=LIMIT).data, keys(storage, "a/")) == (b"bytes", ["a/1.jpg"])


# --- What is no file ---


@pytest.fixture
def no_file(root: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    path = root / "thing"
    if request.param == "pipe":
        os.mkfifo(path)
    elif request.param == "folder":
        path.mkdir()
    elif request.param == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            here = Path.cwd()
            os.chdir(root)  # the name of a socket has at most 107 bytes
            server.bind("thing")
            os.chdir(here)
            yield "thing"
        return
    yield "thing"


@pytest.mark.parametrize("no_file", ["pipe", "folder", "socket"], indirect=True)
@pytest.mark.timeout(10)
def test_what_is_no_file_is_no_object(storage: Storage, no_file: str) -> None:
    with pytest.raises(ObjectMissing):
        storage.read(no_file, max_bytes=LIMIT)
    assert (storage.exists(no_file), keys(storage)) == (False, [])


def test_a_file_cannot_be_put_where_a_folder_is_nor_below_a_file(storage: Storage, local_place: LocalPlace) -> None:
    write(storage, "a/1.jpg")
    for key in ("a", "a/1.jpg/below.jpg", "a/1.jpg/far/below.jpg"):
        with pytest.raises(BadKey, match="needs a folder where a file is") as caught:
            write(storage, key)
        assert not caught.value.retryable
    assert (local_place.keys(), local_place.scratch_files()) == ({"a/1.jpg"}, [])


@pytest.mark.parametrize("key", ["x" * 256, "ü" * 128, "x/" * 3000 + "x"])
def test_a_name_that_the_disk_cannot_hold_is_no_key(storage: Storage, key: str) -> None:
    for act in (lambda: storage.read(key, max_bytes=LIMIT), lambda: write(storage, key), lambda: storage.exists(key)):
        with pytest.raises(BadKey):
            act()


def test_a_root_that_is_not_there_has_no_objects_and_is_made_by_the_first_write(tmp_path: Path) -> None:
    root = tmp_path / "not" / "yet"
    storage = kinds.get("local").open(*kinds.check("local", {"path": str(root)}, {}), private=False)
    with pytest.raises(ObjectMissing):
        storage.read("a.jpg", max_bytes=LIMIT)
    with pytest.raises(ObjectMissing, match="folder of this storage is not there"):
        storage.list("")
    assert not storage.exists("a.jpg")
    write(storage, "a.jpg")
    assert keys(storage) == ["a.jpg"]


@pytest.mark.parametrize("path", ["", "relative", "./relative", "/a\0b"])
def test_a_root_is_an_absolute_path(path: str) -> None:
    with pytest.raises(StorageError, match=r"parameters\.path: must be an absolute path"):
        kinds.check("local", {"path": path}, {})


# --- Rights and space ---


def test_what_may_not_be_written_read_or_listed_is_denied(storage: Storage, root: Path) -> None:
    write(storage, "closed/1.jpg")
    (root / "closed").chmod(0o700)
    acts: list[Callable[[], object]] = [
        lambda: storage.read("closed/1.jpg", max_bytes=LIMIT),
        lambda: write(storage, "new.jpg"),
        lambda: storage.delete("closed/1.jpg"),
        lambda: storage.exists("closed/1.jpg"),
        lambda: storage.list(""),
    ]
    if os.geteuid():
        root.chmod(0o500)
        (root / "closed").chmod(0)
    with without_rights(root):
        for act in acts:
            with pytest.raises(AccessDenied) as caught:
                act()
            assert not caught.value.retryable


FULL = """
import resource, signal, sys
from pathlib import Path
from storage.errors import StorageUnavailable
from storage.kinds.local import LocalStorage
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    LocalStorage(Path(sys.argv[1])).write("a.jpg", b"x" * 5000, content_type="image/jpeg")
except StorageUnavailable as error:
    print(error.retryable, error.message)
"""


def test_a_write_that_finds_no_room_leaves_the_old_object_and_can_be_tried_again(
    storage: Storage, local_place: LocalPlace
) -> None:
    write(storage, "a.jpg", b"old")
    ended = subprocess.run(
        [sys.executable, "-c", FULL, str(local_place.root)], capture_output=True, text=True, check=True, timeout=30
    )
    assert ended.stdout == f"True The storage failed: {os.strerror(errno.EFBIG)}.\n"
    assert (local_place.get("a.jpg"), local_place.scratch_files()) == (b"old", [])


def test_a_disk_that_fails_is_worth_another_try(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, "an error of the disk")

    write(storage, "a.jpg", b"old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageUnavailable, match="Input/output error"):
        write(storage, "a.jpg", b"new")
    assert storage.read("a.jpg", max_bytes=LIMIT).data == b"old"


KILLED = """
import os, signal, sys
from pathlib import Path
from storage.kinds.local import LocalStorage
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
LocalStorage(Path(sys.argv[1])).write("a.jpg", b"x" * 5000, content_type="image/jpeg")
"""


def test_what_a_killed_write_leaves_is_found_and_deleted_once_it_is_old(
    storage: Storage, local_place: LocalPlace
) -> None:
    write(storage, "old.jpg")
    subprocess.run([sys.executable, "-c", KILLED, str(local_place.root)], timeout=30)
    (left,) = local_place.scratch_files()
    now = datetime.now(UTC)
    storage.delete_scraps(before=now - timedelta(hours=1))
    assert (storage.find_scraps(before=now - timedelta(hours=1)), local_place.scratch_files()) == ([], [left])
    later = now + timedelta(hours=1)
    assert [facts.size_bytes for facts in storage.find_scraps(before=later)] == [5000]
    storage.delete_scraps(before=later)
    assert (local_place.scratch_files(), keys(storage)) == ([], ["old.jpg"])


# --- Memory and limits ---


def test_an_object_is_held_in_memory_once(storage: Storage) -> None:
    write(storage, "a.jpg", b"x" * LIMIT)
    tracemalloc.start()
    try:
        blob = storage.read("a.jpg", max_bytes=LIMIT)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(blob.data), peak < LIMIT * 1.1) == (LIMIT, True)


def test_a_file_that_grows_while_it_is_read_is_not_read_beyond_the_limit(storage: Storage, root: Path) -> None:
    path, done = root / "growing.jpg", threading.Event()
    path.write_bytes(b"x")

    def grow() -> None:
        with path.open("ab") as file:
            while not done.is_set():
                file.write(b"x" * 1000)
                file.flush()
                if file.tell() > LIMIT:
                    file.truncate(0)

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        for _ in range(200):
            try:
                assert len(storage.read("growing.jpg", max_bytes=500_000).data) <= 500_000
            except TooLarge:
                continue
    finally:
        done.set()
        thread.join()
