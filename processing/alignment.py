"""Where a subject lies on a canvas, and how large: scaled to the largest size that leaves its margins free."""

from dataclasses import dataclass, field
from typing import Literal

from processing.errors import InvalidParams
from processing.framing import height_of, width_of
from processing.geometry import NO_MARGIN, Box, Margin, Size

Side = Literal["near", "middle", "far"]
"""Along one axis: the left or the top, the middle, the right or the bottom."""


@dataclass(frozen=True)
class Axis:
    """How a subject is laid along one axis of the canvas.

    near, far: the least room before and behind it. aligned: the room at the side that it is aligned to, if larger.
    Per cent are of the subject's length, pixels are the canvas's.
    """

    near: Margin = NO_MARGIN
    far: Margin = NO_MARGIN
    side: Side = "middle"
    aligned: Margin = field(default=NO_MARGIN)


def lay_on_canvas(subject: Box, canvas: Size, across: Axis, down: Axis) -> Box:
    """The window of the picture that the canvas shows, in pixels of the picture; it may reach beyond the picture.

    Raises InvalidParams where the margins leave nothing of the canvas.
    """
    lengths = width_of(subject), height_of(subject)
    axes = across, down
    factor = min(_fit(length, canvas[n], axes[n]) for n, length in enumerate(lengths))
    left, top = (subject[n] - _start(axes[n], canvas[n], lengths[n] * factor) / factor for n in (0, 1))
    return left, top, left + canvas[0] / factor, top + canvas[1] / factor


def _fit(length: float, canvas: int, axis: Axis) -> float:
    """The largest factor with which the subject and its margins fit along this axis."""
    near, far = _choices(axis)
    return min(_fit_between(length, canvas, before, behind) for before in near for behind in far)


def _choices(axis: Axis) -> tuple[tuple[Margin, ...], tuple[Margin, ...]]:
    """The margins that must each have room, before and behind. Which is larger depends on the factor."""
    near = (axis.near, axis.aligned) if axis.side == "near" else (axis.near,)
    far = (axis.far, axis.aligned) if axis.side == "far" else (axis.far,)
    return near, far


def _fit_between(length: float, canvas: int, before: Margin, behind: Margin) -> float:
    shares = sum(margin.value / 100 for margin in (before, behind) if margin.unit == "%")
    pixels = sum(margin.value for margin in (before, behind) if margin.unit == "px")
    if pixels >= canvas:
        raise InvalidParams(f"margins: {pixels:g} of {canvas} pixels leave no room for the subject", param="margins")
    return (canvas - pixels) / (length * (1 + shares))


def _start(axis: Axis, canvas: int, length: float) -> float:
    """Where the scaled subject begins on the canvas."""
    near, far = (max(margin.exact(length) for margin in margins) for margins in _choices(axis))
    if axis.side == "near":
        return near
    if axis.side == "far":
        return canvas - far - length
    return (canvas - near - length - far) / 2 + near
