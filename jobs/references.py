"""Reference images: pictures that an account keeps for its recipes."""

import re
from collections.abc import Iterable

from accounts.models import Account
from jobs.errors import UnknownImage
from jobs.ids import make_id
from jobs.uploads import drop_uploads
from processing.base import AssetRef
from storage.house import house
from storage.models import ReferenceImage

PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def keep_image(account: Account, *, name: str, mime: str, data: bytes) -> ReferenceImage:
    """Keep a picture as it came."""
    public_id = make_id()
    key = f"references/{account.pk}/{public_id}"
    house().write(key, data, content_type=mime)
    row = ReferenceImage(
        account=account, public_id=public_id, name=name[:255], mime=mime, size_bytes=len(data), key=key
    )
    is_kept = False
    try:
        row.save()
        is_kept = True
    finally:
        if not is_kept:
            drop_uploads([AssetRef(kind="house", location=key)])
    return row


def find_image(account: Account, public_id: str) -> ReferenceImage:
    """The account's picture of this id. Raises UnknownImage, for another account's too."""
    found = _find(account, [public_id])
    if not found:
        raise UnknownImage("There is no such image.")
    return found[0]


def drop_images(account: Account, public_ids: Iterable[str]) -> int:
    """Delete those of the ids that are the account's. Returns how many were.

    Raises a StorageError where a file cannot be deleted now; its row is then still there, to be asked for again.
    """
    found = _find(account, public_ids)
    for image in found:
        house().delete(image.key)
        image.delete()
    return len(found)


def _find(account: Account, public_ids: Iterable[str]) -> list[ReferenceImage]:
    # What is no id of ours may hold what a database refuses to compare with.
    ids = [public_id for public_id in public_ids if PUBLIC_ID.fullmatch(public_id)]
    return list(ReferenceImage.objects.filter(account=account, public_id__in=ids))
