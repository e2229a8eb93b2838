"""Laying the main object on a canvas, at a size and in a place of its own."""

from typing import Literal

from PIL import Image
from pydantic import Field, model_validator

from processing import base
from processing.alignment import Axis, Side, lay_on_canvas
from processing.assets import open_asset
from processing.base import AssetRef, Context, Example, Illustration, Operation
from processing.canvas import show
from processing.colors import Color, rgb
from processing.detectors import subject
from processing.detectors.subject import Category
from processing.errors import SubjectNotFound
from processing.geometry import HEIGHT, WIDTH, Margin, Size
from processing.margins import Margins
from processing.operations.backdrop import cover, lay_on
from processing.picture import Picture
from processing.sight import subject_in

SIDES: dict[str, Side] = {"left": "near", "top": "near", "center": "middle", "right": "far", "bottom": "far"}


class SubjectCrop(Operation):
    """Put the main object at a consistent size and place on a canvas, whatever its photograph was like.

    The picture, usually a cut-out, is scaled so that the object with its margins just fits on the canvas; a small
    object is enlarged. The object with its margins lies in the middle, or at a side: then at the distance given for
    that side, or at the margin if that is larger. A cut-out's object is what is not transparent in it. Of an animation
    the first frame is looked at.
    """

    class Params(base.Params):
        width: int | None = Field(
            None, ge=1, le=100_000, description="width of the canvas in pixels; none is the source's"
        )
        height: int | None = Field(
            None, ge=1, le=100_000, description="height of the canvas in pixels; none is the source's"
        )
        margins: Margins = Field(
            Margins(), description="the least room around the object, in pixels of the canvas or per cent of the object"
        )
        horizontal: Literal["left", "center", "right"] = Field("center", description="where it lies across")
        vertical: Literal["top", "center", "bottom"] = Field("center", description="where it lies from top to bottom")
        horizontal_margin: float = Field(
            0, ge=0, le=10_000, description="distance from the left or right side, in per cent of the object's width"
        )
        vertical_margin: float = Field(
            0, ge=0, le=10_000, description="distance from the top or bottom, in per cent of the object's height"
        )
        background: Color | None = Field(None, description="colour behind the picture; without one it is transparent")
        image: AssetRef | None = Field(
            None, description="picture behind the picture, scaled to cover the canvas; instead of a colour"
        )
        category: Category = Field("general", description="what the object is")
        on_missing: Literal["keep", "fail"] = Field(
            "fail", description="without a main object: keep the picture as it is and report it, or refuse"
        )

        @model_validator(mode="after")
        def need_one_ground(self) -> "SubjectCrop.Params":
            if self.background is not None and self.image is not None:
                raise ValueError("background and image cannot both be given")
            return self

    examples = [
        Example(
            {
                "width": 120,
                "height": 180,
                "margins": {side: {"value": 8, "unit": "%"} for side in ("top", "right", "bottom", "left")},
                "background": "#ffffff",
            },
            source=(192, 128),
            photo="coffee",
            size=(120, 180),
        ),
    ]
    illustrations = [
        Illustration({"width": 240, "height": 240, "background": "#7fd1ae"}, photo="cutout"),
        Illustration({"width": 240, "height": 180, "horizontal": "left", "horizontal_margin": 5}, photo="cutout"),
        Illustration({"width": 160, "height": 240, "vertical": "bottom", "background": "#ffffff"}, photo="coffee"),
    ]
    needs_model = True

    @classmethod
    def missing(cls) -> str | None:
        return subject.missing()

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        try:
            box, _ = subject_in(picture, context, params.category)
        except SubjectNotFound:
            if params.on_missing == "fail":
                raise
            return picture.lose("no_subject", "no main object was found; the picture was kept")
        source = picture.source.size
        size = params.width or source[WIDTH], params.height or source[HEIGHT]
        made = show(picture, lay_on_canvas(box, size, *_list_axes(params)), size, context.limits, beyond=None)
        ground = _make_ground(size, params, context)
        return made.map(lambda frame: lay_on(ground, frame)) if ground and made.has_alpha else made


def _list_axes(params: SubjectCrop.Params) -> tuple[Axis, Axis]:
    margins = params.margins
    aligned = [Margin(value=value, unit="%") for value in (params.horizontal_margin, params.vertical_margin)]
    return (
        Axis(near=margins.left, far=margins.right, side=SIDES[params.horizontal], aligned=aligned[0]),
        Axis(near=margins.top, far=margins.bottom, side=SIDES[params.vertical], aligned=aligned[1]),
    )


def _make_ground(size: Size, params: SubjectCrop.Params, context: Context) -> Image.Image | None:
    if params.image:
        return cover(open_asset(params.image, context, param="image").frames[0], size)
    return Image.new("RGB", size, rgb(params.background)) if params.background else None
