"""Reference images: pictures that an account keeps for its recipes."""

from collections.abc import Iterable

from accounts.models import Account
from jobs.errors import UnknownImage
from jobs.ids import make_id
from jobs.uploads import drop_uploads
from processing.base import AssetRef
from storage.house import house
from storage.models import ReferenceImage

PREFIX = "storage://reference/"


def keep_image(account: Account, *, name: str, mime: str, data: bytes) -> ReferenceImage:
    """Keep a picture as it came."""
    public_id = make_id()
    key = f"references/{account.pk}/{public_id}"
    house().write(key, data, content_type=mime)
    return ReferenceImage.objects.create(
        account=account, public_id=public_id, name=name[:255], mime=mime, size_bytes=len(data), key=key
    )


def find_image(account: Account, public_id: str) -> ReferenceImage:
    """The account's picture of this id. Raises UnknownImage, for another account's too."""
    found = ReferenceImage.objects.filter(account=account, public_id=public_id).first()
    if found is None:
        raise UnknownImage("There is no such image.")
    return found


def drop_images(account: Account, public_ids: Iterable[str]) -> int:
    """Delete those of the ids that are the account's. Returns how many were."""
    found = list(ReferenceImage.objects.filter(account=account, public_id__in=list(public_ids)))
    ReferenceImage.objects.filter(pk__in=[image.pk for image in found]).delete()
    drop_uploads(AssetRef(kind="house", location=image.key) for image in found)
    return len(found)
