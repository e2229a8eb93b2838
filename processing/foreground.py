"""The object's own colours along its outline, where pixels are a mixture of it and of the ground behind it.

Forte, "Approximate Fast Foreground Colour Estimation", 2021 ("blur fusion"): the colours of object and ground are
first taken to be the mean around a pixel, each weighted by its share; then the object's is corrected by what the
mixture is off by. Once over a wide neighbourhood, once over a narrow one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from processing.guided import list_tiles, sample
from processing.opencv import cv2

Plane = NDArray[np.float32]
TileBox = tuple[int, int, int, int]

UNIT = 1600
"""The side of a picture whose outlines are about four pixels wide; they grow with it."""

NARROW, WIDE = 4, 32
"""Radii in pixels, for a picture of that side."""

SHRUNK = 4
"""What is taken over the wide neighbourhood is taken from a copy so many times smaller."""

BARELY = 1e-5
"""Below this share, a mean has nothing to stand on."""


@dataclass(frozen=True)
class _Means:
    """The object's colours and the ground's around each place, of a smaller copy."""

    mine: Plane
    ground: Plane


def clean_edges(image: Image.Image, alpha: Image.Image) -> Image.Image:
    """An RGB image with the ground taken out of the colours where alpha ("L", of its size) is neither 0 nor 255.

    What is wholly transparent becomes black. Tile by tile: it takes little more than what it makes.
    """
    made = Image.composite(image, Image.new("RGB", image.size), alpha.point(lambda value: 255 if value else 0))
    if not is_mixed(alpha):
        return made
    unit = max(1, round(max(image.size) / UNIT))
    means = _find_means(image, alpha, SHRUNK * unit)
    for box in list_tiles(image.size):
        if is_mixed(alpha.crop(box)):
            made.paste(_clean_tile(image, alpha, means, box, reach=NARROW * unit), box)
    return made


def is_mixed(alpha: Image.Image) -> bool:
    """Whether any pixel is partly transparent."""
    return any(alpha.histogram()[1:255])


def _find_means(image: Image.Image, alpha: Image.Image, factor: int) -> _Means:
    share = np.asarray(alpha.reduce(factor), np.float32)[..., np.newaxis] / np.float32(255)
    colors = np.asarray(image.reduce(factor), np.float32)
    return _Means(_mean(colors, share, WIDE // SHRUNK), _mean(colors, 1 - share, WIDE // SHRUNK))


def _clean_tile(image: Image.Image, alpha: Image.Image, means: _Means, box: TileBox, *, reach: int) -> Image.Image:
    left, top = max(0, box[0] - reach), max(0, box[1] - reach)
    around = (left, top, min(image.width, box[2] + reach), min(image.height, box[3] + reach))
    share = np.asarray(alpha.crop(around), np.float32)[..., np.newaxis] / np.float32(255)
    colors = np.asarray(image.crop(around), np.float32)
    mine, ground = (sample(plane, image.size, around) for plane in (means.mine, means.ground))
    mine = _correct(colors, mine, ground, share)
    mine = _correct(colors, _mean(mine, share, reach), _mean(ground, 1 - share, reach), share)
    made = np.where(share == 1, colors, np.where(share == 0, 0, mine))
    part = made[box[1] - top : box[3] - top, box[0] - left : box[2] - left]
    return Image.fromarray((part + 0.5).astype(np.uint8))


def _correct(colors: Plane, mine: Plane, ground: Plane, share: Plane) -> Plane:
    """The object's colours, such that with the ground's they come closer to the mixture."""
    made: Plane = (mine + share * (colors - share * mine - (1 - share) * ground)).clip(0, 255)
    return made


def _mean(colors: Plane, share: Plane, radius: int) -> Plane:
    """The mean around each pixel, weighted by the share."""
    made: Plane = _blur(colors * share, radius) / (_blur(share, radius) + BARELY)
    return made


def _blur(plane: Plane, radius: int) -> Plane:
    side = 2 * radius + 1
    made = cv2.blur(plane, (side, side), borderType=cv2.BORDER_REFLECT)
    return np.asarray(made, np.float32).reshape(plane.shape)
