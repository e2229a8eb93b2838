"""A picture of our own, for who has none to try a recipe on: a vase on a table, drawn."""

import io
from functools import cache
from typing import TYPE_CHECKING

from jobs.spec import Source
from processing.base import AssetRef
from storage.house import house

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

SIZE = (900, 1200)
KEY = "samples/vase-1.png"
NAME = "sample.png"


def provide_sample() -> Source:
    """The sample picture, put into the house storage where it is not there yet. Raises a StorageError."""
    if not house().exists(KEY):
        house().write(KEY, draw_sample(), content_type="image/png")
    return Source(ref=AssetRef(kind="house", location=KEY), name=NAME)


@cache
def draw_sample() -> bytes:
    """The picture as a PNG."""
    from PIL import Image, ImageDraw, ImageFilter

    wall = Image.linear_gradient("L").resize(SIZE).point([round(232 - shade * 0.16) for shade in range(256)])
    picture = Image.merge("RGB", (wall, wall.point([max(0, shade - 6) for shade in range(256)]), wall.point(_warm)))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 900, *SIZE), fill="#8a6748")
    shade = Image.new("L", SIZE)
    ImageDraw.Draw(shade).ellipse((300, 1000, 800, 1090), fill=120)
    picture.paste("#3a2a1c", mask=shade.filter(ImageFilter.GaussianBlur(22)))
    _draw_vase(ImageDraw.Draw(picture))
    buffer = io.BytesIO()
    picture.filter(ImageFilter.SMOOTH).save(buffer, "PNG")
    return buffer.getvalue()


def _draw_vase(pen: "ImageDraw") -> None:
    for number, angle in enumerate((-150, -60, 40, 130)):
        pen.line((450, 520, 450 + angle, 240 + 20 * number), fill="#4b6b3a", width=10)
        _draw_flower(pen, (450 + angle, 240 + 20 * number), ("#d8433b", "#f0b429", "#d66ba0", "#f2efe6")[number])
    body = [(395, 510), (505, 510), (500, 590), (600, 720), (610, 860), (540, 1040), (360, 1040), (290, 860)]
    pen.polygon([*body, (300, 720), (400, 590)], fill="#2f6f8f")
    pen.polygon([(420, 600), (440, 600), (372, 760), (380, 900), (340, 860), (345, 730)], fill="#7fb2c8")


def _draw_flower(pen: "ImageDraw", center: tuple[int, int], color: str) -> None:
    x, y = center
    for dx, dy in ((0, -38), (36, -12), (22, 30), (-22, 30), (-36, -12)):
        pen.ellipse((x + dx - 30, y + dy - 30, x + dx + 30, y + dy + 30), fill=color)
    pen.ellipse((x - 20, y - 20, x + 20, y + 20), fill="#7a4b12")


_warm = [max(0, shade - 18) for shade in range(256)]
