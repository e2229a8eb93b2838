"""Colour profiles: every picture is worked on in sRGB.

Colours that sRGB does not have are clipped to it, and stay so when the result is written in the source's profile.
"""

import io
import struct
from functools import cache, lru_cache

import numpy as np
from PIL import Image, ImageCms

MAX_PROFILE_BYTES = 1_000_000
"""A larger profile is ignored: real ones are below 600 kB, most below 4 kB."""

SPACES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}
"""Pillow's modes by the colour space that a profile names."""

CREATED = slice(24, 36)
"""Where a profile tells when it was made: see https://www.color.org/specification/ICC.1-2022-05.pdf, 7.2."""

SAME = 2
"""How far from sRGB a profile may be, in levels, and still be taken for it: its curve may be a table, or rounded."""

_SRGB = ImageCms.createProfile("sRGB")
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION


def find_usable(profile: bytes | None, mode: str) -> bytes | None:
    """The profile if it can be used for pixels that are stored in this mode of Pillow's, or None."""
    if not profile or len(profile) > MAX_PROFILE_BYTES:
        return None
    space = _find_space(profile)
    if "CMYK" in (space, mode) or mode == "LAB":
        return profile if space == mode else None
    # Grey pixels are colours too; those that have colour are no grey.
    is_grey = mode in ("1", "L", "LA", "La", "F") or mode.startswith("I")
    return profile if space == "RGB" or (space == "L" and is_grey) else None


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """L, LA, RGB, RGBA or CMYK pixels as RGB or RGBA in sRGB.

    profile: one that is usable, or None: grey and RGB are then taken as sRGB, CMYK by the plain formula.
    """
    has_alpha = image.mode in ("LA", "RGBA")
    if not profile or not differs(profile):
        return image.convert("RGBA" if has_alpha else "RGB")
    space = _find_space(profile)
    plain = image if image.mode == space else image.convert(space)
    made = _convert_grey(plain, profile) if space == "L" else _apply(plain, _make_transform(profile, space, back=False))
    if has_alpha:
        made.putalpha(image.getchannel("A"))
    return made


def from_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, bytes | None]:
    """RGB or RGBA pixels in the profile's own space, with the profile to write; (image, None) where it is not RGB."""
    if profile is None or _find_space(profile) != "RGB":
        return image, None
    if not differs(profile):
        return image, profile
    try:
        made = _apply(image.convert("RGB"), _make_transform(profile, "RGB", back=True))
    except ImageCms.PyCMSError:
        # Some profiles tell only what their colours are, not how to get there.
        return image, None
    if image.mode == "RGBA":
        made.putalpha(image.getchannel("A"))
    return made, profile


def can_print(profile: bytes) -> bool:
    """Whether colours can be converted to the CMYK of this profile."""
    if SPACES.get(profile[16:20]) != "CMYK":
        return False
    try:
        _make_transform(profile, "CMYK", back=True)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return False
    return True


def to_cmyk(image: Image.Image, profile: bytes) -> Image.Image:
    """RGB pixels in the CMYK of a profile that `can_print`."""
    return _apply(image, _make_transform(profile, "CMYK", back=True))


def _convert_grey(image: Image.Image, profile: bytes) -> Image.Image:
    bands = _apply(Image.linear_gradient("L").crop((0, 0, 1, 256)), _make_transform(profile, "L", back=False)).split()
    return Image.merge("RGB", [image.point(list(band.tobytes())) for band in bands])


@cache
def write_srgb() -> bytes:
    """The profile of sRGB, the same bytes each time."""
    made = bytearray(ImageCms.ImageCmsProfile(_SRGB).tobytes())
    made[CREATED] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    return bytes(made)


@lru_cache(maxsize=64)
def differs(profile: bytes) -> bool:
    """Whether colours in this profile, which is a usable one, are anything but those of sRGB."""
    space = _find_space(profile)
    if space == "CMYK":
        return True
    swatches = _make_swatches() if space == "RGB" else _make_swatches().convert("L")
    shown = np.asarray(_apply(swatches, _make_transform(profile, space, back=False))).astype(int)
    return int(np.abs(shown - np.asarray(swatches.convert("RGB"))).max()) > SAME


@cache
def _make_swatches() -> Image.Image:
    """Colours from all over RGB, and all greys."""
    steps = np.arange(0, 256, 51)
    colors = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    greys = np.repeat(np.arange(256)[:, np.newaxis], 3, axis=1)
    return Image.fromarray(np.concatenate([colors, greys])[np.newaxis].astype(np.uint8))


@lru_cache(maxsize=64)
def _find_space(profile: bytes) -> str:
    """Pillow's mode of the colours that a profile describes; empty where nothing can be done with it."""
    space = SPACES.get(profile[16:20], "")
    try:
        _make_transform(profile, space, back=False)
    except (ImageCms.PyCMSError, OSError, ValueError, KeyError):
        return ""
    return space


@lru_cache(maxsize=16)
def _make_transform(profile: bytes, mode: str, *, back: bool) -> ImageCms.ImageCmsTransform:
    theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if back:
        return ImageCms.buildTransform(_SRGB, theirs, "RGB", mode, _INTENT, _FLAGS)
    # What lcms prepares for speed is up to ten levels off for grey: only 256 of them are ever converted.
    flags = _FLAGS | ImageCms.Flags.NOOPTIMIZE if mode == "L" else _FLAGS
    return ImageCms.buildTransform(theirs, _SRGB, mode, "RGB", _INTENT, flags)


def _apply(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    made = ImageCms.applyTransform(image, transform)
    assert made is not None
    return made
