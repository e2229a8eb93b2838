"""Files that came with a request, kept in the house storage until their job has read them."""

from collections.abc import Iterable

from django.utils import timezone

from jobs.ids import make_id
from processing.base import AssetRef
from storage.errors import StorageError
from storage.house import house
from storage.keys import join_keys


def keep_upload(data: bytes, *, mime: str) -> AssetRef:
    """Where the bytes lie now. Under a name of ours: what a client calls its file is never part of a key."""
    day = timezone.now().strftime("%Y-%m-%d")
    key = join_keys(day, f"uploads/{make_id()}")
    house().write(key, data, content_type=mime)
    return AssetRef(kind="house", location=key)


def drop_uploads(refs: Iterable[AssetRef]) -> None:
    """Delete uploads. One that cannot be deleted now goes with the day's others, when they are purged."""
    for ref in refs:
        try:
            house().delete(ref.location)
        except StorageError:
            continue
