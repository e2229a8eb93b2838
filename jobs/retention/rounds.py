"""One round of the purge: what it may touch, how long it may take, and what it has done."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Account
from jobs.clock import read_clock
from storage.errors import StorageError
from storage.house import house

log = logging.getLogger(__name__)

CHUNK = 500
"""Rows that one transaction deletes."""

BATCH = 10_000
"""Ids that one statement looks up."""

PATIENCE = 3
"""Chunks in a row that the storage may fail at before it counts as being down."""


@dataclass(frozen=True)
class File:
    """A house object that is to go. kind: the line that counts it. size_bytes: where a listing has told it."""

    kind: str
    key: str
    size_bytes: int | None = None


@dataclass
class Line:
    """What there was of one kind."""

    rows: int = 0
    files: int = 0
    size_bytes: int = 0
    oldest: datetime | None = None


class Round:
    """account: of this one alone. is_dry: nothing is deleted. counts_files: each file is looked at first, which takes
    a call to the storage for each. seconds: after so long no further chunk is begun.
    """

    def __init__(
        self,
        *,
        account: Account | None = None,
        is_dry: bool = False,
        counts_files: bool = False,
        seconds: float | None = None,
    ) -> None:
        self.account, self.is_dry = account, is_dry
        self.time = read_clock()
        self.lines: defaultdict[str, Line] = defaultdict(Line)
        self.failures = 0
        self._counts_files = counts_files
        self._fails_in_a_row = 0
        self._counted: set[str] = set()
        self._deadline = None if seconds is None else time.monotonic() + seconds

    def accounts(self) -> QuerySet[Account]:
        """Those whose things may be touched."""
        return Account.objects.filter(pk=self.account.pk) if self.account else Account.objects.all()

    def is_over(self) -> bool:
        """Whether the time is up."""
        return self._deadline is not None and time.monotonic() > self._deadline

    def read_ids(self, rows: QuerySet[Any], *, by: str, size: int = CHUNK) -> Iterator[list[int]]:
        """Ids of the rows in chunks, the oldest first, until the time is up.

        What was read once is not read again: a chunk that could not be deleted waits for the next round.
        """
        seen: set[int] = set()
        while ids := [pk for pk in self._look_up(rows, by) if pk not in seen]:
            seen.update(ids)
            for start in range(0, len(ids), size):
                if self.is_over():
                    return
                yield ids[start : start + size]

    def note(self, kind: str, rows: int, oldest: datetime | None = None) -> None:
        """Count rows of a kind."""
        line = self.lines[kind]
        line.rows += rows
        line.oldest = min(filter(None, (line.oldest, oldest)), default=None)

    def drop(self, files: Iterable[File]) -> bool:
        """Delete house objects. False where that fails: their rows must stay.

        Raises a StorageError where the storage is down.
        """
        files = list(files)
        self._count(files)
        if self.is_dry or not files:
            return True
        try:
            house().delete_many(file.key for file in files)
        except StorageError as error:
            self._note_failure(error)
            return False
        self._fails_in_a_row = 0
        return True

    def _note_failure(self, error: StorageError) -> None:
        self._fails_in_a_row += error.retryable
        if self._fails_in_a_row >= PATIENCE:
            raise error
        log.warning("house objects cannot be deleted: %s: %s", error.code, error.message)
        self.failures += 1

    def _look_up(self, rows: QuerySet[Any], by: str) -> list[int]:
        ids = rows.order_by(by, "pk").values_list("pk", flat=True)
        # In a dry round the rows stay, and would come again.
        return list(ids if self.is_dry else ids[:BATCH])

    def _count(self, files: Iterable[File]) -> None:
        for file in files:
            if self.is_dry:
                # What one step would delete is still there when the next one comes to it.
                if file.key in self._counted:
                    continue
                self._counted.add(file.key)
            size = file.size_bytes
            if size is None and self._counts_files:
                size = house().measure(file.key)
            if size is not None:
                line = self.lines[file.kind]
                line.files += 1
                line.size_bytes += size


def delete_rows(rows: QuerySet[Any]) -> None:
    """Delete rows in one short transaction. Those that another round has in hand are left to it."""
    with transaction.atomic():
        free = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True))
        rows.model._base_manager.filter(pk__in=free).delete()
