"""A soft shadow under a cut-out."""

import math
from typing import Literal

from PIL import Image, ImageFilter
from pydantic import Field

from processing import base, mattes
from processing.base import Context, Example, Illustration, Operation, Step
from processing.colors import BLACK, Color, rgb
from processing.geometry import Rect
from processing.picture import Picture

SOLE = 0.12
"""The part of the object, of its height from below, that throws a contact shadow."""

FLATNESS = 0.3
"""How high a contact shadow is, against the part that throws it."""

FAINTEST = 0.1
"""A blur of less than so many pixels changes nothing that can be seen."""

FINE, REACH = 8, 3
"""A blur is worked out in a copy in which its standard deviation is so many pixels or less; it reaches as many times as
far."""


class Shadow(Operation):
    """Lay a soft shadow under what is not transparent in the picture, such as a product that was cut out.

    `contact` is the dark line on which a thing stands: the lowest eighth of the object, pressed flat along its lower
    edge. `drop` is the object's whole shape, moved away by a distance. The picture keeps its size, and what of the
    shadow lies beyond it is cut off. A picture without transparency has nothing on which a shadow could fall.
    """

    class Params(base.Params):
        kind: Literal["contact", "drop"] = Field("contact", description="where it falls: under the object or behind it")
        opacity: float = Field(
            0.4, ge=0, le=1, description="how dark it is at its darkest: 0 nothing, 1 its full colour"
        )
        blur: float = Field(2, ge=0, le=50, description="softness, in per cent of the object's longer side")
        distance: float = Field(
            0,
            ge=0,
            le=100,
            description="how far it lies from where it would be, in per cent of the object's longer side",
        )
        angle: float = Field(
            90, ge=0, lt=360, description="in which direction, in degrees clockwise: 0 to the right, 90 down"
        )
        color: Color = Field(BLACK, description="its colour")

    examples = [
        Example({}),
        Example({"kind": "drop", "opacity": 0.6, "blur": 4, "distance": 6, "angle": 45, "color": "#202040"}),
    ]
    illustrations = [
        Illustration(
            params,
            photo="coffee",
            before=(Step(operation="remove_background", params={"category": "products"}),),
        )
        for params in ({"kind": "drop", "distance": 5, "angle": 60, "blur": 3}, {"opacity": 0.7})
    ]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        if not picture.has_alpha:
            return picture.lose("shadow_missed", "nothing of the picture is transparent, so that no shadow falls")
        return picture.map(lambda frame: _throw(frame, params))


def _throw(frame: Image.Image, params: Shadow.Params) -> Image.Image:
    """The frame over its shadow."""
    alpha = frame.getchannel("A")
    bounds = mattes.find_bounds(alpha)
    if bounds is None:
        return frame
    longer = max(bounds[2] - bounds[0], bounds[3] - bounds[1])
    shape = alpha if params.kind == "drop" else _press(alpha, bounds)
    moved = _shift(shape, params.distance / 100 * longer, params.angle)
    soft = _soften(moved, params.blur / 100 * longer)
    layer = Image.new("RGBA", frame.size, rgb(params.color))
    layer.putalpha(soft.point(lambda value: round(value * params.opacity)))
    layer.alpha_composite(frame)
    return layer


def _press(alpha: Image.Image, bounds: Rect) -> Image.Image:
    """The lowest part of the object, pressed flat around its lower edge."""
    left, top, right, bottom = bounds
    high = max(1, round((bottom - top) * SOLE))
    flat = max(1, round(high * FLATNESS))
    sole = alpha.crop((left, bottom - high, right, bottom)).resize((right - left, flat), Image.Resampling.BOX)
    made = Image.new("L", alpha.size)
    made.paste(sole, (left, bottom - (flat + 1) // 2))
    return made


def _shift(shape: Image.Image, distance: float, degrees: float) -> Image.Image:
    x, y = (round(distance * turn(math.radians(degrees))) for turn in (math.cos, math.sin))
    if not (x or y):
        return shape
    made = Image.new("L", shape.size)
    made.paste(shape, (x, y))
    return made


def _soften(shape: Image.Image, deviation: float) -> Image.Image:
    """Blurred, as if the picture were empty beyond its edges. A wide blur is worked out in a smaller copy."""
    if deviation < FAINTEST:
        return shape
    factor = max(1, int(deviation / FINE))
    small, narrow = shape.reduce(factor), deviation / factor
    room = math.ceil(REACH * narrow)
    padded = Image.new("L", (small.width + 2 * room, small.height + 2 * room))
    padded.paste(small, (room, room))
    soft = padded.filter(ImageFilter.GaussianBlur(narrow))
    box = (room, room, room + shape.width / factor, room + shape.height / factor)
    return soft.resize(shape.size, Image.Resampling.BICUBIC, box)
