"""WebP, still and animated, by Pillow."""

import io
from typing import Any

from processing.encoders.sheet import Sheet

EFFORT, MAX_EFFORT = 4, 6
LOSSLESS_EFFORT = 70
"""Out of 100: how hard libwebp tries where its quality means that."""


def write(sheet: Sheet) -> bytes:
    """A WebP of all frames."""
    options: dict[str, Any] = {"method": sheet.choose_effort(EFFORT, MAX_EFFORT), "lossless": sheet.lossless}
    options["quality"] = sheet.choose_effort(LOSSLESS_EFFORT, 100) if sheet.lossless else sheet.quality
    if sheet.is_animated:
        options |= {"save_all": True, "append_images": sheet.frames[1:], "loop": sheet.plays}
        options["duration"] = list(sheet.durations_ms)
    buffer = io.BytesIO()
    sheet.image.save(buffer, "WEBP", **options, **sheet.list_extras())
    return buffer.getvalue()
