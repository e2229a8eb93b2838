"""Brightness of a pixel as one number."""

import numpy as np

from processing.channels import Pixels

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
    luma = pixels[..., 0] * 0.299
    luma += pixels[..., 1] * 0.587
    luma += pixels[..., 2] * 0.114
    return luma.astype(np.uint8)
