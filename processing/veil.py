"""Making a part of a picture unreadable.

What is there is first averaged to a few coarse places, so that nothing finer is left for anyone to restore; a Gaussian
blur alone could be undone.
"""

import math
from collections.abc import Sequence
from typing import Literal

from PIL import Image, ImageDraw, ImageFilter

from processing.boxes import Point, around, grow, to_rect
from processing.channels import change_colors

Corners = Sequence[Point]
Method = Literal["blur", "pixelate"]

FINEST, COARSER = 0.5, 1.0
"""One averaged place at strength 0, and how much larger it is at strength 1, against the height of what is veiled. The
letters of a plate are half as high as that or more, so that a place takes in whole letters."""

SOFT = 0.06
"""Standard deviation of the soft border, against the same height."""

REACH = 3
"""So many standard deviations from its middle nothing of the border is left."""


def veil(image: Image.Image, corners: Corners, *, method: Method, strength: float) -> Image.Image:
    """The image with what lies between four corners made unreadable, with a soft border; alpha is passed through.

    strength: 0 to 1; at 0 no letter can be read.
    """
    height = measure_height(corners)
    room = REACH * SOFT * height
    x, y, width, high = to_rect(grow(around([(*point, *point) for point in corners]), by=room), image.size)
    if not width or not high:
        return image
    mask = _draw_mask(corners, (x, y, width, high), SOFT * height)

    def lay_over(colors: Image.Image) -> Image.Image:
        made = colors.copy()
        part = colors.crop((x, y, x + width, y + high))
        made.paste(coarsen(part, height * (FINEST + COARSER * strength), method), (x, y), mask)
        return made

    return change_colors(image, lay_over)


def measure_height(corners: Corners) -> float:
    """The shorter of the two sides that meet at the first corner, in pixels."""
    return min(math.dist(corners[0], corners[1]), math.dist(corners[0], corners[-1]))


def coarsen(image: Image.Image, side: float, method: Method) -> Image.Image:
    """The image averaged over places of this side in pixels: as plain squares, or running into each other."""
    size = max(1, round(image.width / side)), max(1, round(image.height / side))
    how = Image.Resampling.NEAREST if method == "pixelate" else Image.Resampling.BICUBIC
    return image.resize(size, Image.Resampling.BOX).resize(image.size, how)


def _draw_mask(corners: Corners, rect: tuple[int, int, int, int], soft: float) -> Image.Image:
    mask = Image.new("L", rect[2:])
    ImageDraw.Draw(mask).polygon([(px - rect[0], py - rect[1]) for px, py in corners], fill=255)
    return mask.filter(ImageFilter.GaussianBlur(soft))
