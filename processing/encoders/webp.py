"""WebP, still and animated, by Pillow."""

import io
from typing import Any

from processing.animations.webp import mark_alpha
from processing.encoders.sheet import Sheet

EFFORT, MAX_EFFORT = 4, 6
LOSSLESS_EFFORT, MAX_LOSSLESS_EFFORT = 70, 90
"""What libwebp takes for quality where that means how hard it tries: from 0.5 to 1.4 s a megapixel, and 13 s at 100."""


def write(sheet: Sheet) -> bytes:
    """A WebP of all frames."""
    options: dict[str, Any] = {"method": sheet.choose_effort(EFFORT, MAX_EFFORT), "lossless": sheet.lossless}
    options["quality"] = sheet.choose_effort(LOSSLESS_EFFORT, MAX_LOSSLESS_EFFORT) if sheet.lossless else sheet.quality
    if sheet.is_animated:
        options |= {"save_all": True, "append_images": sheet.frames[1:], "loop": sheet.plays}
        options["duration"] = list(sheet.durations_ms)
    buffer = io.BytesIO()
    sheet.image.save(buffer, "WEBP", **options, **sheet.list_extras())
    return mark_alpha(buffer.getvalue()) if sheet.is_animated and sheet.has_alpha else buffer.getvalue()
