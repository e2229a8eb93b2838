"""Squares that cover a picture, so that a model that sees little sees small things too."""

import math
from collections.abc import Iterator

from processing.geometry import Rect, Size


def cover(size: Size, side: int, *, overlap: float) -> Iterator[Rect]:
    """Squares of this side, cut off at the picture's edges, evenly spread.

    overlap: the least that neighbours share, as a part of the side: what is smaller than that lies in one whole.
    """
    for y, high in _spread(size[1], side, overlap):
        for x, wide in _spread(size[0], side, overlap):
            yield x, y, wide, high


def _spread(length: int, side: int, overlap: float) -> list[tuple[int, int]]:
    if length <= side:
        return [(0, length)]
    rest = length - side
    steps = math.ceil(rest / (side * (1 - overlap)))
    return [(round(rest * step / steps), side) for step in range(steps + 1)]
