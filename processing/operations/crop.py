"""Cutting out a part."""

from pydantic import Field, model_validator

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.geometry import (
    HEIGHT,
    NO_OFFSET,
    WIDTH,
    Gravity,
    Length,
    Offset,
    Size,
    cover_size,
    place,
    place_within,
    resolve_size,
    shifting,
)
from processing.limits import Limits
from processing.picture import Picture, check_result, rescale


class Crop(Operation):
    """Cut a window of a given size out of the picture.

    With `fit` the picture is first scaled, up or down, to the smallest size that covers the window, and an offset that
    would push the window out is cut short: the result always has exactly the size asked for. Without it nothing is
    scaled and the window is clipped to the picture, so that the result may be smaller.
    """

    class Params(base.Params):
        width: Length | None = Field(None, description="width of the window")
        height: Length | None = Field(None, description="height of the window")
        gravity: Gravity = Field("center", description="where in the picture the window lies")
        x: Offset = Field(NO_OFFSET, description="distance from the edge that the gravity names, or to the right")
        y: Offset = Field(NO_OFFSET, description="distance from the edge that the gravity names, or down")
        fit: bool = Field(True, description="whether the picture is scaled to the window before it is cut")

        @model_validator(mode="after")
        def need_one_side(self) -> "Crop.Params":
            if self.width is None and self.height is None:
                raise ValueError("width or height is required")
            return self

    examples = [
        Example({"width": {"value": 40}, "height": {"value": 40}}, size=(40, 40)),
        Example({"width": {"value": 40}, "height": {"value": 90}, "fit": False, "gravity": "south"}, size=(40, 80)),
        Example({"width": {"value": 25, "unit": "%"}, "fit": False, "x": {"value": -50}}, size=(13, 20)),
    ]
    illustrations = [
        Illustration(
            {"width": {"value": 110}, "height": {"value": 110}, "fit": False, "gravity": "north"}, "astronaut"
        ),
        Illustration({"width": {"value": 110}, "height": {"value": 110}}, "astronaut"),
        Illustration({"width": {"value": 160}, "height": {"value": 60}, "gravity": "north"}, "astronaut"),
    ]

    @classmethod
    def decode_size(cls, params: Params, size: Size) -> Size | None:
        if not params.fit:
            return None
        return cover_size(size, resolve_size(params.width, params.height, picture=size, source=size))

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        window = resolve_size(params.width, params.height, picture=picture.size, source=picture.source.size)
        offset = params.x.pixels(WIDTH, picture.size), params.y.pixels(HEIGHT, picture.size)
        if not params.fit:
            return _cut(picture, window, place(window, picture.size, params.gravity, offset), context.limits)
        scaled = cover_size(picture.size, window)
        corner = place_within(window, scaled, params.gravity, offset)
        return rescale(picture, scaled, context.limits, keep=(*corner, *window))


def _cut(picture: Picture, window: Size, corner: tuple[int, int], limits: Limits) -> Picture:
    left, top = max(0, corner[0]), max(0, corner[1])
    right, bottom = min(picture.size[0], corner[0] + window[0]), min(picture.size[1], corner[1] + window[1])
    check_result((right - left, bottom - top), limits)
    return picture.map(lambda frame: frame.crop((left, top, right, bottom)), moved=shifting(left, top))
