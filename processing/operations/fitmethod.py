"""Five ways of fitting a picture into a box."""

from typing import Literal

from PIL import Image
from pydantic import Field, model_validator

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.colors import BLACK, Color, rgb
from processing.geometry import (
    Gravity,
    Length,
    Size,
    cover_size,
    inside_size,
    place,
    resolve_size,
    round_half_up,
    shifting,
)
from processing.picture import Picture, check_result, rescale


class Fitmethod(Operation):
    """Scale the picture, up or down, to a box of a given size.

    `stretch` takes on the box's size whatever that does to the proportions. `box` fits inside it, `letterbox` does so
    and fills the rest with bars, `cropbox` covers it and cuts off the rest, `outside` covers it and cuts nothing.
    With one side given the box has the picture's proportions.
    """

    class Params(base.Params):
        fit_type: Literal["box", "stretch", "cropbox", "letterbox", "outside"] = Field(
            description="the way it is fitted"
        )
        width: Length | None = Field(None, description="width of the box")
        height: Length | None = Field(None, description="height of the box")
        color: Color = Field(BLACK, description="colour of the bars of `letterbox`")
        opacity: float = Field(10, ge=0, le=10, description="opacity of the bars in tenths: 0 is transparent")
        gravity: Gravity = Field("center", description="which part `cropbox` keeps, where `letterbox` puts the picture")

        @model_validator(mode="after")
        def need_one_side(self) -> "Fitmethod.Params":
            if self.width is None and self.height is None:
                raise ValueError("width or height is required")
            return self

    examples = [
        Example({"fit_type": "box", "width": {"value": 60}, "height": {"value": 60}}, size=(60, 48)),
        Example({"fit_type": "stretch", "width": {"value": 60}, "height": {"value": 60}}, size=(60, 60)),
        Example({"fit_type": "cropbox", "width": {"value": 60}, "height": {"value": 60}}, size=(60, 60)),
        Example(
            {"fit_type": "letterbox", "width": {"value": 60}, "height": {"value": 60}, "opacity": 5}, size=(60, 60)
        ),
        Example({"fit_type": "outside", "width": {"value": 60}, "height": {"value": 60}}, size=(75, 60)),
    ]
    illustrations = [
        Illustration({"fit_type": fit_type, "width": {"value": 150}, "height": {"value": 150}, **more}, photo="coffee")
        for fit_type, more in [
            ("letterbox", {}),
            ("box", {}),
            ("stretch", {}),
            ("cropbox", {}),
            ("outside", {}),
            ("letterbox", {"color": "#c81e2d", "opacity": 5, "gravity": "north"}),
        ]
    ]

    @classmethod
    def decode_size(cls, params: Params, size: Size) -> Size:
        return _scaled_size(params, size, resolve_size(params.width, params.height, picture=size, source=size))

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        box = resolve_size(params.width, params.height, picture=picture.size, source=picture.source.size)
        check_result(box, context.limits)
        scaled = _scaled_size(params, picture.size, box)
        if params.fit_type == "cropbox":
            return rescale(picture, scaled, context.limits, keep=(*place(box, scaled, params.gravity), *box))
        made = rescale(picture, scaled, context.limits)
        return _add_bars(made, params, box) if params.fit_type == "letterbox" else made


def _scaled_size(params: Fitmethod.Params, picture: Size, box: Size) -> Size:
    if params.fit_type == "stretch":
        return box
    return (cover_size if params.fit_type in ("cropbox", "outside") else inside_size)(picture, box)


def _add_bars(picture: Picture, params: Fitmethod.Params, box: Size) -> Picture:
    """The picture on a ground of the box's size. Transparent parts of it stay so: only the bars have the colour."""
    corner = place(picture.size, box, params.gravity)
    alpha = round_half_up(25.5 * params.opacity)
    mode = "RGB" if alpha == 255 and not picture.has_alpha else "RGBA"
    color = (*rgb(params.color), alpha)[: len(mode)]

    def lay_on_ground(frame: Image.Image) -> Image.Image:
        ground = Image.new(mode, box, color)
        ground.paste(frame, corner)
        return ground

    return picture.map(lay_on_ground, moved=shifting(-corner[0], -corner[1]))
