"""Colour profiles: every picture is worked on in sRGB."""

import io
from functools import lru_cache

from PIL import Image, ImageCms

MAX_PROFILE_BYTES = 1_000_000
"""A larger profile is ignored: real ones are below 600 kB, most below 4 kB."""

_SRGB = ImageCms.createProfile("sRGB")
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB, RGBA or CMYK pixels as sRGB. Without a usable profile RGB is taken as sRGB, CMYK by the plain formula."""
    if not differs(profile):
        return image.convert("RGB") if image.mode == "CMYK" else image
    assert profile is not None
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    plain = image.convert("RGB") if alpha else image
    try:
        made = _apply(plain, _transform(profile, plain.mode, back=False))
    except ImageCms.PyCMSError:
        # A profile that is broken or for other channels says nothing about these pixels.
        made = plain.convert("RGB")
    if alpha:
        made.putalpha(alpha)
    return made


def from_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, bytes | None]:
    """sRGB pixels in the profile's own space, with the profile to write; (image, None) where it is not RGB."""
    if profile is None or len(profile) > MAX_PROFILE_BYTES or not is_rgb(profile):
        return image, None
    if not differs(profile):
        return image, profile
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    try:
        made = _apply(image.convert("RGB"), _transform(profile, "RGB", back=True))
    except ImageCms.PyCMSError:
        return image, None
    if alpha:
        made.putalpha(alpha)
    return made, profile


@lru_cache(maxsize=64)
def is_rgb(profile: bytes) -> bool:
    """Whether the profile describes RGB pixels."""
    return profile[16:20] == b"RGB "


@lru_cache(maxsize=64)
def differs(profile: bytes | None) -> bool:
    """Whether pixels in this profile are anything but plain sRGB."""
    if not profile or len(profile) > MAX_PROFILE_BYTES:
        return False
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError):
        return False
    return "srgb" not in name.lower()


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str, *, back: bool) -> ImageCms.ImageCmsTransform:
    theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if back:
        return ImageCms.buildTransform(_SRGB, theirs, "RGB", mode, _INTENT, _FLAGS)
    return ImageCms.buildTransform(theirs, _SRGB, mode, "RGB", _INTENT, _FLAGS)


def _apply(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    made = ImageCms.applyTransform(image, transform)
    assert made is not None
    return made
