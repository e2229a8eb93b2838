"""What a program does that needs nothing but thumbnails: Pillow and libvips as their manuals say, bytes to bytes.

Quality and effort are those of `processing.encoders`, so that all write about as many bytes.
"""

import io
from collections.abc import Sequence
from typing import Any

import pyvips
from PIL import AvifImagePlugin, Image, ImageOps

PILLOW: dict[str, dict[str, Any]] = {
    "jpeg": {"format": "JPEG", "quality": 80, "optimize": True},
    "png": {"format": "PNG", "compress_level": 4},
    "webp": {"format": "WEBP", "quality": 80, "method": 4},
    "avif": {"format": "AVIF", "quality": 65, "speed": 8},
}
VIPS: dict[str, tuple[str, dict[str, Any]]] = {
    "jpeg": (".jpg", {"Q": 80, "optimize_coding": True, "keep": "none"}),
    "png": (".png", {"compression": 4, "filter": "all", "keep": "none"}),
    "webp": (".webp", {"Q": 80, "effort": 4, "keep": "none"}),
    # libvips counts effort, where Pillow counts speed: 9 less it.
    "avif": (".avif", {"Q": 65, "effort": 1, "keep": "none"}),
}

# One slot is one core: Pillow would start a thread for each core of the machine.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1


def fit_with_pillow(source: bytes, form: str, boxes: Sequence[int]) -> list[bytes]:
    """The picture fitted into square boxes of these sides."""
    image = Image.open(io.BytesIO(source))
    image.draft("RGB", (max(boxes), max(boxes)))
    upright = ImageOps.exif_transpose(image)
    return [_save_fitted(upright.copy() if len(boxes) > 1 else upright, form, box) for box in boxes]


def _save_fitted(image: Image.Image, form: str, box: int) -> bytes:
    image.thumbnail((box, box), Image.Resampling.LANCZOS, reducing_gap=2.0)
    buffer = io.BytesIO()
    image.save(buffer, **PILLOW[form])
    return buffer.getvalue()


def fit_with_vips(source: bytes, form: str, boxes: Sequence[int]) -> list[bytes]:
    """The picture fitted into square boxes of these sides."""
    suffix, options = VIPS[form]
    made = [pyvips.Image.thumbnail_buffer(source, box, height=box, size="down") for box in boxes]
    return [image.write_to_buffer(suffix, **options) for image in made]
