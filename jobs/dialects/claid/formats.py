"""How results are written: Claid's formats into ours."""

from typing import Any

from jobs.dialects.claid.differences import DEFAULT_CMYK_PROFILE
from jobs.dialects.claid.schemas.outputs import Metadata, Output, format_name, is_cmyk
from processing import formats

JPEG_QUALITY = 85
LOSSY_QUALITY = {"webp": 75, "avif": 50, "tiff": 75}
LOSSLESS = ("tiff",)
"""Formats that are lossless where a request does not say."""

PRESSES = {
    "ISO_Coated": "iso_coated",
    "ISO_Uncoated": "iso_uncoated",
    "USWeb_Coated": "us_web_coated",
    "USWeb_Uncoated": "us_web_uncoated",
}
PNG_EFFORT = {"fast": 1, "optimal": 6, "best": 9}


def to_output(asked: Output | None) -> formats.Output:
    """The output that a request asks for; JPEG where it asks for none, whatever the picture came as."""
    form = asked.format if asked else None
    name = format_name(form)
    values: dict[str, Any] = {"format": name, **_find_options(name, form)}
    return formats.Output(**values, **_find_colors(asked.metadata if asked else None))


def _find_options(name: str, form: Any) -> dict[str, Any]:
    if name == "jpeg":
        progressive = getattr(form, "progressive", None)
        quality = getattr(form, "quality", None) or JPEG_QUALITY
        return {"quality": quality, "progressive": True if progressive is None else progressive}
    compression = getattr(form, "compression", None)
    if name == "png":
        return {"effort": PNG_EFFORT[compression or "optimal"]}
    kind = getattr(compression, "type", compression) or ("lossless" if name in LOSSLESS else "lossy")
    if kind == "lossless":
        return {"lossless": True}
    return {"lossless": False, "quality": getattr(compression, "quality", None) or LOSSY_QUALITY[name]}


def _find_colors(metadata: Metadata | None) -> dict[str, Any]:
    """Resolution and colours. Where no colour space is asked for, the source's stays."""
    found: dict[str, Any] = {"dpi": metadata.dpi} if metadata and metadata.dpi else {}
    space = metadata.color_space if metadata else None
    if is_cmyk(space):
        press = PRESSES[getattr(space, "color_profile", None) or DEFAULT_CMYK_PROFILE]
        return {**found, "profile": "cmyk", "press": press}
    return {**found, "profile": "source" if space is None else "embedded_srgb"}
