"""Turning."""

import math
from typing import Annotated

from PIL import Image
from pydantic import AfterValidator, Field

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.channels import pad_edges
from processing.colors import Color, rgb
from processing.geometry import Affine, Size, round_half_up
from processing.picture import Picture, check_result

MARGIN = 2
"""Bicubic filtering looks two pixels around; there it finds the edge repeated, so that no ground shines through."""

QUARTERS = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


def _two_decimals(value: float) -> float:
    if abs(value * 100 - round(value * 100)) >= 1e-6:
        raise ValueError("at most two decimals are allowed")
    return value


class Rotate(Operation):
    """Turn the picture clockwise about its centre.

    Multiples of 90 degrees move pixels without changing them. For other angles the picture grows until it holds all of
    the turned one, w·|cos| + h·|sin| pixels wide and w·|sin| + h·|cos| high, and the corners show the background.
    """

    class Params(base.Params):
        degrees: Annotated[float, AfterValidator(_two_decimals)] = Field(
            ge=0, le=360, description="clockwise angle in degrees, at most two decimals"
        )
        background: Color | None = Field(None, description="colour of the corners; without one they are transparent")

    examples = [
        Example({"degrees": 90}, size=(80, 100)),
        Example({"degrees": 360}),
        Example({"degrees": 30}, size=(127, 119)),
        Example({"degrees": 12.34, "background": "#000000"}, size=(115, 100)),
    ]
    illustrations = [
        Illustration({"degrees": 15}, photo="coffee"),
        Illustration({"degrees": 90}, photo="coffee"),
        Illustration({"degrees": 215.5, "background": "#c81e2d"}, photo="coffee"),
    ]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        degrees = round(params.degrees, 2) % 360
        if degrees == 0:
            return picture
        size = _canvas(picture.size, degrees)
        check_result(size, context.limits)
        moved = _back(picture.size, size, degrees)
        if degrees in QUARTERS:
            return picture.map(lambda frame: frame.transpose(QUARTERS[int(degrees)]), moved=moved)
        return picture.map(lambda frame: _turn(frame, size, moved, params.background), moved=moved)


def _canvas(size: Size, degrees: float) -> Size:
    cos, sin = (abs(part) for part in _direction(degrees))
    return round_half_up(size[0] * cos + size[1] * sin), round_half_up(size[0] * sin + size[1] * cos)


def _direction(degrees: float) -> tuple[float, float]:
    """Cosine and sine, exact where they are 0 or ±1."""
    if degrees % 90 == 0:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(degrees) // 90]
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))


def _back(old: Size, new: Size, degrees: float) -> Affine:
    """Where a point of the turned picture came from."""
    cos, sin = _direction(degrees)
    x, y = new[0] / 2, new[1] / 2
    return cos, sin, old[0] / 2 - cos * x - sin * y, -sin, cos, old[1] / 2 + sin * x - cos * y


def _turn(frame: Image.Image, size: Size, back: Affine, background: Color | None) -> Image.Image:
    """The turned frame over its background, on premultiplied alpha, its outline smoothed."""
    mode = "RGB" if background and frame.mode == "RGB" else "RGBa"
    ground = Image.new(mode, size, (*rgb(background), 255)[: len(mode)] if background else 0)
    turned = _transform(_convert(pad_edges(frame, MARGIN), mode), size, back, Image.Resampling.BICUBIC)
    ground.paste(turned, mask=_transform(_outline(frame.size), size, back, Image.Resampling.BILINEAR))
    return _convert(ground, "RGB" if mode == "RGB" else "RGBA")


def _transform(padded: Image.Image, size: Size, back: Affine, filtering: Image.Resampling) -> Image.Image:
    a, b, c, d, e, f = back
    return padded.transform(size, Image.Transform.AFFINE, (a, b, c + MARGIN, d, e, f + MARGIN), filtering)


def _outline(size: Size) -> Image.Image:
    mask = Image.new("L", (size[0] + 2 * MARGIN, size[1] + 2 * MARGIN), 0)
    mask.paste(255, (MARGIN, MARGIN, MARGIN + size[0], MARGIN + size[1]))
    return mask


def _convert(image: Image.Image, mode: str) -> Image.Image:
    """Pillow reaches premultiplied alpha only from RGBA."""
    if mode == "RGBa" and image.mode == "RGB":
        image = image.convert("RGBA")
    return image if image.mode == mode else image.convert(mode)
