"""Boxes that detectors find: how much two share, which stand for the same thing, and room around them."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from processing.geometry import Box, Rect, Size

Point = tuple[float, float]
"""(x, y)"""


class Found(Protocol):
    """Anything with a place and a confidence."""

    @property
    def box(self) -> Box: ...

    @property
    def confidence(self) -> float: ...


Thing = TypeVar("Thing", bound=Found)


def area(box: Box) -> float:
    """Square pixels; 0 for a box that is turned inside out."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def overlap(one: Box, other: Box) -> Box:
    """What both have in common: a box without area where they have nothing."""
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])


def share(one: Box, other: Box) -> float:
    """Intersection over union, 0 to 1."""
    common = area(overlap(one, other))
    return common / (area(one) + area(other) - common) if common else 0.0


def inside(inner: Box, outer: Box) -> float:
    """How much of the inner box lies in the outer, 0 to 1."""
    return area(overlap(inner, outer)) / area(inner) if area(inner) else 0.0


def keep_best(things: Iterable[Thing], *, most_shared: float) -> list[Thing]:
    """The surest of those that stand for the same thing: no two kept ones share more than this."""
    kept: list[Thing] = []
    for thing in sorted(things, key=lambda thing: -thing.confidence):
        if all(share(thing.box, other.box) <= most_shared for other in kept):
            kept.append(thing)
    return kept


def around(boxes: Sequence[Box]) -> Box:
    """The box around all of these, at least one."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def grow(box: Box, *, by: float) -> Box:
    """The box with so many pixels more on each side."""
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def holds(box: Box, point: Point) -> bool:
    """Whether the point lies in the box."""
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def middle(points: Sequence[Point]) -> Point:
    """The mean of these points, at least one."""
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


def clip(box: Box, size: Size) -> Box:
    """The part of a box that lies in a picture of this size."""
    return overlap(box, (0, 0, *size))


def to_rect(box: Box, size: Size) -> Rect:
    """The whole pixels that a box touches in a picture of this size: x, y, width and height."""
    left, top = max(0, int(box[0])), max(0, int(box[1]))
    right, bottom = min(size[0], -int(-box[2] // 1)), min(size[1], -int(-box[3] // 1))
    return left, top, max(0, right - left), max(0, bottom - top)
