"""Writing on the picture."""

from PIL import Image, ImageDraw
from pydantic import Field

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.colors import BLACK, Color, rgb
from processing.errors import ResultTooLarge, UnavailableOperation
from processing.fonts import find_faces
from processing.geometry import HEIGHT, NO_OFFSET, WIDTH, Gravity, Offset, Size, place
from processing.lettering import Block, compose
from processing.picture import Picture

NO_FONT = "no font is installed"


class Annotation(Operation):
    """Write a text on the picture, of one line or several.

    The block of text is as wide as its longest line and as high as its lines, each the ascent and descent of the
    tallest face used. Lines are aligned to the side that the gravity names; scripts that run from right to left do.

    A character that the face lacks is taken from another. Latin, Greek, Cyrillic, Hebrew, Arabic, Thai, most scripts of
    India and emoji in one colour come with Photomill; Chinese, Japanese and Korean need a font that the operator
    installs. A face that is not installed is replaced and reported, as are characters that no face has.
    """

    class Params(base.Params):
        text: str = Field(min_length=1, max_length=2000, description="what is written; a line feed starts a new line")
        font: str = Field("Arial", min_length=1, max_length=200, description="name of the face, such as `Arial Bold`")
        color: Color = Field(BLACK, description="colour of the text")
        size: float = Field(12, gt=0, le=2000, description="em height in pixels; below 1 counts as 1")
        gravity: Gravity = Field("center", description="where the block lies, and how its lines are aligned")
        x: Offset = Field(NO_OFFSET, description="distance from the edge that the gravity names, or to the right")
        y: Offset = Field(NO_OFFSET, description="distance from the edge that the gravity names, or down")

    examples = [
        Example({"text": "Test text", "size": 10}),
        Example({"text": "Two\nlines", "color": "#ff0000", "gravity": "southeast", "x": {"value": 5, "unit": "%"}}),
    ]
    illustrations = [
        Illustration({"text": "Chelsea", "size": 44, "color": "#ffffff", "gravity": "south", "y": {"value": 4}}),
        Illustration({"text": "SALE −30 %", "font": "Arial Bold", "size": 26, "color": "#ffd700", "gravity": "north"}),
        Illustration({"text": "שלום, سلام\nनमस्ते 😀", "size": 34, "color": "#ffffff", "gravity": "southwest"}),
    ]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        faces = find_faces(params.font)
        if not faces:
            raise UnavailableOperation(NO_FONT, param="font")
        block = compose(params.text, faces, params.size)
        if block.size[0] * block.size[1] > context.limits.max_pixels:
            raise ResultTooLarge(f"the text would take {block.size[0]}×{block.size[1]} pixels", param="text")
        offset = params.x.pixels(WIDTH, picture.size), params.y.pixels(HEIGHT, picture.size)
        corner = place(block.size, picture.size, params.gravity, offset)
        mask = _draw(block, picture.size, corner, params.gravity)
        made = picture.map(lambda frame: _ink(frame, mask, params.color))
        return _report(made, params.font if not faces[0].is_asked else None, block)

    @classmethod
    def missing(cls) -> str | None:
        return None if find_faces("") else NO_FONT


def _draw(block: Block, size: Size, corner: tuple[int, int], gravity: Gravity) -> Image.Image:
    """Where the text covers a picture of this size, 0 to 255."""
    mask = Image.new("L", size, 0)
    share = 0.0 if "west" in gravity else 1.0 if "east" in gravity else 0.5
    block.draw(ImageDraw.Draw(mask), corner, share=share, height=size[1])
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


def _report(picture: Picture, replaced: str | None, block: Block) -> Picture:
    """The picture with what the text lacks. replaced: the name of the font that is not installed, if it isn't."""
    if replaced is not None:
        picture = picture.lose("font_missing", f"the font {replaced!r} is not installed; another was used")
    if block.missing:
        picture = picture.lose("glyph_missing", f"no installed font has the characters {block.missing!r}")
    if block.is_rough:
        picture = picture.lose(
            "text_unshaped", "letters may stand out of place, for the library FriBiDi is not installed"
        )
    return picture
