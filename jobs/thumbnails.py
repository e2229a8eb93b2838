"""Small pictures for the admin: made by a worker when first looked at, kept in the house storage."""

import hashlib
import json
import logging
import re
import threading
import time
from collections import OrderedDict
from typing import Literal

from jobs import slots
from jobs.dispatch import ring
from jobs.models import Item, Output
from jobs.models.jobs import OutputState
from jobs.sources import read_ref
from jobs.spec import Source
from processing.base import AssetRef, Step
from processing.errors import ImageError, Unexpected
from processing.formats import Output as Format
from processing.pipeline import Variant
from storage.errors import ObjectMissing, StorageError, TooLarge
from storage.house import house

log = logging.getLogger(__name__)

Kind = Literal["item", "output"]
Row = Item | Output

SIDE_PIXELS = 240
MIME = "image/webp"
MAX_BYTES = 1_000_000
SECONDS = 15
"""Wall clock for one thumbnail: calls that somebody waits for stand behind it."""

GAP_SECONDS = 30
"""A thumbnail is asked for again after this long at the earliest."""
BROKER_REST_SECONDS = 10
KEPT_RINGS = 5000

UNSHOWABLE = b""
"""What is kept in the place of a picture that is gone or cannot be decoded, so that nobody tries again."""

CHAIN = Variant(
    steps=(
        Step(
            operation="fitmethod",
            params={"fit_type": "box", "width": {"value": SIDE_PIXELS}, "height": {"value": SIDE_PIXELS}},
        ),
    ),
    output=Format(format="webp", quality=75, animated=False),
)

_rung: "OrderedDict[str, float]" = OrderedDict()
_lock = threading.Lock()


def thumbnail_key(kind: Kind, pk: int, version: str) -> str:
    """Where a thumbnail lies in the house storage. All versions of one row share the folder `thumbnails/KIND/PK`."""
    return f"thumbnails/{kind}/{pk}/{version}.webp"


def find_key(row: Row) -> str:
    """The thumbnail's key as the row is now: it changes when what it shows does."""
    kind: Kind = "item" if isinstance(row, Item) else "output"
    return thumbnail_key(kind, row.pk, _item_version(row) if isinstance(row, Item) else _output_version(row))


def find_thumbnail(row: Row) -> bytes | None:
    """The kept WebP, None where none has been made yet, or UNSHOWABLE. Raises a StorageError."""
    if isinstance(row, Output) and row.purged_at:
        return UNSHOWABLE
    try:
        return house().read(find_key(row), max_bytes=MAX_BYTES).data
    except ObjectMissing:
        return None


def ask_for_thumbnail(row: Row) -> None:
    """Have a worker make it. Nothing where it was asked for a moment ago, or while the broker is down."""
    key = find_key(row)
    now = time.monotonic()
    with _lock:
        if _rung.get(key, 0) > now or _rung.get("", 0) > now:
            return
        _rung[key] = now + GAP_SECONDS
        while len(_rung) > KEPT_RINGS:
            _rung.popitem(last=False)
    if not ring("make_thumbnail", row.pk, queue="interactive", kind="item" if isinstance(row, Item) else "output"):
        _rung.pop(key, None)
        _rung[""] = now + BROKER_REST_SECONDS


def make_thumbnail(kind: Kind, pk: int) -> None:
    """Read the picture, scale it in the slot's child and keep the result. Called twice, the second call does nothing.

    What another try may mend leaves nothing behind; what it cannot mend is kept as UNSHOWABLE.
    """
    rows = Item.objects.all() if kind == "item" else Output.objects.select_related("item")
    row: Row | None = rows.filter(pk=pk).first()
    try:
        if row is not None and find_thumbnail(row) is None:
            house().write(find_key(row), _make(row), content_type=MIME)
    except (ImageError, StorageError) as error:
        log.info("no thumbnail of %s %s for now: %s", kind, pk, error.code)


def lies_in_house(output: Output) -> bool:
    """Whether an output without a connection is the house storage's own.

    Its connection may have been deleted since; then its key was a customer's choice and says nothing about the house.
    """
    own = rf"\d{{4}}-\d\d-\d\d/{output.item.job_id}/{output.item_id}/"
    return output.connection_id is None and re.match(own, output.key) is not None


def _make(row: Row) -> bytes:
    try:
        return _scale(_read(row))
    except (ObjectMissing, TooLarge, ImageError) as error:
        if error.retryable or isinstance(error, Unexpected):
            raise
        return UNSHOWABLE


def _read(row: Row) -> bytes:
    return read_ref(_item_ref(row) if isinstance(row, Item) else _output_ref(row)).data


def _item_ref(item: Item) -> AssetRef:
    """The source, or the copy that was kept when an output took its place."""
    if item.original and item.original["written"]:
        return AssetRef(kind="house", location=item.original["key"])
    return Source.model_validate(item.source).ref


def _output_ref(output: Output) -> AssetRef:
    if output.state != OutputState.STORED:
        raise ObjectMissing("this output was not stored")
    if output.connection_id is not None:
        return AssetRef(kind="storage", storage_id=output.connection_id, location=output.key)
    if not lies_in_house(output):
        raise ObjectMissing("the storage of this output is no longer connected")
    return AssetRef(kind="house", location=output.key)


def _scale(data: bytes) -> bytes:
    result = slots.child().run(data, [CHAIN], limits=slots.limits(), assets={}, seconds=SECONDS)
    outcome = result.outcomes[0]
    if outcome.error:
        raise outcome.error
    assert outcome.encoded
    return outcome.encoded.data


def _item_version(item: Item) -> str:
    original = item.original["key"] if item.original and item.original["written"] else ""
    return _digest(item.source, original, item.run)


def _output_version(output: Output) -> str:
    return _digest(output.connection_id, output.key, output.etag, output.run)


def _digest(*facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:16]
