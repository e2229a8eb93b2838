"""Lengths, offsets, gravity and the affine map: the arithmetic that operations share.

Sizes are (width, height) in pixels. A point (x, y) counts from the top left corner of the picture,
x to the right and y down; pixel (0, 0) covers the square from (0, 0) to (1, 1).
"""

import math
from typing import Literal

from pydantic import Field

from processing.base import Params
from processing.errors import InvalidParams

Size = tuple[int, int]
Rect = tuple[int, int, int, int]
"""(x, y, width, height)"""
Box = tuple[float, float, float, float]
"""(left, top, right, bottom)"""
Affine = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): the point (x, y) lies at (a·x + b·y + c, d·x + e·y + f)."""

IDENTITY: Affine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

WIDTH, HEIGHT = 0, 1

Gravity = Literal["center", "north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"]


def round_half_up(value: float) -> int:
    """The nearest whole number; halves go up (2.5 → 3, −2.5 → −2)."""
    return math.floor(value + 0.5)


def round_half_away(value: float) -> int:
    """The nearest whole number; halves go away from zero (2.5 → 3, −2.5 → −3)."""
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


class Length(Params):
    """A width or a height: a number of pixels, or a share of a side of the picture."""

    value: float = Field(gt=0, le=1_000_000, description="how many pixels or per cent")
    unit: Literal["px", "%", "%w", "%h"] = Field(
        "px", description="pixels, or per cent of the same side (`%`), of the width (`%w`) or of the height (`%h`)"
    )
    of: Literal["picture", "source"] = Field(
        "picture", description="per cent of the picture that the step before left, or of the source"
    )

    def exact(self, axis: int, *, picture: Size, source: Size) -> float:
        """The length in pixels, not rounded. `axis` is WIDTH or HEIGHT: the side that is being measured."""
        if self.unit == "px":
            return self.value
        base = picture if self.of == "picture" else source
        side = {"%": axis, "%w": WIDTH, "%h": HEIGHT}[self.unit]
        return base[side] * self.value / 100

    def pixels(self, axis: int, *, picture: Size, source: Size) -> int:
        """The length in whole pixels, at least 1, halves rounded up."""
        return max(1, round_half_up(self.exact(axis, picture=picture, source=source)))


class Offset(Params):
    """A distance that may be negative: pixels, or a share of the side along which it runs."""

    value: float = Field(0, ge=-1_000_000, le=1_000_000, description="how many pixels or per cent")
    unit: Literal["px", "%"] = Field("px", description="pixels, or per cent of the picture's side")

    def pixels(self, axis: int, size: Size) -> int:
        """The distance in whole pixels along `axis` of a picture of this size, halves away from zero."""
        exact = self.value if self.unit == "px" else size[axis] * self.value / 100
        return round_half_away(exact)


NO_OFFSET = Offset(value=0)


class Margin(Params):
    """A distance that is never negative: pixels, or a share of the side along which it runs."""

    value: float = Field(0, ge=0, le=1_000_000, description="how many pixels or per cent")
    unit: Literal["px", "%"] = Field("px", description="pixels, or per cent of the side along which it runs")

    def exact(self, side: float) -> float:
        """The distance in pixels along a side of this length, not rounded."""
        return self.value if self.unit == "px" else side * self.value / 100

    def pixels(self, side: float) -> int:
        """The distance in whole pixels, halves rounded up."""
        return round_half_up(self.exact(side))


NO_MARGIN = Margin(value=0)


def resolve_size(
    width: Length | None, height: Length | None, *, picture: Size, source: Size, shape: Size | None = None
) -> Size:
    """Width and height in pixels; a missing one follows from the proportions of `shape`, at least 1.

    shape: what is being sized, where that is not the picture itself. Raises InvalidParams when both are missing.
    """
    if width is None and height is None:
        raise InvalidParams("width or height is required", param="width")
    w, h = shape or picture
    if width is None:
        assert height is not None
        tall = height.pixels(HEIGHT, picture=picture, source=source)
        return max(1, round_half_up(w * tall / h)), tall
    wide = width.pixels(WIDTH, picture=picture, source=source)
    if height is None:
        return wide, max(1, round_half_up(h * wide / w))
    return wide, height.pixels(HEIGHT, picture=picture, source=source)


def place(inner: Size, outer: Size, gravity: Gravity, offset: tuple[int, int] = (0, 0)) -> tuple[int, int]:
    """The top left corner of a box `inner` laid into `outer`.

    Offsets move inward from an edge that the gravity names, and right or down along a centred axis.
    """
    return (
        _place_along(inner[0], outer[0], _side(gravity, "west", "east"), offset[0]),
        _place_along(inner[1], outer[1], _side(gravity, "north", "south"), offset[1]),
    )


def _side(gravity: str, near: str, far: str) -> int:
    return -1 if near in gravity else 1 if far in gravity else 0


def _place_along(inner: int, outer: int, side: int, offset: int) -> int:
    if side < 0:
        return offset
    if side > 0:
        return outer - inner - offset
    return outer // 2 - inner // 2 + offset


def cover_size(picture: Size, box: Size) -> Size:
    """The smallest size with the picture's proportions that covers the box."""
    factor = max(box[0] / picture[0], box[1] / picture[1])
    return max(box[0], round_half_up(picture[0] * factor)), max(box[1], round_half_up(picture[1] * factor))


def inside_size(picture: Size, box: Size) -> Size:
    """The largest size with the picture's proportions that fits inside the box, at least 1 a side."""
    factor = min(box[0] / picture[0], box[1] / picture[1])
    width, height = round_half_up(picture[0] * factor), round_half_up(picture[1] * factor)
    return max(1, min(box[0], width)), max(1, min(box[1], height))


def place_within(inner: Size, outer: Size, gravity: Gravity, offset: tuple[int, int] = (0, 0)) -> tuple[int, int]:
    """As `place`, shifted back where the offset pushed the box out. `inner` is not larger than `outer`."""
    x, y = place(inner, outer, gravity, offset)
    return min(max(x, 0), outer[0] - inner[0]), min(max(y, 0), outer[1] - inner[1])


def compose(first: Affine, then: Affine) -> Affine:
    """The map that applies `first` and then `then`."""
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return (p * a + q * d, p * b + q * e, p * c + q * f + r, s * a + t * d, s * b + t * e, s * c + t * f + u)


def invert(affine: Affine) -> Affine:
    """The map back. Raises ZeroDivisionError where all points lie on a line."""
    a, b, c, d, e, f = affine
    size = a * e - b * d
    return e / size, -b / size, (b * f - e * c) / size, -d / size, a / size, (d * c - a * f) / size


def map_box(affine: Affine, box: Box) -> Box:
    """The upright box around where the affine puts this one."""
    a, b, c, d, e, f = affine
    left, top, right, bottom = box
    corners = [(a * x + b * y + c, d * x + e * y + f) for x in (left, right) for y in (top, bottom)]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def scaling(old: Size, new: Size) -> Affine:
    """Where a point of a picture scaled from `old` to `new` came from."""
    return (old[0] / new[0], 0.0, 0.0, 0.0, old[1] / new[1], 0.0)


def shifting(x: float, y: float) -> Affine:
    """Where a point of a picture came from whose top left corner was cut at (x, y)."""
    return (1.0, 0.0, x, 0.0, 1.0, y)
