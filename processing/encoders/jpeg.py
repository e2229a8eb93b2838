"""JPEG by Pillow."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import ImageFile

from processing.encoders.sheet import Sheet

FULL_COLOR = "4:4:4"
FULL_COLOR_FROM = 90
"""The quality from which on colours keep their resolution. Photographs then have the same structural similarity at
fewer bytes than with halved colours and more quality: 0.969 at 0.32 bytes a pixel against 0.967 at 0.35."""

OPTIMIZE_FROM = 3
"""The effort from which on a second pass finds better codes: 5 % fewer bytes."""

NOISE_BYTES = ((90, 2.0), (96, 3.0), (101, 5.0))
"""More than a pixel of pure noise takes below each quality, its colours in full."""

HALVED = 0.6
"""What is left of that when colours have half the resolution."""

FOUR_INKS = 4 / 3
"""How much more it is with four channels."""


def write(sheet: Sheet) -> bytes:
    """A JPEG of the first frame."""
    buffer = io.BytesIO()
    dpi = sheet.output.dpi
    # Of four inks all but the first would be coarser: there is no brightness apart from colours.
    is_printed = sheet.image.mode == "CMYK"
    subsampling = FULL_COLOR if is_printed else sheet.output.subsampling or choose_subsampling(sheet.quality)
    with _room_for(sheet, subsampling):
        sheet.image.save(
            buffer,
            "JPEG",
            quality=sheet.quality,
            subsampling=subsampling,
            optimize=sheet.choose_effort(OPTIMIZE_FROM, 9) >= OPTIMIZE_FROM,
            progressive=sheet.output.progressive,
            **({"dpi": (dpi, dpi)} if dpi else {}),
            **sheet.list_extras(),
        )
    return buffer.getvalue()


def choose_subsampling(quality: int) -> str:
    """How colours are stored where the output does not say."""
    return FULL_COLOR if quality >= FULL_COLOR_FROM else "4:2:0"


@contextmanager
def _room_for(sheet: Sheet, subsampling: str) -> Iterator[None]:
    """With a second pass all bytes must find room at once, and Pillow's guess at them is too low for noise."""
    per_pixel = next(amount for below, amount in NOISE_BYTES if sheet.quality < below)
    share = 1.0 if subsampling == FULL_COLOR else HALVED
    share *= FOUR_INKS if sheet.image.mode == "CMYK" else 1.0
    usual = ImageFile.MAXBLOCK
    ImageFile.MAXBLOCK = (
        usual + len(sheet.profile or b"") + int(sheet.image.width * sheet.image.height * per_pixel * share)
    )
    try:
        yield
    finally:
        ImageFile.MAXBLOCK = usual
