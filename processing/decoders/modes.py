"""The pixels of a file, in whichever of Pillow's modes they come, as eight bits a channel."""

import numpy as np
from PIL import Image, ImageCms

DEEP_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")
GREY_MODES = ("1", "L", "LA", "La", *DEEP_MODES)
DIRECT_MODES = ("L", "LA", "RGB", "RGBA", "CMYK")
"""What a profile can speak for."""

MAX_DEEP = 65535


def to_direct(image: Image.Image) -> Image.Image:
    """Any mode as one of DIRECT_MODES; a transparent colour or palette entry becomes alpha."""
    if image.mode in DEEP_MODES:
        return _reduce_depth(image)
    if "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode in DIRECT_MODES:
        return image
    if image.mode == "LAB":
        return _from_lab(image)
    return image.convert({"1": "L", "La": "LA", "PA": "RGBA", "RGBa": "RGBA"}.get(image.mode, "RGB"))


def _reduce_depth(image: Image.Image) -> Image.Image:
    """Integers as if of 16 bits; floats from 0 to 1, or to 255 where any is above 1. Rounded, clamped."""
    values = np.nan_to_num(np.asarray(image, np.float32))
    top = MAX_DEEP if image.mode != "F" else 255 if values.max() > 1 else 1
    return Image.fromarray((values * (255 / top) + 0.5).clip(0, 255).astype(np.uint8))


def _from_lab(image: Image.Image) -> Image.Image:
    made = ImageCms.profileToProfile(
        image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert made is not None
    return made
