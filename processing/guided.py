"""Carrying a small plane of alpha up to a large picture, so that it follows the picture's own edges.

He, Sun, "Fast Guided Filter", 2015: around each place of the small picture alpha is fitted as a linear function of the
colour; the functions are enlarged, not alpha, and applied to the large picture's colours.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from processing.geometry import Size
from processing.opencv import cv2

Plane = NDArray[np.float32]
Pixels = NDArray[np.uint8]

RADIUS = 1
SMOOTHNESS = 1e-5
"""What is added to the colours' variance (colours from 0 to 1): below it a window counts as flat."""

TILE = 512
CLEAR = 0.004
"""Alpha below this is none, and as much below one it is whole."""

# Where the six numbers of a symmetric 3×3 matrix stand in it.
PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))


@dataclass(frozen=True)
class _Fit:
    """alpha = colour · slope + start, for each place of the small picture."""

    slope: Plane
    start: Plane


def enlarge(alpha: Plane, small: Pixels, large: Image.Image) -> Image.Image:
    """alpha as an "L" image of the large picture's size. Tile by tile: it takes little more than what it makes.

    alpha, small: of one size, a smaller copy of the large RGB image and its alpha, 0 to 1.
    """
    made = Image.new("L", large.size)
    if alpha.shape == large.size[::-1]:
        return _to_image(alpha)
    fit = _fit(alpha, small.astype(np.float32) / np.float32(255))
    for box in list_tiles(large.size):
        part = _enlarge_tile(alpha, fit, large, box)
        made.paste(part if isinstance(part, int) else _to_image(part), box)
    return made


def list_tiles(size: Size) -> Iterator[tuple[int, int, int, int]]:
    """Boxes that cover a picture of this size without overlap, none longer than TILE."""
    for top in range(0, size[1], TILE):
        for left in range(0, size[0], TILE):
            yield left, top, min(size[0], left + TILE), min(size[1], top + TILE)


def _to_image(alpha: Plane) -> Image.Image:
    return Image.fromarray((alpha * 255 + 0.5).astype(np.uint8))


def _enlarge_tile(alpha: Plane, fit: _Fit, large: Image.Image, box: tuple[int, int, int, int]) -> Plane | int:
    """The tile's alpha, or one value for all of it."""
    rough = sample(alpha, large.size, box)
    if rough.max() <= CLEAR or rough.min() >= 1 - CLEAR:
        return 255 if rough[0, 0] > 0.5 else 0
    colors = np.asarray(large.crop(box), np.float32) / 255
    fine = (sample(fit.slope, large.size, box) * colors).sum(axis=2) + sample(fit.start, large.size, box)
    is_clear = (rough <= CLEAR) | (rough >= 1 - CLEAR)
    return np.where(is_clear, rough.round(), fine.clip(0, 1)).astype(np.float32)


def sample(plane: Plane, size: Size, box: tuple[int, int, int, int]) -> Plane:
    """The box, in pixels of the large one, of a plane that is enlarged to this size, between pixels linearly."""
    left, top, right, bottom = box
    across, down = plane.shape[1] / size[0], plane.shape[0] / size[1]
    # OpenCV counts from the centre of the first pixel.
    back = np.array([[across, 0, (left + 0.5) * across - 0.5], [0, down, (top + 0.5) * down - 0.5]])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    part = cv2.warpAffine(plane, back, (right - left, bottom - top), flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(part, np.float32)


def _fit(alpha: Plane, colors: Plane) -> _Fit:
    mean, level = _blur(colors), _blur(alpha)
    spread = np.empty((*alpha.shape, 3, 3), np.float32)
    for one, other in PAIRS:
        common = _blur(colors[..., one] * colors[..., other]) - mean[..., one] * mean[..., other]
        spread[..., one, other] = spread[..., other, one] = common
    spread += np.eye(3, dtype=np.float32) * SMOOTHNESS
    shared = _blur(colors * alpha[..., np.newaxis]) - mean * level[..., np.newaxis]
    near = cv2.dilate(((alpha > CLEAR) & (alpha < 1 - CLEAR)).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    slope = np.zeros_like(colors)
    # Where nothing is uncertain, alpha does not depend on the colour.
    slope[near] = np.linalg.solve(spread[near].astype(np.float64), shared[near][..., np.newaxis])[..., 0]
    start = level - (slope * mean).sum(axis=2)
    return _Fit(_blur(slope), _blur(start))


def _blur(plane: Plane) -> Plane:
    side = 2 * RADIUS + 1
    return np.asarray(cv2.blur(plane, (side, side), borderType=cv2.BORDER_REPLICATE), np.float32)
