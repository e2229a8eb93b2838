"""Pictures with one main object whose outline is known, drawn here or taken from scikit-image's photographs."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import skimage
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from processing import saliency
from processing.geometry import Size

NEEDED = saliency.missing()
needs_model = pytest.mark.skipif(NEEDED is not None, reason=str(NEEDED))

SHARPER = 4
"""How much larger a thing is drawn than it becomes, so that its edges are smooth."""

RED = (196, 44, 38)


@dataclass(frozen=True)
class Scene:
    """A picture, and what it was made of: alpha of the object, the object's colours everywhere, and the ground."""

    image: Image.Image
    alpha: Image.Image
    colors: Image.Image
    ground: Image.Image

    @property
    def mask(self) -> NDArray[np.bool_]:
        return np.asarray(self.alpha) >= 128


def photo(name: str, size: Size | None = None) -> Image.Image:
    """One of the photographs that scikit-image brings along."""
    with Image.open(Path(skimage.__file__).parent / "data" / name) as image:
        made = image.convert("RGB")
    return made.resize(size, Image.Resampling.LANCZOS) if size else made


def gradient(size: Size, first: tuple[int, int, int], last: tuple[int, int, int]) -> Image.Image:
    """From one colour at the top to another at the bottom."""
    share = np.linspace(0, 1, size[1])[:, np.newaxis, np.newaxis]
    rows = np.array(first) * (1 - share) + np.array(last) * share
    return Image.fromarray(np.broadcast_to(rows, (size[1], size[0], 3)).astype(np.uint8))


def draw_alpha(size: Size) -> Image.Image:
    """A mug with a handle that one can look through."""
    width, height = size[0] * SHARPER, size[1] * SHARPER
    alpha = Image.new("L", (width, height))
    draw = ImageDraw.Draw(alpha)
    draw.ellipse((width * 0.52, height * 0.36, width * 0.78, height * 0.68), fill=255)
    draw.ellipse((width * 0.57, height * 0.42, width * 0.72, height * 0.62), fill=0)
    draw.rounded_rectangle((width * 0.28, height * 0.25, width * 0.62, height * 0.8), width * 0.05, fill=255)
    return alpha.resize(size, Image.Resampling.BOX)


def paint_colors(size: Size) -> Image.Image:
    """Glazed red, lighter at the left."""
    light = 1.15 - 0.5 * np.abs(np.arange(size[0]) / size[0] - 0.4)
    row = (np.array(RED) * light[:, np.newaxis]).clip(0, 255).astype(np.uint8)
    return Image.fromarray(np.broadcast_to(row, (size[1], *row.shape)))


@cache
def mug(size: Size = (480, 360), ground: str = "plain") -> Scene:
    """The mug before a wall in a gradient, before gravel, or in a blurred room."""
    grounds = {
        "plain": lambda: gradient(size, (214, 222, 230), (168, 176, 190)),
        "gravel": lambda: photo("gravel.png", size),
        "room": lambda: photo("coffee.png", size).filter(ImageFilter.GaussianBlur(size[0] / 20)),
    }
    below, colors, alpha = grounds[ground](), paint_colors(size), draw_alpha(size)
    return Scene(Image.composite(colors, below, alpha), alpha, colors, below)


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Intersection over union."""
    return float((one & other).sum() / (one | other).sum())


def as_mask(alpha: Image.Image) -> NDArray[np.bool_]:
    return np.asarray(alpha) >= 128
