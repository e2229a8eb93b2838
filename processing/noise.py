"""A filter against noise: the weighted mean of those pixels around that hardly differ."""

import numpy as np
from numpy.typing import NDArray

from processing.channels import Pixels

WEIGHTS = (
    (5, 8, 10, 8, 5),
    (8, 20, 40, 20, 8),
    (10, 40, 80, 40, 10),
    (8, 20, 40, 20, 8),
    (5, 8, 10, 8, 5),
)
REACH = 2
BAND_ROWS = 16
"""Rows worked on at a time, few enough for their sums to stay in the processor's cache."""

THRESHOLD = 1_326_510
"""A neighbour n counts for a pixel c where D < 0.04, with channels from 0 to 1 and
D = (2 + (n.r + c.r)/2)·(n.r − c.r)² + 4·(n.g − c.g)² + (3 − (n.b + c.b)/2)·(n.b − c.b)².
In channels from 0 to 255 both sides times 2·255³ are whole numbers."""

Sums = NDArray[np.int32]


def reduce_noise(pixels: Pixels) -> Pixels:
    """The picture with each pixel averaged with its like in the 5×5 block around, fractions dropped.

    Beyond the first and last row these repeat; the two outermost columns on each side stay as they are.
    """
    made = pixels.copy()
    if pixels.shape[1] <= 2 * REACH:
        return made
    padded = np.pad(pixels, ((REACH, REACH), (0, 0), (0, 0)), mode="edge")
    for top in range(0, len(pixels), BAND_ROWS):
        band = padded[top : top + BAND_ROWS + 2 * REACH]
        made[top : top + BAND_ROWS, REACH:-REACH] = _average(band)
    return made


def _average(band: Pixels) -> Pixels:
    planes = np.ascontiguousarray(np.moveaxis(band, 2, 0), dtype=np.int32)
    shape = planes.shape[1] - 2 * REACH, planes.shape[2] - 2 * REACH
    centre = _shifted(planes, REACH, REACH, shape)
    total = np.zeros(shape, np.int32)
    sums = np.zeros((3, *shape), np.int32)
    for y, row in enumerate(WEIGHTS):
        for x, weight in enumerate(row):
            neighbour = _shifted(planes, y, x, shape)
            counts = (_distance(neighbour, centre) < THRESHOLD) * np.int32(weight)
            total += counts
            sums += counts * neighbour
    return np.moveaxis(sums // total, 0, 2).astype(np.uint8)


def _shifted(planes: Sums, y: int, x: int, shape: tuple[int, int]) -> Sums:
    return planes[:, y : y + shape[0], x : x + shape[1]]


def _distance(neighbour: Sums, centre: Sums) -> Sums:
    square = (neighbour - centre) ** 2
    red = (neighbour[0] + centre[0] + 1020) * square[0]
    blue = (1530 - neighbour[2] - centre[2]) * square[2]
    distance: Sums = red + 2040 * square[1] + blue
    return distance
