"""Pictures that a step names beside its source."""

from processing.base import AssetRef, Context
from processing.decoders import load
from processing.errors import ImageError, MissingAsset
from processing.picture import Picture


def open_asset(ref: AssetRef, context: Context, *, param: str) -> Picture:
    """The decoded asset, decoded once for all steps of an item.

    param: the field that names it, for the error. Raises MissingAsset, or what `load` raises.
    """
    if ref.name not in context.decoded:
        context.decoded[ref.name] = _decode(ref, context, param)
    return context.decoded[ref.name]


def _decode(ref: AssetRef, context: Context, param: str) -> Picture:
    if ref.name not in context.assets:
        raise MissingAsset(f"{param}: the picture {ref.location!r} could not be had", param=param)
    try:
        return load(context.assets[ref.name], context.limits)
    except ImageError as error:
        raise type(error)(f"{param}: {ref.location!r}: {error.message}", param=param) from None
