"""From rows to storages that can be read and written."""

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

_opened: dict[tuple[int, int], tuple[float, Any, Storage]] = {}


def find_connection(account: Account, name: str) -> Connection:
    """The account's connection of this name. Raises UnknownStorage, for another account's too."""
    found = Connection.objects.filter(account=account, name=name).first()
    if found is None:
        raise UnknownStorage(f"There is no storage {name!r}.")
    return found


def open_connection(connection: Connection) -> Storage:
    """The storage behind a row. Raises BadParameters where the row does not hold together."""
    parameters, credentials = kinds.check(connection.kind, connection.parameters, connection.credentials or {})
    return kinds.get(connection.kind).open(parameters, credentials, private=connection.is_private)


def open_by_id(connection_id: int) -> Storage:
    """The storage of this id, kept open for a few seconds in each process. Raises UnknownStorage."""
    slot = (os.getpid(), connection_id)
    kept = _opened.get(slot)
    if kept and kept[0] > time.monotonic():
        return kept[2]
    connection = Connection.objects.filter(pk=connection_id).first()
    if connection is None:
        _opened.pop(slot, None)
        raise UnknownStorage("The storage is no longer connected.")
    same = kept is not None and kept[1] == connection.updated_at
    storage = kept[2] if kept and same else open_connection(connection)
    _opened[slot] = (time.monotonic() + KEEP_SECONDS, connection.updated_at, storage)
    return storage
