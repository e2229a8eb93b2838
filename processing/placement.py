"""How large a picture becomes that is fitted into a width and a height: what `place` and `upscale` share."""

from typing import Literal

from pydantic import Field, model_validator

from processing.base import Params
from processing.geometry import Length, Size, cover_size, inside_size, resolve_size, round_half_up

Fit = Literal["crop", "cover", "bounds", "canvas", "outpaint"]


class Target(Params):
    """Where a picture is to fit. Without both sides its size stays; with one the other follows from the proportions.

    Only for `crop` with one side given the other does not follow: it stays as long as it is, and grows only where the
    given one does.
    """

    width: Length | None = Field(None, description="width of the result; none lets it follow from the height")
    height: Length | None = Field(None, description="height of the result; none lets it follow from the width")
    fit: Fit = Field(
        "crop",
        description="`crop` covers the size and cuts off the rest, `cover` covers it and cuts nothing, `bounds` fits "
        "inside it, `canvas` fits inside and adds bars, `outpaint` fits inside and continues the picture",
    )

    @model_validator(mode="after")
    def need_sides_of_one_kind(self) -> "Target":
        if self.width is None or self.height is None:
            return self
        if (self.width.unit == "px") != (self.height.unit == "px"):
            raise ValueError("width and height must both be in pixels or both in per cent")
        if self.width.unit != "px" and self.width.value != self.height.value and self.fit != "outpaint":
            raise ValueError("width and height in per cent must be equal, but for the fit outpaint")
        return self


def scaled_size(target: Target, *, picture: Size, source: Size) -> Size:
    """The size to which the whole picture is scaled, before anything is cut off or added."""
    if target.width is None and target.height is None:
        return picture
    box = resolve_size(target.width, target.height, picture=picture, source=source)
    if target.width is None or target.height is None:
        return _grow(picture, box) if target.fit == "crop" else box
    return (cover_size if target.fit in ("crop", "cover") else inside_size)(picture, box)


def _grow(picture: Size, box: Size) -> Size:
    """The box, which has the picture's proportions, where it is the larger of the two."""
    return box if box[0] > picture[0] or box[1] > picture[1] else picture


def target_size(target: Target, *, picture: Size, source: Size) -> Size:
    """The size of the result.

    picture: what is fitted, in the size that it has now. source: what per cent of the source are taken of.
    """
    scaled = scaled_size(target, picture=picture, source=source)
    if target.fit in ("cover", "bounds") or (target.width is None and target.height is None):
        return scaled
    wide, high = (
        side and max(1, round_half_up(side.exact(axis, picture=picture, source=source)))
        for axis, side in enumerate((target.width, target.height))
    )
    return wide or scaled[0], high or scaled[1]
