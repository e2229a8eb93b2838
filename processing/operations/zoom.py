"""Scaling for dense screens."""

import math

from pydantic import Field, model_validator

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.geometry import Length, Size, resolve_size, round_half_up
from processing.picture import Picture, rescale


class Zoom(Operation):
    """Scale the picture to a given size times a level, as for screens with several pixels per point.

    Levels up to 1 count as 1, those above 3 are rounded up to a half. A level that would enlarge the picture
    goes down, in steps of 0.5 above 3 and of 0.1 below, until it does not, or is 1.
    """

    class Params(base.Params):
        width: Length | None = Field(None, description="width of the result at level 1")
        height: Length | None = Field(None, description="height of the result at level 1")
        level: float = Field(ge=0, le=10, description="how many pixels each of these becomes")

        @model_validator(mode="after")
        def need_one_side(self) -> "Zoom.Params":
            if self.width is None and self.height is None:
                raise ValueError("width or height is required")
            return self

    examples = [
        Example({"width": {"value": 50}, "height": {"value": 40}, "level": 0}, size=(50, 40)),
        Example({"width": {"value": 40}, "height": {"value": 30}, "level": 2}, size=(80, 60)),
        Example({"width": {"value": 40}, "height": {"value": 40}, "level": 4}, size=(80, 80)),
    ]
    illustrations = [
        Illustration({"width": {"value": 80}, "height": {"value": 60}, "level": level}) for level in (2, 0, 10)
    ]

    @classmethod
    def decode_size(cls, params: Params, size: Size) -> Size:
        return _zoomed(resolve_size(params.width, params.height, picture=size, source=size), size, params.level)

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        size = resolve_size(params.width, params.height, picture=picture.size, source=picture.source.size)
        return rescale(picture, _zoomed(size, picture.size, params.level), context.limits)


def _zoomed(size: Size, picture: Size, level: float) -> Size:
    tenths = _fitting_tenths(size, picture, level)
    return round_half_up(size[0] * tenths / 10), round_half_up(size[1] * tenths / 10)


def _fitting_tenths(size: Size, picture: Size, level: float) -> float:
    """The level that is used, in tenths: those are exact where the level's own steps are not."""
    tenths = max(10.0, round(level * 10, 6))
    if tenths > 30:
        tenths = math.ceil(tenths / 5) * 5.0
    while tenths > 10 and (size[0] * tenths > 10 * picture[0] or size[1] * tenths > 10 * picture[1]):
        tenths = max(10.0, tenths - (5 if tenths > 30 else 1))
    return tenths
