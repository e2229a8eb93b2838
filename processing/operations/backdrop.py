"""Something behind a cut-out."""

from typing import Literal

from PIL import Image
from pydantic import Field, model_validator

from processing import base
from processing.assets import open_asset
from processing.base import AssetRef, Context, Example, Illustration, Operation
from processing.colors import Color, rgb
from processing.geometry import Size, cover_size, place
from processing.picture import Picture, scale


class Backdrop(Operation):
    """Lay the picture over a colour or over another picture, which shows where this one is see-through.

    A picture behind is scaled to cover this one, centred, and what is too much of it is cut off. The result is opaque
    where what lies behind is.
    """

    class Params(base.Params):
        color: Color | None = Field(None, description="what lies behind")
        image: AssetRef | None = Field(None, description="the picture that lies behind")
        sources: Literal["all", "opaque"] = Field(
            "all", description="`opaque` lays it behind those alone whose source was opaque: others stay see-through"
        )

        @model_validator(mode="after")
        def need_one(self) -> "Backdrop.Params":
            if (self.color is None) == (self.image is None):
                raise ValueError("color or image is required, not both")
            return self

    examples = [
        Example({"color": "#ff5733"}),
        Example({"color": "#ffffff", "sources": "opaque"}),
        Example({"image": {"kind": "house", "location": "wall.png"}}, assets={"wall.png": (30, 60)}),
    ]
    illustrations = [Illustration({"color": "#ff5733"}, photo="cutout")]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        stays = params.sources == "opaque" and context.look_at(picture).is_see_through
        if stays or not picture.has_alpha:
            return picture
        ground = _make_ground(picture.size, params, context)
        return picture.map(lambda frame: lay_on(ground, frame))


def _make_ground(size: Size, params: Backdrop.Params, context: Context) -> Image.Image:
    if params.image is None:
        assert params.color is not None
        return Image.new("RGB", size, rgb(params.color))
    return cover(open_asset(params.image, context, param="image").frames[0], size)


def cover(image: Image.Image, size: Size) -> Image.Image:
    """The image scaled to the smallest size that covers this one, and its middle cut out."""
    whole = cover_size(image.size, size)
    x, y = place(size, whole, "center")
    factor = image.width / whole[0], image.height / whole[1]
    box = (x * factor[0], y * factor[1], (x + size[0]) * factor[0], (y + size[1]) * factor[1])
    return scale(image, size, box)


def lay_on(ground: Image.Image, frame: Image.Image) -> Image.Image:
    """The frame over a ground of its size; without alpha where the ground has none."""
    if ground.mode == "RGBA":
        return Image.alpha_composite(ground, frame)
    made = ground.copy()
    made.paste(frame, mask=frame.getchannel("A"))
    return made
