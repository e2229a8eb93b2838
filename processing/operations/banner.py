"""Cropping to what a mask marks."""

from PIL import Image
from pydantic import Field

from processing import base
from processing.assets import open_asset
from processing.base import AssetRef, Context, Example, Illustration, Operation
from processing.canvas import cut, show
from processing.errors import SubjectNotFound
from processing.framing import bounds_of, clip_box, grow_box, grow_inside, resolve_output, round_box
from processing.geometry import HEIGHT, WIDTH, Box, Margin, Size
from processing.margins import Margins
from processing.picture import Picture

FIVE_PER_CENT = Margin(value=5, unit="%")

BRIGHT = 128
"""From here on grey counts as marked, in a mask without transparency."""


class Banner(Operation):
    """Cut out what a mask marks, with room around it.

    Every pixel is marked whose place in the mask is not wholly transparent or, in a mask whose transparency is the same
    everywhere, of a grey above 127. A mask of another size is laid over the whole picture. Room ends at the picture's
    border. With a width or a height the part grows to that shape, inside the picture, and is scaled; the other follows
    from the part's proportions. A mask that marks nothing is refused.
    """

    class Params(base.Params):
        mask: AssetRef = Field(description="the picture that marks what is kept")
        margins: Margin = Field(
            FIVE_PER_CENT, description="room on each side, in pixels or per cent of the marked part's width or height"
        )
        width: int | None = Field(None, ge=1, le=100_000, description="width of the result in pixels")
        height: int | None = Field(None, ge=1, le=100_000, description="height of the result in pixels")

    examples = [
        Example(
            {"mask": {"kind": "house", "location": "mask.png"}, "width": 50, "height": 40},
            size=(50, 40),
            assets={"mask.png": (200, 160)},
        ),
    ]
    illustrations = [
        Illustration({"mask": {"kind": "house", "location": "mask.png"}, **more}, photo="coffee")
        for more in ({}, {"margins": {"value": 0}}, {"width": 150, "height": 150})
    ]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        marked = find_marked(open_asset(params.mask, context, param="mask"), picture.size)
        bounds = bounds_of(picture.size)
        window = clip_box(grow_box(marked, Margins.all_round(params.margins).around(marked)), bounds)
        size = resolve_output(params.width, params.height, window)
        if size is None:
            return cut(picture, round_box(window, picture.size), context.limits)
        window = grow_inside(window, size, bounds, core=marked)
        return show(picture, window, size, context.limits, beyond=None)


def find_marked(mask: Picture, size: Size) -> Box:
    """The box of what the mask marks in a picture of this size. Raises SubjectNotFound where that is nothing."""
    box = _mark(mask).getbbox()
    if box is None:
        raise SubjectNotFound("mask: nothing is marked", param="mask")
    x, y = size[WIDTH] / mask.size[WIDTH], size[HEIGHT] / mask.size[HEIGHT]
    return box[0] * x, box[1] * y, box[2] * x, box[3] * y


def _mark(mask: Picture) -> Image.Image:
    """Grey that is 0 where nothing is marked."""
    frame = mask.frames[0]
    if mask.has_alpha:
        alpha = frame.getchannel("A")
        faintest, fullest = alpha.getextrema()
        if faintest != fullest:
            return alpha
    return frame.convert("RGB").convert("L").point(lambda grey: 255 if grey >= BRIGHT else 0)
