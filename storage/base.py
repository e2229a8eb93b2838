"""What a storage kind must do."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from storage.errors import BadKey, ReadOnly


class Fields(BaseModel):
    """The parameters or the credentials of a kind: named, typed, nothing unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NoFields(Fields):
    """A kind that needs none."""


@dataclass(frozen=True)
class Blob:
    """An object that was read: its bytes, and the tag that changes when they do."""

    data: bytes
    etag: str


@dataclass(frozen=True)
class ObjectFacts:
    """One row of a listing."""

    key: str
    size_bytes: int
    etag: str
    modified_at: datetime


@dataclass(frozen=True)
class Page:
    """Part of a listing, in the order of keys. cursor: where the next part begins, or None at the end."""

    objects: list[ObjectFacts]
    cursor: str | None


class Storage(ABC):
    """A place that holds objects under keys. Keys are relative, checked by `storage.keys.clean_key`.

    Every method raises a StorageError; `retryable` says whether another try can help.
    """

    Parameters: ClassVar[type[Fields]] = NoFields
    Credentials: ClassVar[type[Fields]] = NoFields
    operator_only: ClassVar[bool] = False
    is_writable: ClassVar[bool] = True
    is_listable: ClassVar[bool] = True

    @classmethod
    @abstractmethod
    def open(cls, parameters: Any, credentials: Any, *, private: bool) -> "Storage":
        """The storage of these parameters. private: its endpoint may be an address that is not public."""

    @abstractmethod
    def read(self, key: str, *, max_bytes: int) -> Blob:
        """The object's bytes. Raises ObjectMissing, or TooLarge past max_bytes."""

    def read_if_changed(self, key: str, *, etag: str, max_bytes: int) -> Blob | None:
        """The object's bytes, or None where its tag is still this one."""
        blob = self.read(key, max_bytes=max_bytes)
        return None if blob.etag == etag else blob

    def write(self, key: str, data: bytes, *, content_type: str) -> str:
        """Put the object in one atomic step, over what was there. Returns its tag."""
        raise ReadOnly("This storage can only be read.")

    def delete(self, key: str) -> None:
        """Remove the object; one that is not there is no error."""
        raise ReadOnly("This storage can only be read.")

    def delete_many(self, keys: Iterable[str]) -> None:
        """Remove objects, in as few calls as the kind can; one that is not there is no error.

        An error leaves some of them where they are.
        """
        for key in keys:
            self.delete(key)

    def delete_folder(self, prefix: str) -> int:
        """Remove every object below a folder, whose prefix ends in a slash. Returns how many there were."""
        if not prefix.strip("/") or not prefix.endswith("/"):
            raise BadKey("A folder is deleted by a prefix that ends in a slash.")
        count, cursor = 0, None
        while True:
            page = self.list(prefix, cursor=cursor)
            self.delete_many([facts.key for facts in page.objects])
            count, cursor = count + len(page.objects), page.cursor
            if cursor is None:
                return count

    def exists(self, key: str) -> bool:
        """Whether there is an object of this key."""
        return self.measure(key) is not None

    def measure(self, key: str) -> int | None:
        """The object's size in bytes, or None where there is none."""
        raise ReadOnly("This storage cannot be searched.")

    def list(self, prefix: str, *, cursor: str | None = None, limit: int = 1000) -> Page:
        """Objects whose key begins with the prefix, after the cursor."""
        raise ReadOnly("This storage cannot be listed.")

    def find_scraps(self, *, before: datetime) -> Sequence[ObjectFacts]:
        """What writes left behind that were killed before that time: no listing shows it, no key leads to it."""
        return ()

    def delete_scraps(self, *, before: datetime) -> None:
        """Remove what `find_scraps` finds."""
        return

    def link(self, key: str, *, seconds: int, filename: str) -> str | None:
        """An address at which anybody can download the object for a while, or None where the kind has none."""
        return None
