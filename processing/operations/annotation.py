"""Writing on the picture."""

import math
import unicodedata
from dataclasses import dataclass

from PIL import Image, ImageDraw
from pydantic import Field

from processing import base
from processing.base import Context, Example, Operation
from processing.colors import BLACK, Color, rgb
from processing.errors import ResultTooLarge
from processing.fonts import Face, Font, find_face
from processing.geometry import HEIGHT, NO_OFFSET, WIDTH, Gravity, Offset, Size, place
from processing.picture import Picture

TAB_WIDTH = 4


class Annotation(Operation):
    """Write a text on the picture, of one line or several.

    The block of text is as wide as its longest line and as high as its lines, each the face's ascent and descent. Lines
    are aligned to the side that the gravity names. A face that is not installed is replaced and reported, as are
    characters that no installed face has.
    """

    class Params(base.Params):
        text: str = Field(min_length=1, max_length=2000, description="what is written; a line feed starts a new line")
        font: str = Field("Arial", min_length=1, max_length=200, description="name of the face, such as `Arial Bold`")
        color: Color = Field(BLACK, description="colour of the text")
        size: float = Field(12, gt=0, le=2000, description="em height in pixels")
        gravity: Gravity = Field("center", description="where the block lies, and how its lines are aligned")
        x: Offset = Field(NO_OFFSET, description="distance from the edge that the gravity names, or to the right")
        y: Offset = Field(NO_OFFSET, description="distance from the edge that the gravity names, or down")

    examples = [
        Example({"text": "Test text", "size": 10}),
        Example({"text": "Two\nlines", "color": "#ff0000", "gravity": "southeast", "x": {"value": 5, "unit": "%"}}),
    ]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        face = find_face(params.font, params.text)
        block = _measure(params.text, face.at(params.size))
        if block.size[0] * block.size[1] > context.limits.max_pixels:
            raise ResultTooLarge(f"the text would take {block.size[0]}×{block.size[1]} pixels", param="text")
        offset = params.x.pixels(WIDTH, picture.size), params.y.pixels(HEIGHT, picture.size)
        corner = place(block.size, picture.size, params.gravity, offset)
        mask = _draw(block, picture.size, corner, params.gravity)
        made = picture.map(lambda frame: _ink(frame, mask, params.color))
        return _report(made, params, face)


@dataclass(frozen=True)
class _Block:
    lines: list[str]
    font: Font
    size: Size
    line_height: int


def _measure(text: str, font: Font) -> _Block:
    lines = [_clean(line) for line in text.split("\n")]
    width = max(1, math.ceil(max(font.getlength(line) for line in lines)))
    line_height = sum(font.getmetrics())
    return _Block(lines, font, (width, len(lines) * line_height), line_height)


def _clean(line: str) -> str:
    """The line without control characters, which faces draw as boxes."""
    return "".join(char for char in line.expandtabs(TAB_WIDTH) if unicodedata.category(char) != "Cc")


def _draw(block: _Block, size: Size, corner: tuple[int, int], gravity: Gravity) -> Image.Image:
    """Where the text covers a picture of this size, 0 to 255."""
    mask = Image.new("L", size, 0)
    pen = ImageDraw.Draw(mask)
    share = 0.0 if "west" in gravity else 1.0 if "east" in gravity else 0.5
    for number, line in enumerate(block.lines):
        top = corner[1] + number * block.line_height
        if -block.line_height < top < size[1]:
            left = corner[0] + share * (block.size[0] - block.font.getlength(line))
            pen.text((left, top), line, fill=255, font=block.font, anchor="la")
    return mask


def _ink(frame: Image.Image, mask: Image.Image, color: Color) -> Image.Image:
    """The frame with the colour laid over it where the mask says."""
    if frame.mode == "RGBA":
        layer = Image.new("RGBA", frame.size, rgb(color))
        layer.putalpha(mask)
        return Image.alpha_composite(frame, layer)
    made = frame.copy()
    made.paste(rgb(color), (0, 0), mask)
    return made


def _report(picture: Picture, params: Annotation.Params, face: Face) -> Picture:
    if not face.is_asked:
        picture = picture.lose("font_missing", f"the font {params.font!r} is not installed; another was used")
    missing = face.lacks(params.text)
    if missing:
        picture = picture.lose("glyph_missing", f"no installed font has the characters {missing!r}")
    return picture
