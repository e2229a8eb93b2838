"""Pictures with people in them, of photographs that come with scikit-image."""

from functools import cache
from pathlib import Path

import skimage
from PIL import Image, ImageDraw

from processing.detectors.faces import Face

FOLDER = Path(skimage.__file__).parent / "data"

ASTRONAUT = {
    "left_eye": (203, 102),
    "right_eye": (247, 104),
    "nose": (223, 131),
    "mouth": (222, 147),
    "chin": (222, 178),
    "top": (226, 16),
}
"""Where the parts of her face are, in pixels, read by eye."""

HEAD = (120, 0, 330, 230)
"""Her head in that picture."""

FACE_HEIGHT = 108
"""From chin to hairline, in that picture."""

WITHOUT_PEOPLE = ("chelsea", "coffee", "brick", "page", "moon", "logo", "horse", "grass", "text", "clock_motion")


@cache
def photo(name: str) -> Image.Image:
    with Image.open(FOLDER / f"{name}.png") as image:
        return image.convert("RGB")


def astronaut() -> Image.Image:
    """512×512: a woman from the hips up, her face turned to us, an arm and her helmet below."""
    return photo("astronaut")


def cameraman() -> Image.Image:
    """512×512: a man behind a camera, in profile, who is cut off above the knees."""
    return photo("camera")


def twins() -> Image.Image:
    """The astronaut twice, the second mirrored."""
    pair = Image.new("RGB", (1024, 512))
    pair.paste(astronaut(), (0, 0))
    pair.paste(astronaut().transpose(Image.Transpose.FLIP_LEFT_RIGHT), (512, 0))
    return pair


def small_faces(height: int, corners: tuple[tuple[int, int], ...]) -> Image.Image:
    """Her head in a photograph of 1500×1000 pixels, at these corners, with faces of this height."""
    scene = photo("coffee").resize((1500, 1000))
    size = tuple(round((HEAD[axis + 2] - HEAD[axis]) * height / FACE_HEIGHT) for axis in (0, 1))
    head = astronaut().crop(HEAD).resize((size[0], size[1]), Image.Resampling.LANCZOS)
    for corner in corners:
        scene.paste(head, corner)
    return scene


def stick_figure() -> Image.Image:
    """A line drawing of a person, with a circle for its head."""
    drawing = Image.new("RGB", (400, 800), "white")
    pen = ImageDraw.Draw(drawing)
    pen.ellipse((150, 40, 250, 160), outline="black", width=5)
    ends = [((200, 160), (200, 450)), ((200, 220), (90, 360)), ((200, 220), (310, 360))]
    for line in (*ends, ((200, 450), (120, 740)), ((200, 450), (280, 740))):
        pen.line(line, fill="black", width=5)
    return drawing


def apart(face: Face, name: str, *, corner: tuple[float, float] = (0, 0), scale: float = 1.0) -> float:
    """How many pixels a point lies from where it is in the astronaut's face, laid at this corner at this scale."""
    x, y = getattr(face, name)
    expected = ASTRONAUT[name]
    return max(abs(x - corner[0] - expected[0] * scale), abs(y - corner[1] - expected[1] * scale))
