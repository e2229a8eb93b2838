"""The colours of an image apart from its alpha, as images and as arrays."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
"""Height × width × 3: red, green and blue."""


def change_colors(image: Image.Image, change: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """The image with its RGB part changed and its alpha passed through."""
    if image.mode == "RGB":
        return change(image)
    made = change(image.convert("RGB"))
    made.putalpha(image.getchannel("A"))
    return made


def change_pixels(image: Image.Image, change: Callable[[Pixels], Pixels]) -> Image.Image:
    """As `change_colors`, on an array. The array that is handed over must not be written to."""
    return change_colors(image, lambda colors: Image.fromarray(change(np.asarray(colors))))


def pad_edges(image: Image.Image, border: int) -> Image.Image:
    """The image with its outermost pixels repeated on every side."""
    around = ((border, border), (border, border), (0, 0))
    return Image.fromarray(np.pad(np.asarray(image), around, mode="edge"))
