"""AVIF: lossy and animated by Pillow, lossless by libvips, for Pillow knows no exact colours."""

import io
from typing import Any

from processing import metadata, vips
from processing.animations.avif import write_plays
from processing.encoders.jpeg import choose_subsampling
from processing.encoders.sheet import Sheet

QUICKEST = 10
EFFORT, MAX_EFFORT = 2, 6
"""How far below the quickest speed: two steps cost 0.2 s a megapixel, six 4 s for 5 % fewer bytes, more bring none."""

LOSSLESS_EFFORT, MAX_LOSSLESS_EFFORT = 2, 4
"""libvips's measure: from 0.7 to 4 s a megapixel, for 10 % fewer bytes."""

EXACT = {"quality": 100, "subsampling": "4:4:4"}
"""As near to exact as it gets for an animation: a level or two off."""


def write(sheet: Sheet) -> bytes:
    """An AVIF of all frames."""
    if sheet.lossless and not sheet.is_animated:
        return _write_lossless(sheet)
    subsampling = sheet.output.subsampling or choose_subsampling(sheet.quality)
    options: dict[str, Any] = EXACT if sheet.lossless else {"quality": sheet.quality, "subsampling": subsampling}
    options = options | {"speed": QUICKEST - sheet.choose_effort(EFFORT, MAX_EFFORT)}
    if sheet.is_animated:
        options |= {"save_all": True, "append_images": sheet.frames[1:], "duration": list(sheet.durations_ms)}
    buffer = io.BytesIO()
    sheet.image.save(buffer, "AVIF", **options, **sheet.list_extras())
    return write_plays(buffer.getvalue(), sheet.plays) if sheet.is_animated else buffer.getvalue()


def _write_lossless(sheet: Sheet) -> bytes:
    image = vips.wrap(sheet.image).copy(interpretation="srgb")
    extras = {"icc-profile-data": sheet.profile or b""}
    if sheet.credit:
        extras |= {"exif-data": metadata.write_exif(sheet.credit), "xmp-data": metadata.write_xmp(sheet.credit)}
    for name, data in extras.items():
        if data:
            image.set_type(vips.load().GValue.blob_type, name, data)
    made: bytes = image.heifsave_buffer(
        compression="av1", lossless=True, effort=sheet.choose_effort(LOSSLESS_EFFORT, MAX_LOSSLESS_EFFORT)
    )
    return made
