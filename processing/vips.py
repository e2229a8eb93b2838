"""Scaling down by libvips, which takes a third of Pillow's time.

Only the child loads libvips, at its start: the processes beside it have no use for it.
"""

import importlib
import math
from functools import cache
from typing import Any

from PIL import Image

from processing.geometry import Box, Size

MIN_PIXELS = 256 * 256
"""Below that libvips takes longer to get going than Pillow takes for all."""

MAX_FACTOR = 3.0
"""How far one step scales down at most: from 3.14 on libvips 8.18 rounds so that flat white gets darker."""

TOLERANCE = 1e-6
"""In pixels of the result: a box with its edges between them is for Pillow."""


def scale_down(image: Image.Image, size: Size, box: Box) -> Image.Image | None:
    """The box of an image at a smaller size, by Lanczos with three lobes; None for what Pillow had better do.

    Every channel is scaled by itself: alpha must be premultiplied. box: as in `picture.scale`.
    """
    factors = (box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1]
    if min(factors) < 1 or max(factors) == 1 or image.width * image.height < MIN_PIXELS:
        return None
    exact = (image.width / factors[0], image.height / factors[1], box[0] / factors[0], box[1] / factors[1])
    width, height, left, top = (round(value) for value in exact)
    if any(abs(value - round(value)) > TOLERANCE for value in exact):
        return None
    try:
        scaled = scale_in_steps(wrap(image), (width, height)).crop(left, top, *size)
        return Image.frombytes(image.mode, size, scaled.write_to_memory())
    except load().Error:
        return None


def scale_in_steps(image: Any, size: Size) -> Any:
    """libvips' image at a smaller size, in steps of about the same factor, each at most the greatest."""
    start = (image.width, image.height)
    steps = math.ceil(math.log(max(start[0] / size[0], start[1] / size[1]), MAX_FACTOR))
    for step in range(1, steps):
        width, height = (round(side * (end / side) ** (step / steps)) for side, end in zip(start, size, strict=True))
        image = _scale_once(image, (max(width, size[0]), max(height, size[1])))
    return _scale_once(image, size)


def _scale_once(image: Any, size: Size) -> Any:
    return image.resize(size[0] / image.width, vscale=size[1] / image.height, kernel="lanczos3", gap=0)


def choose_size(size: Size, wanted: Size | None) -> Size | None:
    """The smallest size of the same proportions that covers the wanted one; None where that would be no smaller."""
    if wanted is None:
        return None
    factor = min(size[0] / wanted[0], size[1] / wanted[1])
    return (math.ceil(size[0] / factor), math.ceil(size[1] / factor)) if factor > 1 else None


@cache
def load() -> Any:
    """The library."""
    vips = importlib.import_module("pyvips")
    # It would keep pictures, in case they come again.
    vips.cache_set_max(0)
    return vips


def wrap(image: Image.Image) -> Any:
    """The image as libvips' own; its pixels are copied."""
    return load().Image.new_from_memory(image.tobytes(), *image.size, len(image.getbands()), "uchar")
