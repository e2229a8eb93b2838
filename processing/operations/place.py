"""Fitting into a size, with padding and background."""

from dataclasses import dataclass
from typing import Literal

from PIL import Image
from pydantic import Field, model_validator

from processing import base, geometry, placement
from processing.base import Context, Example, Illustration, Operation
from processing.colors import Color, rgb
from processing.errors import InvalidParams
from processing.geometry import NO_MARGIN, Margin, Rect, Size, cover_size, inside_size, round_half_up, shifting
from processing.interest import choose_corner
from processing.outpainting import extend
from processing.picture import Picture, check_result, rescale
from processing.placement import scaled_size, target_size

FULL = 100
MOST_PADDING = 50
"""Per cent of the result's side that padding may take on each side of the picture."""

CLEAR = (0, 0, 0, 0)


class Padding(base.Params):
    """Room on each side of the picture, inside the result's size. Per cent are taken of the result's side."""

    top: Margin = Field(NO_MARGIN, description="above the picture")
    right: Margin = Field(NO_MARGIN, description="to the right of it")
    bottom: Margin = Field(NO_MARGIN, description="below it")
    left: Margin = Field(NO_MARGIN, description="to the left of it")

    @model_validator(mode="after")
    def leave_room(self) -> "Padding":
        for near, far in ((self.left, self.right), (self.top, self.bottom)):
            shares = [margin.value if margin.unit == "%" else 0 for margin in (near, far)]
            if max(shares) > MOST_PADDING or sum(shares) >= FULL:
                raise ValueError("padding may take 50 % on each side at most, and must leave room for the picture")
        return self


class Growth(base.Params):
    """How much a picture grows on each of its sides. Per cent are taken of the picture's side."""

    width: Margin = Field(NO_MARGIN, description="on the left, and as much on the right")
    height: Margin = Field(NO_MARGIN, description="at the top, and as much at the bottom")


class Place(Operation):
    """Fit the picture into a width and a height, in one of five ways, with padding and a background.

    Proportions never change. Without both sides the size stays; with one the other follows, but for `crop`: there the
    other stays as long as it is, or grows as the given one does. Padding lies inside the result's size: the picture is
    fitted into what it leaves, for `crop` by cutting it, else as a whole and centred.

    `outpaint` continues the picture with itself, mirrored and softer with distance: no new things are made up. With
    `outpaint_by` the picture grows first and is then fitted with its new size.
    """

    class Params(placement.Target):
        crop: Literal["center", "smart"] = Field(
            "center", description="which part `crop` keeps: the middle, or what people look at"
        )
        feathering: float = Field(
            15, ge=0, le=100, description="per cent of the shorter side over which `outpaint` stays clear, at least 5"
        )
        outpaint_by: Growth | None = Field(None, description="how much `outpaint` adds to each side")
        padding: Padding | None = Field(None, description="room around the picture")
        background: Color | None = Field(
            None, description="what lies in bars and padding and under transparent pixels; none leaves them transparent"
        )

    examples = [
        Example({"width": {"value": 60}, "height": {"value": 60}}, size=(60, 60)),
        Example({"width": {"value": 60}}, size=(60, 80)),
        Example({"width": {"value": 60}, "height": {"value": 60}, "fit": "cover"}, size=(75, 60)),
        Example({"width": {"value": 50, "unit": "%"}, "fit": "bounds"}, size=(50, 40)),
        Example(
            {"width": {"value": 60}, "height": {"value": 60}, "fit": "canvas", "background": "#ffffff"}, size=(60, 60)
        ),
        Example({"width": {"value": 160}, "height": {"value": 80}, "fit": "outpaint"}, size=(160, 80)),
        Example(
            {"padding": {"left": {"value": 10, "unit": "%"}, "top": {"value": 5}}, "background": "#336699"},
        ),
    ]
    illustrations = [
        Illustration({"width": {"value": 240}, "height": {"value": 240}, "fit": "outpaint"}, photo="coffee"),
        Illustration(
            {"width": {"value": 180}, "height": {"value": 180}, "fit": "canvas", "background": "#1d3557"},
            photo="coffee",
        ),
        Illustration({"width": {"value": 120}, "height": {"value": 180}, "crop": "smart"}, photo="coffee"),
        Illustration(
            {
                "padding": {side: {"value": 10, "unit": "%"} for side in ("top", "right", "bottom", "left")},
                "background": "#f1faee",
            },
            photo="coffee",
        ),
        Illustration({"width": {"value": 60}}, photo="coffee"),
    ]

    @classmethod
    def decode_size(cls, params: Params, size: Size) -> Size | None:
        if params.crop == "smart" or params.outpaint_by:
            return None
        return scaled_size(params, picture=size, source=size)

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        if params.fit == "outpaint" and params.outpaint_by:
            picture = _grow(picture, params.outpaint_by, params, context)
        layout = _lay_out(picture, params)
        check_result(layout.size, context.limits)
        made = _fit(picture, layout, params, context)
        if params.fit == "outpaint":
            made = _outpaint(made, layout.room, params)
        return _lay_on_ground(made, layout, params.background)


@dataclass(frozen=True)
class Layout:
    """size: the result's. scaled: what the whole picture is scaled to. inner: where the picture may lie."""

    size: Size
    scaled: Size
    inner: Rect

    @property
    def room(self) -> Size:
        return self.inner[2], self.inner[3]


def _lay_out(picture: Picture, params: Place.Params) -> Layout:
    sizes = {"picture": picture.size, "source": picture.source.size}
    size = target_size(params, **sizes)
    if params.padding is None:
        return Layout(size, scaled_size(params, **sizes), (0, 0, *size))
    inner = _find_inner(size, params.padding)
    room = inner[2], inner[3]
    scaled = cover_size(picture.size, room) if params.fit == "crop" else _fill(inside_size(picture.size, room), room)
    return Layout(size, scaled, inner)


def _find_inner(size: Size, padding: Padding) -> Rect:
    left, top = padding.left.pixels(size[0]), padding.top.pixels(size[1])
    width = size[0] - left - padding.right.pixels(size[0])
    height = size[1] - top - padding.bottom.pixels(size[1])
    if width < 1 or height < 1:
        raise InvalidParams(
            f"padding: nothing of {size[0]}×{size[1]} pixels would be left for the picture", param="padding"
        )
    return left, top, width, height


def _fill(size: Size, room: Size) -> Size:
    """The room itself where only rounding keeps the size from it, so that no line of background is left."""
    return room if max(room[0] - size[0], room[1] - size[1]) <= 1 else size


def _fit(picture: Picture, layout: Layout, params: Place.Params, context: Context) -> Picture:
    if params.fit != "crop":
        return rescale(picture, layout.scaled, context.limits)
    corner = _choose_corner(picture, layout, context) if params.crop == "smart" else None
    corner = corner or geometry.place(layout.room, layout.scaled, "center")
    return rescale(picture, layout.scaled, context.limits, keep=(*corner, *layout.room))


def _choose_corner(picture: Picture, layout: Layout, context: Context) -> tuple[int, int]:
    """The corner of the window that people look at, in pixels of the scaled picture."""
    along = [scaled / side for scaled, side in zip(layout.scaled, picture.size, strict=True)]
    found = choose_corner(picture, (layout.room[0] / along[0], layout.room[1] / along[1]), context)
    x, y = (round_half_up(place * factor) for place, factor in zip(found, along, strict=True))
    return min(x, layout.scaled[0] - layout.room[0]), min(y, layout.scaled[1] - layout.room[1])


def _grow(picture: Picture, growth: Growth, params: Place.Params, context: Context) -> Picture:
    added = growth.width.pixels(picture.size[0]), growth.height.pixels(picture.size[1])
    size = picture.size[0] + 2 * added[0], picture.size[1] + 2 * added[1]
    check_result(size, context.limits)
    return _outpaint(picture, size, params)


def _outpaint(picture: Picture, size: Size, params: Place.Params) -> Picture:
    if picture.size == size:
        return picture
    corner = geometry.place(picture.size, size, "center")
    made = picture.map(
        lambda frame: extend(frame, size, corner, params.feathering / 100), moved=shifting(-corner[0], -corner[1])
    )
    return made.lose("outpainted", "the picture was continued beyond its edges with its own mirrored parts")


def _lay_on_ground(picture: Picture, layout: Layout, background: str | None) -> Picture:
    is_whole = picture.size == layout.size
    if is_whole and (background is None or not picture.has_alpha):
        return picture
    x, y = geometry.place(picture.size, layout.room, "center")
    corner = layout.inner[0] + x, layout.inner[1] + y

    def lay(frame: Image.Image) -> Image.Image:
        ground = (
            Image.new("RGBA", layout.size, CLEAR)
            if background is None
            else Image.new("RGB", layout.size, rgb(background))
        )
        ground.paste(frame, corner, frame if background and picture.has_alpha else None)
        return ground

    return picture.map(lay, moved=shifting(-corner[0], -corner[1]))
