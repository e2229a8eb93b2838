"""A folder of this machine."""

import errno
import os
import stat
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import Field, field_validator

from storage.base import Blob, Fields, ObjectFacts, Page, Storage
from storage.errors import AccessDenied, BadKey, ObjectMissing, StorageError, StorageUnavailable, TooLarge
from storage.keys import MAX_KEY_BYTES, refuse_escape

SCRATCH = ".photomill"
"""Where files are written before they get their name: on the same disk, never listed."""
RENAME_TRIES = 20

# What an errno says about the key. Nothing but the rest is worth another try.
MISSING = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENXIO}
IN_THE_WAY = {errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY}
NO_KEY = {errno.ELOOP, errno.ENAMETOOLONG}
DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


class LocalStorage(Storage):
    """A folder of the machine that Photomill runs on. Only an operator can connect one."""

    class Parameters(Fields):
        path: str = Field(description="the folder, as an absolute path")

        @field_validator("path")
        @classmethod
        def must_be_absolute(cls, path: str) -> str:
            if not path.startswith("/") or "\0" in path:
                raise ValueError("must be an absolute path")
            return path

    operator_only = True

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def open(cls, parameters: Any, credentials: Any, *, private: bool) -> "LocalStorage":
        return cls(Path(parameters.path))

    def read(self, key: str, *, max_bytes: int) -> Blob:
        with _our_errors(key), self._open(key) as file:
            return _take(key, file, max_bytes)

    def read_if_changed(self, key: str, *, etag: str, max_bytes: int) -> Blob | None:
        with _our_errors(key), self._open(key) as file:
            return None if _tag(os.fstat(file.fileno())) == etag else _take(key, file, max_bytes)

    def write(self, key: str, data: bytes, *, content_type: str) -> str:
        with _our_errors(key, misplaced=IN_THE_WAY):
            target = self._find(key)
            scratch = self.root / SCRATCH / uuid.uuid4().hex
            scratch.parent.mkdir(parents=True, exist_ok=True)
            try:
                tag = _fill(scratch, data)
                _put_in_place(scratch, target)
            finally:
                scratch.unlink(missing_ok=True)
        return tag

    def delete(self, key: str) -> None:
        """Remove the file, and the folders that it leaves empty: here, too, a folder is no more than part of a key."""
        with _our_errors(key):
            path = self._find(key)
            with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
                path.unlink()
                self._remove_emptied(path)

    def measure(self, key: str) -> int | None:
        with _our_errors(key), suppress(FileNotFoundError, NotADirectoryError):
            facts = self._find(key).lstat()
            return facts.st_size if stat.S_ISREG(facts.st_mode) else None
        return None

    def find_scraps(self, *, before: datetime) -> Sequence[ObjectFacts]:
        """Files that never got their name."""
        found: list[ObjectFacts] = []
        with _our_errors(SCRATCH), suppress(FileNotFoundError), os.scandir(self.root / SCRATCH) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # it has its name by now
                    found.append(_describe(f"{SCRATCH}/{entry.name}", entry.stat(follow_symlinks=False)))
        return [facts for facts in found if facts.modified_at < before]

    def delete_scraps(self, *, before: datetime) -> None:
        for facts in self.find_scraps(before=before):
            with _our_errors(facts.key):
                (self.root / facts.key).unlink(missing_ok=True)

    def list(self, prefix: str, *, cursor: str | None = None, limit: int = 1000) -> Page:
        found: list[ObjectFacts] = []
        folder = prefix[: prefix.rfind("/") + 1]
        refuse_escape(folder)
        if not self._is_listed(folder):
            return Page(found, None)
        with _our_errors(prefix):
            for facts in self._walk(folder, prefix, cursor or ""):
                if len(found) == limit:
                    return Page(found, found[-1].key)
                found.append(facts)
        return Page(found, None)

    def _walk(self, folder: str, prefix: str, cursor: str) -> Iterator[ObjectFacts]:
        """Files in the order of their keys, below one folder. A folder sorts as its name with a slash, as on S3."""
        rows = (row for row in self._read_folder(folder) if _is_wanted(row[0], prefix, cursor))
        for key, entry in sorted(rows, key=itemgetter(0)):
            if key.endswith("/"):
                yield from self._walk(key, prefix, cursor)
            else:
                with suppress(FileNotFoundError):  # gone since the folder was read
                    yield _describe(key, entry.stat(follow_symlinks=False))

    def _read_folder(self, folder: str) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
        """Files and folders by their keys; no links, pipes and devices."""
        try:
            entries = os.scandir(self.root / folder)
        except (FileNotFoundError, NotADirectoryError):
            if folder:
                return
            raise ObjectMissing("The folder of this storage is not there.") from None
        with entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if folder or entry.name != SCRATCH:
                        yield f"{folder}{entry.name}/", entry
                elif entry.is_file(follow_symlinks=False):
                    yield f"{folder}{entry.name}", entry

    def _is_listed(self, folder: str) -> bool:
        """Not the scratch folder, not what no key names, and nothing behind a link: that is listed where it lies."""
        if "//" in f"/{folder}" or folder.startswith(f"{SCRATCH}/"):
            return False
        return _resolve(self.root / folder) == _resolve(self.root) / folder

    def _open(self, key: str) -> BinaryIO:
        return open(self._find(key), "rb", opener=_open_unfollowed)

    def _find(self, key: str) -> Path:
        """The file of a key. A symbolic link on the way that leads out of the root is refused."""
        refuse_escape(key)
        relative = key.lstrip("/")
        path = self.root / relative
        if not _resolve(path.parent).is_relative_to(_resolve(self.root)) or relative.partition("/")[0] == SCRATCH:
            raise BadKey(f"The path {key!r} leads out of the storage.")
        return path

    def _remove_emptied(self, path: Path) -> None:
        for folder in path.parents:
            if folder == self.root:
                return
            try:
                folder.rmdir()
            except OSError:  # not empty, or not ours to remove
                return


def _resolve(path: Path) -> Path:
    """The path without links. `Path.resolve` would raise a RuntimeError at links that go round in circles."""
    return Path(os.path.realpath(path))


def _open_unfollowed(path: str, flags: int) -> int:
    # A pipe without O_NONBLOCK would be waited on for ever.
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _take(key: str, file: BinaryIO, max_bytes: int) -> Blob:
    facts = os.fstat(file.fileno())
    if not stat.S_ISREG(facts.st_mode):
        raise ObjectMissing(f"There is no file {key!r}.")
    if facts.st_size > max_bytes:
        raise TooLarge(f"The file {key!r} has {facts.st_size} bytes, more than the limit of {max_bytes}.")
    return Blob(file.read(facts.st_size), _tag(facts))


def _fill(path: Path, data: bytes) -> str:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())  # before the rename, or a power cut leaves an empty file under the final name
        return _tag(os.fstat(file.fileno()))


def _put_in_place(scratch: Path, target: Path) -> None:
    """Rename the file. Its folder may go in between, where `delete` empties it: then it is made again."""
    for _ in range(RENAME_TRIES - 1):
        with suppress(FileNotFoundError, FileExistsError):
            target.parent.mkdir(parents=True, exist_ok=True)
            scratch.replace(target)
            return
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch.replace(target)


def _is_wanted(key: str, prefix: str, cursor: str) -> bool:
    """Whether a listing needs this file, or a file in this folder."""
    if not _can_be_key(key):
        return False
    if key.endswith("/"):
        return (key.startswith(prefix) or prefix.startswith(key)) and (key > cursor or cursor.startswith(key))
    return key.startswith(prefix) and key > cursor


def _can_be_key(name: str) -> bool:
    try:
        return len(name.encode()) <= MAX_KEY_BYTES
    except UnicodeEncodeError:  # bytes that are not UTF-8
        return False


def _describe(key: str, facts: os.stat_result) -> ObjectFacts:
    return ObjectFacts(key, facts.st_size, _tag(facts), datetime.fromtimestamp(facts.st_mtime, UTC))


def _tag(facts: os.stat_result) -> str:
    return f"{facts.st_ino:x}-{facts.st_mtime_ns:x}-{facts.st_size:x}"


@contextmanager
def _our_errors(key: str, *, misplaced: Collection[int] = ()) -> Iterator[None]:
    """misplaced: what means here that a file lies where a folder is needed, or the other way round."""
    try:
        yield
    except OSError as error:
        raise _translate(key, error.errno or 0, misplaced) from None


def _translate(key: str, number: int, misplaced: Collection[int]) -> StorageError:
    if number in misplaced:
        return BadKey(f"The path {key!r} needs a folder where a file is, or a file where a folder is.")
    if number in NO_KEY:
        return BadKey(f"The path {key!r} is too long, or leads over a link.")
    if number in MISSING:
        return ObjectMissing(f"There is no file {key!r}.")
    if number in DENIED:
        return AccessDenied(f"The storage does not allow access to {key!r}.")
    return StorageUnavailable(f"The storage failed: {os.strerror(number)}.")
