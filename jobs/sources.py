"""Where an item's bytes come from: its source, what its steps name, and the original that an output overwrote."""

import hashlib
import os
from collections import OrderedDict

from django.conf import settings
from django.utils import timezone

from accounts.plans import find_limits
from jobs.models import Item
from jobs.models.jobs import ItemState
from jobs.spec import Source, Variant
from processing import formats, operations
from processing.base import AssetRef, find_assets
from storage.base import Blob, Storage
from storage.connections import open_by_id
from storage.errors import ObjectMissing, StorageError
from storage.house import house
from storage.keys import join_keys
from storage.kinds.web_folder import read_web
from storage.models import ReferenceImage

KEPT_ASSETS = 64
KEPT_ASSET_BYTES = 64_000_000

_kept: "OrderedDict[tuple[int, str], Blob]" = OrderedDict()


class LeaseLost(Exception):
    """The item is somebody else's by now: nothing more of it may be written."""


def storage_of(ref: AssetRef) -> Storage:
    """The storage that a reference points into."""
    if ref.kind == "storage" and ref.storage_id is not None:
        return open_by_id(ref.storage_id)
    return house()


def read_ref(ref: AssetRef, *, max_bytes: int | None = None) -> Blob:
    """The bytes that a reference names, within PHOTOMILL_MAX_SOURCE_BYTES or fewer. Raises a StorageError."""
    limit = max_bytes or settings.PHOTOMILL_MAX_SOURCE_BYTES
    if ref.kind == "web":
        return read_web(ref.location, max_bytes=limit)
    return storage_of(ref).read(key_of(ref), max_bytes=limit)


def key_of(ref: AssetRef) -> str:
    """The key of what a reference names, in its storage. Raises ObjectMissing for a reference image that is gone."""
    if ref.kind != "reference":
        return ref.location
    key = ReferenceImage.objects.filter(public_id=ref.location).values_list("key", flat=True).first()
    if key is None:
        raise ObjectMissing("The reference image is no longer kept.")
    return key


def read_source(item: Item, *, overwrites: bool) -> bytes:
    """The bytes to work on, no more than the account may have.

    overwrites: an output goes to the source's own place. What lay there is then first copied to the house
    storage, and later attempts read the copy for as long as the place still holds what we put there ourselves;
    once somebody has replaced it, the new picture is the source.
    """
    source = Source.model_validate(item.source)
    limit = find_limits(item.job.account).max_source_bytes
    data = read_ref(source.ref, max_bytes=limit).data
    if not overwrites:
        return data
    if item.original and _digest(data) in item.original["written"]:
        return house().read(item.original["key"], max_bytes=limit).data
    if not item.original or item.original["digest"] != _digest(data):
        _keep_original(item, data)
    return data


def note_overwrite(item: Item, data: bytes) -> None:
    """Write down what is about to be put in the source's place, before it is put there."""
    assert item.original is not None
    item.original = {**item.original, "written": [*item.original["written"], _digest(data)][-20:]}
    _save_original(item)


def restore_original(item: Item) -> bool:
    """Put back what an output overwrote. False where nothing was kept, or somebody has replaced it since."""
    if not item.original or not item.original["written"]:
        return False
    ref = Source.model_validate(item.source).ref
    if _digest(read_ref(ref).data) not in item.original["written"]:
        return False
    kept = house().read(item.original["key"], max_bytes=settings.PHOTOMILL_MAX_SOURCE_BYTES)
    mime = formats.get((item.source_facts or {}).get("format", "jpeg")).mime
    storage_of(ref).write(ref.location, kept.data, content_type=mime)
    return True


def read_assets(variants: list[Variant]) -> dict[str, bytes]:
    """What the steps name beside the source, by name. Kept per process for as long as its tag stays the same.

    One that cannot be had is left out: the step that needs it says so, and the other variants go on. Raises a
    StorageError where another try may help.
    """
    found: dict[str, bytes] = {}
    for variant in variants:
        for step in variant.steps:
            for ref in find_assets(operations.parse(step.operation, step.params)):
                if ref.name not in found:
                    _add_asset(ref, found)
    return found


def _add_asset(ref: AssetRef, found: dict[str, bytes]) -> None:
    slot = (os.getpid(), ref.name)
    kept = _kept.get(slot)
    try:
        if kept and kept.etag and ref.kind != "web":
            limit = settings.PHOTOMILL_MAX_SOURCE_BYTES
            blob = storage_of(ref).read_if_changed(key_of(ref), etag=kept.etag, max_bytes=limit) or kept
        else:
            blob = read_ref(ref)
    except StorageError as error:
        if error.retryable:
            raise
        return
    found[ref.name] = blob.data
    _keep_asset(slot, blob)


def _keep_asset(slot: tuple[int, str], blob: Blob) -> None:
    _kept[slot] = blob
    _kept.move_to_end(slot)
    while len(_kept) > KEPT_ASSETS or sum(len(kept.data) for kept in _kept.values()) > KEPT_ASSET_BYTES:
        _kept.popitem(last=False)


def _keep_original(item: Item, data: bytes) -> None:
    day = timezone.now().strftime("%Y-%m-%d")
    key = join_keys(day, f"{item.job_id}/{item.pk}/{item.fence}/original")
    house().write(key, data, content_type="application/octet-stream")
    item.original = {"key": key, "digest": _digest(data), "written": []}
    _save_original(item)


def _save_original(item: Item) -> None:
    mine = Item.objects.filter(pk=item.pk, fence=item.fence, state=ItemState.RUNNING)
    if not mine.update(original=item.original):
        raise LeaseLost


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
