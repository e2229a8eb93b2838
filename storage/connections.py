"""From rows to storages that can be read and written."""

import hashlib
import json
import os
import time
from typing import Any

from accounts.models import Account
from storage import kinds
from storage.base import Storage
from storage.errors import UnknownStorage
from storage.models import Connection

KEEP_SECONDS = 10
"""How long an opened connection serves before its row is read again: a change bites after at most this."""
KEPT_OPEN = 64
"""Opened connections in one process; the one that was read longest ago goes first."""

_opened: dict[tuple[int, int], tuple[float, str, Storage]] = {}
"""By process and id: until when the row need not be read, what it said, and the storage."""


def find_connection(account: Account, name: str) -> Connection:
    """The account's connection of this name. Raises UnknownStorage, for another account's too."""
    found = Connection.objects.filter(account=account, name=name).first()
    if found is None:
        raise UnknownStorage(f"There is no storage {name!r}.")
    return found


def open_connection(connection: Connection) -> Storage:
    """The storage behind a row. Raises BadParameters where the row does not hold together."""
    kept: Any = connection.credentials or {}
    parameters, credentials = kinds.check(connection.kind, connection.parameters, kept)
    return kinds.get(connection.kind).open(parameters, credentials, private=connection.is_private)


def open_by_id(connection_id: int) -> Storage:
    """The storage of this id, kept open for a few seconds in each process. Raises UnknownStorage."""
    slot = (os.getpid(), connection_id)
    kept = _opened.get(slot)
    if kept and kept[0] > time.monotonic():
        return kept[2]
    _opened.pop(slot, None)
    connection = Connection.objects.filter(pk=connection_id).first()
    if connection is None:
        raise UnknownStorage("The storage is no longer connected.")
    facts = _digest(connection)
    storage = kept[2] if kept and kept[1] == facts else open_connection(connection)
    _opened[slot] = (time.monotonic() + KEEP_SECONDS, facts, storage)
    for oldest in list(_opened)[:-KEPT_OPEN]:
        _opened.pop(oldest, None)
    return storage


def _digest(connection: Connection) -> str:
    """What the storage was opened with. Not the time of the last change: a bulk update leaves that as it was."""
    facts = [connection.kind, connection.parameters, connection.credentials, connection.is_private]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
