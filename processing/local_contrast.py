"""Local contrast: what is dark or bright over broad parts of a picture is evened out, while its details stand out more.

Brightness is split into a base and details by a guided filter with itself as guide, so that edges stay whole and get no
halo. It is worked out in few pixels: K. He and J. Sun, "Fast Guided Filter", arXiv:1505.00996, 2015.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from processing.gaussian import Plane
from processing.luma import WEIGHTS

FILTER_SIDE = 384
"""Pixels of the longer side in which the filter is worked out."""

RADIUS = 12
"""Of the filter, in these pixels: a thirtieth of the picture's longer side."""

EDGE = 0.14
"""How far brightness differs, of 1, where the filter begins to take it for an edge."""

SHADOWS, LIGHTS = 1.2, 0.6
"""How strongly the base b is evened out at full strength: by SHADOWS·b·(1 − b)³ − LIGHTS·b³·(1 − b)."""

DETAIL_GAIN = 1.0
"""By how much more details stand out at full strength: by 1 they are doubled."""

FLOOR = 0.06
"""Added to brightness before colours are scaled with it, so that what is almost black gains no colour of its own."""

BAND_ROWS = 256
FULL = 255

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Base:
    """The base of brightness y is slope·y + offset: two maps in few pixels, with a border all around.

    box: the part of the maps that the picture covers.
    """

    slope: Image.Image
    offset: Image.Image
    box: tuple[float, float, float, float]


def even_out(image: Image.Image, strength: float, *, wraps: bool = False) -> Image.Image:
    """An RGB image with its local contrast raised. strength: 0 changes nothing, 1 is all.

    wraps: whether the right edge goes on at the left one, as in a panorama all around.
    """
    base = _find_base(image, wraps=wraps)
    made = np.empty((image.height, image.width, 3), np.uint8)
    for top in range(0, image.height, BAND_ROWS):
        rows = (top, min(image.height, top + BAND_ROWS))
        band = np.asarray(image.crop((0, rows[0], image.width, rows[1])))
        made[rows[0] : rows[1]] = _change_band(band, _enlarge(base, rows, image.size), strength)
    return Image.fromarray(made)


def _change_band(pixels: NDArray[np.uint8], parts: tuple[Plane, Plane], strength: float) -> NDArray[np.uint8]:
    slope, offset = parts
    colors = pixels.astype(np.float32) / FULL
    brightness = colors @ np.array(WEIGHTS, np.float32)
    base = (slope * brightness + offset).clip(0, 1)
    change = DETAIL_GAIN * (brightness - base) + SHADOWS * base * (1 - base) ** 3 - LIGHTS * base**3 * (1 - base)
    target = (brightness + strength * change).clip(0, 1)
    colors *= ((target + FLOOR) / (brightness + FLOOR))[..., np.newaxis]
    return (colors * FULL + 0.5).clip(0, FULL).astype(np.uint8)


def _enlarge(base: Base, rows: tuple[int, int], size: tuple[int, int]) -> tuple[Plane, Plane]:
    """Slope and offset for these rows of a picture of this size."""
    left, top, right, bottom = base.box
    high = (bottom - top) / size[1]
    box = left, top + rows[0] * high, right, top + rows[1] * high
    target = size[0], rows[1] - rows[0]
    slope, offset = (
        np.asarray(part.resize(target, Image.Resampling.BILINEAR, box)) for part in (base.slope, base.offset)
    )
    return slope, offset


def _find_base(image: Image.Image, *, wraps: bool) -> Base:
    factor = min(1.0, FILTER_SIDE / max(image.size))
    size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    small = np.asarray(image.convert("L").resize(size, Image.Resampling.BOX)) / FULL
    border = 2 * RADIUS + 2
    padded = np.pad(small, ((border, border), (0, 0)), mode="symmetric")
    padded = np.pad(padded, ((0, 0), (border, border)), mode="wrap" if wraps else "symmetric")
    mean = _average(padded)
    variance = (_average(padded * padded) - mean * mean).clip(0)
    share = variance / (variance + EDGE**2)
    slope, offset = (Image.fromarray(_average(part).astype(np.float32)) for part in (share, (1 - share) * mean))
    return Base(slope, offset, (border, border, border + size[0], border + size[1]))


def _average(plane: Floats) -> Floats:
    """The mean of the square around each place; nearer than RADIUS to the edges it is of no use."""
    return _average_lines(_average_lines(plane).T).T


def _average_lines(plane: Floats) -> Floats:
    sums = np.cumsum(np.pad(plane, ((0, 0), (RADIUS + 1, RADIUS)), mode="edge"), axis=1)
    width = 2 * RADIUS + 1
    return (sums[:, width:] - sums[:, :-width]) / width
