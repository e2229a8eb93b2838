"""A try of a storage, with what came back."""

import time

from storage.base import ObjectFacts, Storage
from storage.connections import open_connection
from storage.errors import ReadOnly, StorageError, TooLarge
from storage.keys import clean_key
from storage.models import Connection

LISTED = 5
READ_BYTES = 2_000_000
"""More of an object is not read: it is a try."""


def try_connection(connection: Connection, key: str = "") -> tuple[bool, str]:
    """List the storage and read an object of it: the one of this key, else the smallest of the first few.

    Returns whether all went well, and a sentence for each step.
    """
    said: list[str] = []
    try:
        storage = open_connection(connection)
        found = _list(storage, said)
        chosen = clean_key(key, param="the key") if key else min(found, key=lambda o: o.size_bytes).key if found else ""
        if chosen:
            said.append(_read(storage, chosen))
    except StorageError as error:
        return False, " ".join([*said, f"{error.message.rstrip('.').capitalize()}."])
    return True, " ".join(said)


def _list(storage: Storage, said: list[str]) -> list[ObjectFacts]:
    started = time.monotonic()
    try:
        found = storage.list("", limit=LISTED).objects
    except ReadOnly:
        said.append("This kind cannot be listed.")
        return []
    names = ", ".join(one.key for one in found)
    took = _milliseconds(started)
    said.append(f"Listed in {took} ms: {names}." if found else f"Listed in {took} ms: there is nothing in it.")
    return found


def _read(storage: Storage, key: str) -> str:
    started = time.monotonic()
    try:
        size = f"{len(storage.read(key, max_bytes=READ_BYTES).data):,} bytes"
    except TooLarge:
        size = f"there, with more than the {READ_BYTES:,} bytes that a try reads"
    return f"Read {key} in {_milliseconds(started)} ms: {size}."


def _milliseconds(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
