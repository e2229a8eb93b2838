"""GIFs put together frame by frame, as no usual program writes them."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image
from PIL.GifImagePlugin import getdata

from processing.geometry import Size

RED, GREEN, BLUE, CLEAR = range(4)
PALETTE = (255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9)
COLORS = {RED: (255, 0, 0, 255), GREEN: (0, 255, 0, 255), BLUE: (0, 0, 255, 255), CLEAR: (0, 0, 0, 0)}


@dataclass(frozen=True)
class Part:
    """A frame: the pixels of its place on the screen, by number, row by row."""

    pixels: list[list[int]]
    corner: tuple[int, int] = (0, 0)
    hundredths: int = 10
    disposal: int = 0
    palette: tuple[int, ...] = PALETTE


def write(size: Size, parts: Iterable[Part], *, repeats: int | None = None) -> bytes:
    """A GIF of these frames, in which the pixels numbered CLEAR are transparent."""
    head = b"GIF89a" + struct.pack("<HHBBB", *size, 0, 0, 0)
    loop = b"" if repeats is None else b"!\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<H", repeats) + b"\0"
    return head + loop + b"".join(_write_part(part) for part in parts) + b";"


def _write_part(part: Part) -> bytes:
    image = Image.new("P", (len(part.pixels[0]), len(part.pixels)))
    image.putdata([pixel for row in part.pixels for pixel in row])
    image.putpalette(part.palette)
    options = {"duration": part.hundredths * 10, "disposal": part.disposal, "transparency": CLEAR}
    return b"".join(getdata(image, part.corner, include_color_table=True, **options))
