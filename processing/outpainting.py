"""Continuing a picture beyond its edges with what it has: mirrored, and softer the further it is from the picture.

Nothing is made up. Detail is the picture's own, mirrored in its edges, and is blurred more and more, so that what was
mirrored is no longer told apart. Broad lights and colours are not mirrored: those of the edges go on.
"""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

from processing.geometry import Size

BLUR = 0.05
"""Standard deviation of the blur at the end of the feathering, as a share of the image's shorter side."""

BROAD = 0.05
"""Standard deviation in the same measure: what it leaves of the picture are its broad lights and colours."""

BROAD_SIDE, DISTANCE_SIDE = 192, 1024
"""Pixels of the longer side in which broad lights, and distances, are worked out."""

LEAST_FEATHERING = 0.05
"""Less than this share counts as it: a blur that sets in at once shows as a seam."""

ZERO = 128
"""Stands for no difference, so that differences either way fit into bytes."""

Plane = NDArray[np.float32]
Indices = NDArray[np.intp]
Corner = tuple[int, int]


def extend(image: Image.Image, size: Size, corner: Corner, feathering: float) -> Image.Image:
    """The image, unchanged, in a larger one that it is continued into.

    corner: where in it the image lies. feathering: how far the continuation stays clear, as a share of the image's
    shorter side.
    """
    if image.mode == "RGBA":
        return _extend(image.convert("RGBa"), size, corner, feathering).convert("RGBA")
    return _extend(image, size, corner, feathering)


def _extend(image: Image.Image, size: Size, corner: Corner, feathering: float) -> Image.Image:
    sharpness = max(feathering, LEAST_FEATHERING) / BLUR
    mirrored = _pick(image, _fold(image.height, size[1], corner[1]), _fold(image.width, size[0], corner[0]))
    made = _soften(mirrored, _measure_levels(size, image.size, corner, sharpness))
    correction = _continue_lights(image, size, corner, sharpness).resize(size, Image.Resampling.BICUBIC)
    made = ImageChops.add(made, correction, 1, -ZERO)
    made.paste(image, corner)
    return made


def _continue_lights(image: Image.Image, size: Size, corner: Corner, sharpness: float) -> Image.Image:
    """What has to be added to the mirrored picture for the lights of its edges to go on, in few pixels, plus ZERO."""
    factor = min(1.0, BROAD_SIDE / max(size))
    (width, height), (wide, high) = _scale(size, factor), _scale(image.size, factor)
    x, y = (min(round(part * factor), room) for part, room in zip(corner, (width - wide, height - high), strict=True))
    broad = image.resize((wide, high), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(BROAD * min(wide, high)))
    held = _pick(broad, _hold(high, height, y), _hold(wide, width, x))
    mirrored = _pick(broad, _fold(high, height, y), _fold(wide, width, x))
    levels = _measure_levels((width, height), (wide, high), (x, y), sharpness)
    return _soften(ImageChops.subtract(held, mirrored, 1, ZERO), levels)


def _scale(size: Size, factor: float) -> Size:
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _pick(image: Image.Image, rows: Indices, columns: Indices) -> Image.Image:
    """The image with these of its rows and columns, each as often as it is named."""
    pixels = np.asarray(image)[rows][:, columns]
    return Image.frombuffer(image.mode, (len(columns), len(rows)), np.ascontiguousarray(pixels))


def _fold(length: int, total: int, start: int) -> Indices:
    """For each place of the whole the one that it mirrors, back and forth where it is far away."""
    place = np.mod(np.arange(total) - start, 2 * length)
    return np.where(place < length, place, 2 * length - 1 - place)


def _hold(length: int, total: int, start: int) -> Indices:
    """For each place of the whole the nearest one of the image."""
    return np.clip(np.arange(total) - start, 0, length - 1)


def _measure_levels(size: Size, inner: Size, corner: Corner, sharpness: float) -> Plane:
    """How often each place is halved to be as soft as its distance from the image wants it.

    After n halvings the standard deviation is about 2ⁿ⁻¹ pixels.
    """
    grid = _scale(size, min(1.0, DISTANCE_SIDE / max(size)))
    across, down = (
        _measure_distance(count, whole, length, start)
        for count, whole, length, start in zip(grid, size, inner, corner, strict=True)
    )
    sigma = np.hypot(across[np.newaxis], down[:, np.newaxis]) / sharpness
    return np.log2(1 + 2 * sigma).astype(np.float32)


def _measure_distance(count: int, whole: int, length: int, start: int) -> Plane:
    places = (np.arange(count, dtype=np.float32) + 0.5) * (whole / count)
    return np.maximum(np.maximum(start - places, places - start - length), 0)


def _soften(image: Image.Image, levels: Plane) -> Image.Image:
    """The image halved and enlarged again as often as each place's level says."""
    made = small = image
    for number in range(math.ceil(levels.max())):
        small = small.resize((max(1, small.width // 2), max(1, small.height // 2)), Image.Resampling.BOX)
        share = Image.fromarray(((levels - number).clip(0, 1) * 255).round().astype(np.uint8))
        mask = share.resize(image.size, Image.Resampling.BILINEAR)
        made = Image.composite(small.resize(image.size, Image.Resampling.BICUBIC), made, mask)
    return made
