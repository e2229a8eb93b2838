"""Cutting a window of a given size out of where people look."""

from pydantic import Field, model_validator

from processing import base
from processing.attention import choose_corner
from processing.base import Context, Example, Illustration, Operation
from processing.detectors import faces, people, subject
from processing.geometry import Length, cover_size, resolve_size, round_half_up
from processing.picture import Picture, check_result, rescale


class SmartCrop(Operation):
    """Scale the picture until it covers a window of a given size, and cut the window out where people look.

    That is where faces are, as many as fit, the largest first, with what fits of their bodies; without faces where
    people are, without people where the main object is. Where none of these is seen, it is where colours and edges
    stand out. The result always has exactly the size asked for; enlarging is reported. Of an animation the first frame
    is looked at.
    """

    class Params(base.Params):
        width: Length | None = Field(None, description="width of the window; none is the picture's proportion")
        height: Length | None = Field(None, description="height of the window; none is the picture's proportion")

        @model_validator(mode="after")
        def need_one_side(self) -> "SmartCrop.Params":
            if self.width is None and self.height is None:
                raise ValueError("width or height is required")
            return self

    examples = [
        Example(
            {"width": {"value": 40}, "height": {"value": 120}}, source=(160, 120), photo="astronaut", size=(40, 120)
        ),
    ]
    illustrations = [
        Illustration({"width": {"value": 90}, "height": {"value": 90}}, photo="astronaut"),
        Illustration({"width": {"value": 90}, "height": {"value": 180}}, photo="coffee"),
        Illustration({"width": {"value": 240}, "height": {"value": 80}}, photo="astronaut"),
    ]
    needs_model = True

    @classmethod
    def missing(cls) -> str | None:
        return faces.missing() or people.missing() or subject.missing()

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        window = resolve_size(params.width, params.height, picture=picture.size, source=picture.source.size)
        check_result(window, context.limits)
        scaled = cover_size(picture.size, window)
        along = scaled[0] / picture.size[0], scaled[1] / picture.size[1]
        x, y = choose_corner(picture, (window[0] / along[0], window[1] / along[1]), context)
        left, top = (
            max(0, min(round_half_up(place * factor), whole - part))
            for place, factor, whole, part in zip((x, y), along, scaled, window, strict=True)
        )
        return rescale(picture, scaled, context.limits, keep=(left, top, *window))
