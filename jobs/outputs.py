"""Where results go, and what is written down about them."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from django.utils import timezone

from jobs import leases
from jobs.collisions import settle_key
from jobs.models import Item, Output
from jobs.models.jobs import OutputState
from jobs.names import fill_pattern, name_parts
from jobs.sources import LeaseLost, note_overwrite
from jobs.spec import Source, Variant
from processing.errors import ImageError
from processing.pipeline import Outcome
from storage.connections import open_by_id
from storage.errors import StorageError
from storage.house import house
from storage.keys import clean_key, join_keys


def store_result(item: Item, index: int, variant: Variant, outcome: Outcome) -> Output:
    """Put one result in its place, in one atomic step, and describe it. The row is not saved yet.

    Raises LeaseLost when the item is no longer ours, and a retryable StorageError; another StorageError is the
    output's own failure.
    """
    made = outcome.encoded
    if made is None:
        assert outcome.error is not None
        return failed_output(item, index, variant, outcome.error)
    try:
        key = make_key(item, index, variant, made.format.extensions[0])
        if variant.destination.collision:
            key = settle_key(item, index, variant.destination, key)
        etag = _put(item, variant, key, made.data, made.format.mime)
    except StorageError as error:
        if error.retryable:
            raise
        return failed_output(item, index, variant, error)
    return Output(
        item=item,
        run=item.run,
        variant=index,
        name=variant.name[:200],
        state=OutputState.STORED,
        connection_id=variant.destination.storage_id,
        key=key,
        etag=etag,
        mime=made.format.mime,
        size_bytes=len(made.data),
        width=made.size[0],
        height=made.size[1],
        covers=[round(edge, 3) for edge in made.covers],
        report=[{"code": loss.code, "message": loss.message} for loss in made.losses],
        milliseconds=round(outcome.milliseconds),
    )


def overwrites_source(item: Item, variants: Sequence[Variant]) -> bool:
    """Whether an output of the item may go to the place that its source has."""
    ref = Source.model_validate(item.source).ref
    extension = PurePosixPath(ref.location).suffix.removeprefix(".")
    return ref.kind == "storage" and any(
        variant.destination.storage_id == ref.storage_id
        and variant.destination.collision in (None, "overwrite")
        and make_key(item, index, variant, extension) == ref.location
        for index, variant in enumerate(variants)
    )


def failed_output(item: Item, index: int, variant: Variant, error: ImageError | StorageError) -> Output:
    """The row of a result that could not be made or put."""
    return Output(
        item=item,
        run=item.run,
        variant=index,
        name=variant.name[:200],
        state=OutputState.FAILED,
        error_code=error.code,
        error_message=error.message,
        connection_id=variant.destination.storage_id,
    )


def make_key(item: Item, index: int, variant: Variant, extension: str) -> str:
    """The key of a result: the one asked for, one made from the pattern, or one of the house's own."""
    destination = variant.destination
    if destination.key:
        return destination.key
    if destination.pattern:
        return clean_key(fill_pattern(destination.pattern, name_parts(item, index, variant, extension)))
    day = timezone.now().strftime("%Y-%m-%d")
    return join_keys(day, f"{item.job_id}/{item.pk}/{item.fence}/{index}.{extension}")


def _put(item: Item, variant: Variant, key: str, data: bytes, mime: str) -> str:
    storage_id = variant.destination.storage_id
    storage = house() if storage_id is None else open_by_id(storage_id)
    ref = Source.model_validate(item.source).ref
    if (ref.kind, ref.storage_id, ref.location) == ("storage", storage_id, key):
        note_overwrite(item, data)
    if not leases.renew(item):
        raise LeaseLost
    return storage.write(key, data, content_type=mime)
