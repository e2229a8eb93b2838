"""Fixed effects."""

from collections.abc import Callable
from typing import Literal, get_args

from PIL import Image
from pydantic import Field

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.channels import change_colors, change_pixels
from processing.convolution import Kernel, convolve
from processing.luma import grayscale
from processing.picture import Picture
from processing.selective_blur import blur_selectively
from processing.tables import IDENTITY_TABLE, Table, apply_table, apply_tables, make_table

FilterName = Literal[
    "negate",
    "grayscale",
    "sepia",
    "bw",
    "edgedetect",
    "emboss",
    "blurgaussian",
    "blurselective",
    "meanremoval",
    "smooth",
]

KERNELS = {
    "edgedetect": Kernel((-1, 0, -1, 0, 4, 0, -1, 0, -1), offset=127),
    "emboss": Kernel((1.5, 0, 0, 0, 0, 0, 0, 0, -1.5), offset=127),
    "blurgaussian": Kernel((1, 2, 1, 2, 4, 2, 1, 2, 1), divisor=16),
    "meanremoval": Kernel((-1, -1, -1, -1, 9, -1, -1, -1, -1)),
    "smooth": Kernel((1, 1, 1, 1, 1, 1, 1, 1, 1), divisor=9),
}

NEGATIVE = make_table(lambda value: 255 - value)
THRESHOLD = make_table(lambda value: 255 if value >= 128 else 0)
SEPIA_RED = make_table(lambda value: value + 90)
SEPIA_GREEN = make_table(lambda value: value + 60)
SEPIA_BLUE = make_table(lambda value: value + 40)


class Filter(Operation):
    """Apply one of ten fixed effects. Transparency is left as it is.

    `negate` inverts the colours, `grayscale` keeps only brightness, `sepia` tints that brown, `bw` makes it black below
    one half and white from there on, without dithering. `edgedetect`, `emboss`, `blurgaussian` (a weak blur),
    `meanremoval` (a strong sharpening) and `smooth` (the mean of nine pixels) look at the 3×3 pixels around each.
    `blurselective` blurs while it keeps edges, each pixel going by neighbours that are already blurred.
    """

    class Params(base.Params):
        filter: FilterName = Field(description="the effect")

    examples = [
        Example({"filter": "negate"}),
        Example({"filter": "grayscale"}),
        Example({"filter": "sepia"}),
        Example({"filter": "bw"}),
        Example({"filter": "edgedetect"}),
        Example({"filter": "blurselective"}, source=(17, 40)),
    ]
    illustrations = [
        Illustration({"filter": "sepia"}, photo="coffee"),
        *(Illustration({"filter": name}, photo="coffee") for name in get_args(FilterName) if name != "sepia"),
    ]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        return picture.map(EFFECTS[params.filter])


def _tone(red: Table, green: Table, blue: Table) -> Callable[[Image.Image], Image.Image]:
    return lambda frame: apply_tables(change_pixels(frame, grayscale), red, green, blue)


def _around(kernel: Kernel) -> Callable[[Image.Image], Image.Image]:
    return lambda frame: change_colors(frame, lambda colors: convolve(colors, kernel))


EFFECTS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "negate": lambda frame: apply_table(frame, NEGATIVE),
    "grayscale": _tone(IDENTITY_TABLE, IDENTITY_TABLE, IDENTITY_TABLE),
    "sepia": _tone(SEPIA_RED, SEPIA_GREEN, SEPIA_BLUE),
    "bw": _tone(THRESHOLD, THRESHOLD, THRESHOLD),
    "blurselective": lambda frame: change_pixels(frame, blur_selectively),
    **{name: _around(kernel) for name, kernel in KERNELS.items()},
}
