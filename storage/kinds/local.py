"""A folder of this machine."""

import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from storage.base import Blob, Fields, ObjectFacts, Page, Storage
from storage.errors import AccessDenied, BadKey, ObjectMissing, StorageUnavailable, TooLarge

SCRATCH = ".photomill"
"""Where files are written before they get their name: on the same disk, never listed."""


class LocalStorage(Storage):
    """A folder of the machine that Photomill runs on. Only an operator can connect one."""

    class Parameters(Fields):
        path: str = Field(description="the folder, as an absolute path")

        @field_validator("path")
        @classmethod
        def must_be_absolute(cls, path: str) -> str:
            if not path.startswith("/"):
                raise ValueError("must be an absolute path")
            return path

    operator_only = True

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def open(cls, parameters: Any, credentials: Any, *, private: bool) -> "LocalStorage":
        return cls(Path(parameters.path))

    def read(self, key: str, *, max_bytes: int) -> Blob:
        with _our_errors(key), open(self._find(key), "rb", opener=_open_unfollowed) as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise ObjectMissing(f"There is no file {key!r}.")
            if facts.st_size > max_bytes:
                raise TooLarge(f"The file {key!r} has {facts.st_size} bytes, more than the limit of {max_bytes}.")
            return Blob(file.read(), _tag(facts))

    def write(self, key: str, data: bytes, *, content_type: str) -> str:
        scratch = self.root / SCRATCH / uuid.uuid4().hex
        with _our_errors(key):
            target = self._find(key)
            scratch.parent.mkdir(parents=True, exist_ok=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                scratch.write_bytes(data)
                tag = _tag(scratch.stat())
                scratch.replace(target)
            except OSError:
                scratch.unlink(missing_ok=True)
                raise
        return tag

    def delete(self, key: str) -> None:
        with _our_errors(key):
            self._find(key).unlink(missing_ok=True)

    def exists(self, key: str) -> bool:
        with _our_errors(key):
            return self._find(key).is_file()

    def list(self, prefix: str, *, cursor: str | None = None, limit: int = 1000) -> Page:
        found: list[ObjectFacts] = []
        with _our_errors(prefix):
            for key, path in self._walk(self.root, ""):
                if not key.startswith(prefix) or (cursor is not None and key <= cursor):
                    continue
                if len(found) == limit:
                    return Page(found, found[-1].key)
                facts = path.stat()
                modified_at = datetime.fromtimestamp(facts.st_mtime, UTC)
                found.append(ObjectFacts(key, facts.st_size, _tag(facts), modified_at))
        return Page(found, None)

    def _walk(self, folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
        """Files below a folder in the order of their keys. A folder sorts as its name with a slash."""
        entries = [entry for entry in os.scandir(folder) if entry.name != SCRATCH and not entry.is_symlink()]
        for entry in sorted(entries, key=lambda entry: entry.name + "/" * entry.is_dir()):
            if entry.is_dir():
                yield from self._walk(Path(entry.path), f"{prefix}{entry.name}/")
            else:
                yield f"{prefix}{entry.name}", Path(entry.path)

    def _find(self, key: str) -> Path:
        """The file of a key. A symbolic link on the way that leads out of the root is refused."""
        path = self.root / key
        root = self.root.resolve()
        if not path.parent.resolve().is_relative_to(root) or SCRATCH in Path(key).parts[:1]:
            raise BadKey(f"The path {key!r} leads out of the storage.")
        return path


def _open_unfollowed(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _tag(facts: os.stat_result) -> str:
    return f"{facts.st_ino:x}-{facts.st_mtime_ns:x}-{facts.st_size:x}"


@contextmanager
def _our_errors(key: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise ObjectMissing(f"There is no file {key!r}.") from None
    except PermissionError:
        raise AccessDenied(f"The storage does not allow access to {key!r}.") from None
    except OSError as error:
        raise StorageUnavailable(f"The storage failed: {os.strerror(error.errno or 0)}.") from None
