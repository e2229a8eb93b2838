"""The formats: one table, and the output that a variant asks for."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from processing.colors import WHITE, Color
from processing.errors import UnsupportedFormat

FormatName = Literal["jpeg", "png", "webp", "gif", "avif", "tiff"]
Subsampling = Literal["4:4:4", "4:2:2", "4:2:0"]


@dataclass(frozen=True)
class Format:
    """One file format.

    pillow: the names that Pillow has for it, the one it writes first.
    quality: the default quality (0 to 100), or None where the format has none.
    has_profile: whether it can say in which colours it is.
    has_cmyk: whether it can hold the inks of a press.
    is_lossless: whether its pixels are exact where the output does not say.
    animates: whether frames are read and written; of other formats the first is read and one is written.
    max_side: the most pixels that it can have a side.
    """

    name: str
    mime: str
    extensions: tuple[str, ...]
    pillow: tuple[str, ...]
    has_alpha: bool = True
    has_profile: bool = True
    has_cmyk: bool = False
    quality: int | None = None
    is_lossless: bool = False
    animates: bool = False
    writes: bool = True
    max_side: int = 2**31 - 1


FORMATS = (
    Format(
        *("jpeg", "image/jpeg", ("jpg", "jpeg", "jpe", "jfif"), ("JPEG", "MPO")),
        has_alpha=False,
        has_cmyk=True,
        quality=80,
        max_side=65_500,
    ),
    Format("png", "image/png", ("png", "apng"), ("PNG",), is_lossless=True, animates=True),
    Format("webp", "image/webp", ("webp",), ("WEBP",), quality=80, animates=True, max_side=16_383),
    Format(
        *("gif", "image/gif", ("gif",), ("GIF",)),
        has_profile=False,
        is_lossless=True,
        animates=True,
        max_side=65_535,
    ),
    Format("avif", "image/avif", ("avif",), ("AVIF",), quality=65, animates=True, max_side=65_536),
    Format("tiff", "image/tiff", ("tif", "tiff"), ("TIFF",), has_cmyk=True, quality=80, is_lossless=True),
    Format("bmp", "image/bmp", ("bmp",), ("BMP",), writes=False),
    Format("heic", "image/heic", ("heic", "heif"), ("HEIF",), writes=False),
)


class Output(BaseModel):
    """How a variant's result is written. What a format has no use for is passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: FormatName | None = Field(None, description="None keeps the source's, or PNG where that is not written")
    formats: tuple[FormatName, ...] = Field(
        (),
        strict=False,
        description="of the source's formats, those that are kept; others become the first. Empty: all are kept",
    )
    animated: bool = Field(True, description="whether all frames are kept where the format has animations")
    quality: int | None = Field(
        None, ge=0, le=100, description="of JPEG, WebP, AVIF and lossy TIFF; None for the format's default"
    )
    lossless: bool | None = Field(
        None, description="exact pixels, for WebP, AVIF and TIFF; None for lossy WebP and AVIF, lossless TIFF"
    )
    effort: int | None = Field(
        None, ge=0, le=9, description="time for fewer bytes, from 0, the quickest; None for the format's default"
    )
    progressive: bool = Field(False, description="JPEG that is shown coarsely before it is there as a whole")
    subsampling: Subsampling | None = Field(
        None, description="resolution of colours in JPEG and lossy AVIF; None for 4:2:0, and 4:4:4 from quality 90 on"
    )
    target_bytes: int | None = Field(
        None, ge=1, description="most bytes of the result: lossy formats lower the quality until it is met"
    )
    background: Color = Field(WHITE, description="what lies under transparent pixels where the format has no alpha")
    profile: Literal["srgb", "embedded_srgb", "source", "cmyk"] = Field(
        "srgb",
        description="sRGB without or with its profile, or the source's RGB profile, sRGB where it has none; or `cmyk` "
        "for a press, in JPEG and TIFF: other formats are then sRGB with its profile",
    )
    press: Literal["general", "iso_coated", "iso_uncoated", "us_web_coated", "us_web_uncoated"] = Field(
        "general",
        description="whose CMYK it is: of any press, or of those for FOGRA39, FOGRA29, SWOP 2006 and GRACoL 2013",
    )
    metadata: Literal["strip", "credit"] = Field(
        "strip", description="`credit` keeps creator, copyright and credit line where the format can; all else goes"
    )
    dpi: int | None = Field(None, ge=1, le=10_000, description="resolution that JPEG, PNG and TIFF name, in pixels")


def get(name: str) -> Format:
    """The format of this name. Raises UnsupportedFormat."""
    for form in FORMATS:
        if form.name == name:
            return form
    raise UnsupportedFormat(f"there is no format {name!r}")


def by_extension(path: str) -> Format | None:
    """The format that a path's extension names, if one that can be written."""
    extension = PurePosixPath(path).suffix.lower().removeprefix(".")
    return next((form for form in FORMATS if form.writes and extension in form.extensions), None)
