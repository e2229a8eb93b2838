"""A window of a picture as a picture of its own, also where the window reaches beyond it."""

from typing import Literal

import numpy as np
from PIL import Image

from processing.colors import Color, rgb
from processing.framing import bounds_of, clip_box, height_of, round_box, width_of
from processing.geometry import Affine, Box, Rect, Size, shifting
from processing.limits import Limits
from processing.picture import Picture, check_result, scale

Beyond = Color | Literal["edge"] | None
"""What is seen beyond the picture: a colour, its outermost pixels repeated, or nothing (transparent)."""


def cut(picture: Picture, rect: Rect, limits: Limits) -> Picture:
    """The part of the picture in a rectangle of whole pixels inside it."""
    left, top, width, height = rect
    check_result((width, height), limits)
    box = left, top, left + width, top + height
    return picture.map(lambda frame: frame.crop(box), moved=shifting(left, top))


def show(picture: Picture, window: Box, size: Size, limits: Limits, *, beyond: Beyond) -> Picture:
    """The window scaled to a size. What is transparent in the picture stays so. Enlarging is reported."""
    check_result(size, limits)
    moved: Affine = (width_of(window) / size[0], 0.0, window[0], 0.0, height_of(window) / size[1], window[1])
    inside = clip_box(window, bounds_of(picture.size))
    rect = _lay(inside, window, size)
    made = picture.map(lambda frame: _draw(scale(frame, rect[2:], inside), rect, size, beyond), moved=moved)
    if size[0] > width_of(window) or size[1] > height_of(window):
        return made.lose("enlarged", "the result has more pixels than the part of the picture that it shows")
    return made


def _lay(inside: Box, window: Box, size: Size) -> Rect:
    """Where the part of the window that lies inside the picture comes to lie in the result."""
    along = size[0] / width_of(window), size[1] / height_of(window)
    left, right = ((edge - window[0]) * along[0] for edge in (inside[0], inside[2]))
    top, bottom = ((edge - window[1]) * along[1] for edge in (inside[1], inside[3]))
    return round_box((left, top, right, bottom), size)


def _draw(part: Image.Image, rect: Rect, size: Size, beyond: Beyond) -> Image.Image:
    if part.size == size:
        return part
    if beyond == "edge":
        return _repeat_edges(part, rect, size)
    ground = _make_ground(part.mode, size, beyond)
    ground.paste(part, rect[:2])
    return ground


def _make_ground(mode: str, size: Size, color: Color | None) -> Image.Image:
    if color is None:
        return Image.new("RGBA", size)
    return Image.new(mode, size, (*rgb(color), 255)[: len(mode)])


def _repeat_edges(part: Image.Image, rect: Rect, size: Size) -> Image.Image:
    left, top, width, height = rect
    around = ((top, size[1] - top - height), (left, size[0] - left - width), (0, 0))
    return Image.fromarray(np.pad(np.asarray(part), around, mode="edge"))
