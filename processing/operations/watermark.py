"""Laying a picture over the picture."""

from PIL import Image
from pydantic import Field

from processing import base
from processing.assets import open_asset
from processing.base import AssetRef, Context, Example, Illustration, Operation
from processing.geometry import HEIGHT, NO_OFFSET, WIDTH, Gravity, Length, Offset, Size, place, resolve_size
from processing.picture import Picture, check_result, scale


class Watermark(Operation):
    """Lay another picture, such as a logo, over this one.

    Shares of a side and offsets relate to the picture below. With one side given the watermark keeps its proportions,
    with none its own size. What lies beyond the picture is cut off; the picture's size never changes.
    """

    class Params(base.Params):
        source: AssetRef = Field(description="the picture to lay over")
        width: Length | None = Field(None, description="width that it is scaled to")
        height: Length | None = Field(None, description="height that it is scaled to")
        gravity: Gravity = Field("center", description="where it lies")
        x: Offset = Field(NO_OFFSET, description="distance from the edge that the gravity names, or to the right")
        y: Offset = Field(NO_OFFSET, description="distance from the edge that the gravity names, or down")

    examples = [
        Example({"source": {"kind": "house", "location": "logo.png"}}, assets={"logo.png": (20, 10)}),
        Example(
            {
                "source": {"kind": "house", "location": "logo.png"},
                "width": {"value": 25, "unit": "%"},
                "gravity": "southeast",
                "x": {"value": 5},
                "y": {"value": 10, "unit": "%"},
            },
            assets={"logo.png": (300, 200)},
        ),
    ]
    illustrations = [
        Illustration({"source": {"kind": "house", "location": "logo.png"}, **where}, photo="astronaut")
        for where in (
            {"height": {"value": 35, "unit": "%"}, "gravity": "southeast", "x": {"value": 6}, "y": {"value": 6}},
            {"width": {"value": 30, "unit": "%"}, "gravity": "northwest", "x": {"value": -20}},
            {"height": {"value": 90, "unit": "%"}, "y": {"value": 10, "unit": "%"}},
        )
    ]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        mark = open_asset(params.source, context, param="source").frames[0]
        size = _size(params, picture, mark.size)
        check_result(size, context.limits)
        offset = params.x.pixels(WIDTH, picture.size), params.y.pixels(HEIGHT, picture.size)
        corner = place(size, picture.size, params.gravity, offset)
        scaled = scale(mark, size)
        return picture.map(lambda frame: lay_over(frame, scaled, corner))


def _size(params: Watermark.Params, picture: Picture, mark: Size) -> Size:
    if params.width is None and params.height is None:
        return mark
    return resolve_size(params.width, params.height, picture=picture.size, source=picture.source.size, shape=mark)


def lay_over(below: Image.Image, above: Image.Image, corner: tuple[int, int]) -> Image.Image:
    """The image with another over it (source-over), its top left corner there, cut off at the edges."""
    made = below.copy()
    box = _overlap(below.size, above.size, corner)
    if box is None:
        return made
    part = above.crop(box).convert("RGBA")
    at = corner[0] + box[0], corner[1] + box[1]
    if made.mode == "RGBA":
        made.alpha_composite(part, at)
    else:
        made.paste(part, at, part)
    return made


def _overlap(below: Size, above: Size, corner: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """The box of what lies above that is not cut off, or None."""
    left, top = max(0, -corner[0]), max(0, -corner[1])
    right, bottom = min(above[0], below[0] - corner[0]), min(above[1], below[1] - corner[1])
    return (left, top, right, bottom) if left < right and top < bottom else None
