"""Brightness of a pixel as one number."""

import numpy as np
from PIL import Image

from processing.channels import Pixels

WEIGHTS = (0.299, 0.587, 0.114)
"""Of red, green and blue, as ITU-R BT.601 has them."""

BAND_ROWS = 256
"""Rows worked on at a time: the sums need eight times the picture's memory."""


def grayscale(pixels: Pixels) -> Pixels:
    """0.299·red + 0.587·green + 0.114·blue, fraction dropped, on all three channels."""
    made = np.empty_like(pixels)
    for top in range(0, len(pixels), BAND_ROWS):
        band = pixels[top : top + BAND_ROWS]
        made[top : top + BAND_ROWS] = _luma(band)[..., np.newaxis]
    return made


def _luma(pixels: Pixels) -> Pixels:
    # In doubles and in this order: exact sums would come out one higher where these fall just short of a whole number.
    luma = pixels[..., 0] * WEIGHTS[0]
    luma += pixels[..., 1] * WEIGHTS[1]
    luma += pixels[..., 2] * WEIGHTS[2]
    return luma.astype(np.uint8)


def scale_colors(image: Image.Image, factor: float) -> Image.Image:
    """An RGB image whose colours are so many times as strong, while the luma stays; rounded and clamped."""
    grey = [(1 - factor) * weight for weight in WEIGHTS]
    rows = ([part + factor * (column == row) for column, part in enumerate(grey)] for row in range(3))
    # Row by row for red, green and blue: what each takes of the three, and a constant. Pillow rounds and clamps.
    return image.convert("RGB", tuple(value for row in rows for value in (*row, 0.0)))


def count_luma(image: Image.Image) -> list[int]:
    """How many pixels have each luma from 0 to 255; those with alpha 0 don't count.

    Rounded to the nearest, not as in `grayscale`: the luma of a grey is its value.
    """
    return image.convert("L").histogram(image.getchannel("A") if image.mode == "RGBA" else None)
