"""Sharpening by brightness alone, so that edges get no fringes of colour."""

import numpy as np
from PIL import Image, ImageFilter

from processing.channels import Pixels

NOISE = 3.0
"""Differences of brightness, in levels, up to about which nothing is added: noise and the grain of JPEG."""

MOST = 40.0
"""Levels that are added or taken at most, so that edges that are sharp already get no halo."""

LEAST_RADIUS, SIDE_PER_RADIUS = 0.8, 1600
"""The blur that differences are taken from has a standard deviation of a pixel for each so many of the longer side."""

BAND_ROWS = 256


def sharpen(image: Image.Image, amount: float) -> Image.Image:
    """An RGB image whose details stand out more. amount: times that they are added; 0 changes nothing."""
    luma = image.convert("L")
    radius = max(LEAST_RADIUS, max(image.size) / SIDE_PER_RADIUS)
    blurred = np.asarray(luma.filter(ImageFilter.GaussianBlur(radius)))
    exact, pixels = np.asarray(luma), np.asarray(image)
    made = np.empty_like(pixels)
    for top in range(0, len(pixels), BAND_ROWS):
        rows = slice(top, top + BAND_ROWS)
        made[rows] = _add(pixels[rows], exact[rows], blurred[rows], amount)
    return Image.fromarray(made)


def _add(pixels: Pixels, luma: Pixels, blurred: Pixels, amount: float) -> Pixels:
    detail = luma.astype(np.float32) - blurred
    detail *= detail**2 / (detail**2 + NOISE**2)
    added = MOST * np.tanh(detail * (amount / MOST))
    return (pixels + added[..., np.newaxis] + 0.5).clip(0, 255).astype(np.uint8)
