"""How close a picture is to another, and pictures that were compressed."""

import numpy as np
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from tests.images import decode, encode

BORDER = 4
"""Pixels at the edges that are not compared: nothing is known of what was beyond them."""


def compress(image: Image.Image, quality: int) -> Image.Image:
    """The image after it was a JPEG of this quality."""
    return decode(encode(image, "JPEG", quality=quality)).convert("RGB")


def measure_psnr(image: Image.Image, other: Image.Image) -> float:
    """In decibels, over all three channels."""
    return float(peak_signal_noise_ratio(_cut(image), _cut(other), data_range=255))


def measure_ssim(image: Image.Image, other: Image.Image) -> float:
    """Of the luma, from 0 to 1."""
    return float(structural_similarity(_cut(image.convert("L")), _cut(other.convert("L")), data_range=255))


def _cut(image: Image.Image) -> np.ndarray:
    return np.asarray(image)[BORDER:-BORDER, BORDER:-BORDER]
