"""Results whose names meet: with a file that lies there, with another job's result, with one of their own job."""

import hashlib
from pathlib import PurePosixPath

from jobs.models import Item, TakenKey
from jobs.spec import Destination
from storage.connections import open_by_id
from storage.errors import Conflict

MOST_NUMBERS = 1000
"""How many names are tried beyond those that are known to be taken."""


def settle_key(item: Item, index: int, destination: Destination, asked: str) -> str:
    """The key that one result has for itself, by the destination's rule. The same on every attempt and in every run.

    index: of the variant. asked: the key that its pattern makes. Raises Conflict where there is none for it, and a
    StorageError where the storage cannot be asked.
    """
    assert destination.storage_id is not None
    own = _find_own(item, index)
    if own and own.asked == _digest(asked):
        return own.key
    if own:
        # The source was replaced since, and its result is of another format.
        own.delete()
    if destination.collision == "number":
        return _take_numbered(item, index, destination.storage_id, asked)
    if destination.collision == "overwrite":
        _forget_others(item, destination.storage_id, asked)
    elif open_by_id(destination.storage_id).exists(asked):
        raise Conflict(f"There is already a file {asked!r}.")
    key = _take(item, index, destination.storage_id, asked=asked, key=asked)
    if key is None:
        raise Conflict(f"Another result has the name {asked!r}.")
    return key


def number_key(key: str, number: int) -> str:
    """`a/b.jpg` and 2 make `a/b-2.jpg`."""
    path = PurePosixPath(key)
    return str(path.with_name(f"{path.stem}-{number}{path.suffix}"))


def _take_numbered(item: Item, index: int, storage_id: int, asked: str) -> str:
    storage = open_by_id(storage_id)
    known = TakenKey.objects.filter(connection_id=storage_id, asked=_digest(asked)).count()
    for number in range(known + 1, known + 1 + MOST_NUMBERS):
        key = asked if number == 1 else number_key(asked, number)
        if not storage.exists(key):
            taken = _take(item, index, storage_id, asked=asked, key=key)
            if taken is not None:
                return taken
    raise Conflict(f"There are too many files that are called as {asked!r} is.")


def _take(item: Item, index: int, storage_id: int, *, asked: str, key: str) -> str | None:
    """The key that this result has now. None where another result has this one."""
    row = TakenKey(
        connection_id=storage_id, digest=_digest(key), asked=_digest(asked), key=key, item=item, variant=index
    )
    TakenKey.objects.bulk_create([row], ignore_conflicts=True)
    own = _find_own(item, index)
    return own.key if own else None


def _forget_others(item: Item, storage_id: int, key: str) -> None:
    """What other jobs have put there may be replaced."""
    others = TakenKey.objects.filter(connection_id=storage_id, digest=_digest(key)).exclude(item__job=item.job_id)
    others.delete()


def _find_own(item: Item, index: int) -> TakenKey | None:
    return TakenKey.objects.filter(item=item, variant=index).first()


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
