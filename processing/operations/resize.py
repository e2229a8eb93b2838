"""Scaling."""

from pydantic import Field, model_validator

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.geometry import Length, Size, resolve_size
from processing.picture import Picture, rescale


class Resize(Operation):
    """Scale the picture to a given width and height, or to one of them keeping its proportions.

    With both given the result has exactly that size, whatever that does to the proportions.
    """

    class Params(base.Params):
        width: Length | None = Field(None, description="width of the result")
        height: Length | None = Field(None, description="height of the result")

        @model_validator(mode="after")
        def need_one_side(self) -> "Resize.Params":
            if self.width is None and self.height is None:
                raise ValueError("width or height is required")
            return self

    examples = [
        Example({"width": {"value": 50}}, source=(100, 80), size=(50, 40)),
        Example({"height": {"value": 50, "unit": "%"}}, source=(100, 80), size=(50, 40)),
        Example({"width": {"value": 30}, "height": {"value": 60}}, source=(100, 80), size=(30, 60)),
    ]
    illustrations = [
        Illustration({"width": {"value": 50, "unit": "%"}}),
        Illustration({"width": {"value": 90}, "height": {"value": 180}}),
        Illustration({"height": {"value": 150, "unit": "%"}}),
    ]

    @classmethod
    def decode_size(cls, params: Params, size: Size) -> Size:
        return resolve_size(params.width, params.height, picture=size, source=size)

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        size = resolve_size(params.width, params.height, picture=picture.size, source=picture.source.size)
        return rescale(picture, size, context.limits)
