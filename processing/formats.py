"""The formats: one table, and the output that a variant asks for."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from processing.colors import WHITE, Color
from processing.errors import UnsupportedFormat

FormatName = Literal["jpeg", "png", "webp", "gif", "avif", "tiff"]


@dataclass(frozen=True)
class Format:
    """One file format.

    pillow: the names that Pillow has for it, the one it writes first.
    quality: the default quality (0 to 100), or None where the format has none.
    """

    name: str
    mime: str
    extensions: tuple[str, ...]
    pillow: tuple[str, ...]
    has_alpha: bool = True
    quality: int | None = None
    writes: bool = True


FORMATS = (
    Format("jpeg", "image/jpeg", ("jpg", "jpeg", "jpe", "jfif"), ("JPEG", "MPO"), has_alpha=False, quality=80),
    Format("png", "image/png", ("png", "apng"), ("PNG",)),
    Format("webp", "image/webp", ("webp",), ("WEBP",), quality=80),
    Format("gif", "image/gif", ("gif",), ("GIF",)),
    Format("avif", "image/avif", ("avif",), ("AVIF",), quality=65),
    Format("tiff", "image/tiff", ("tif", "tiff"), ("TIFF",)),
    Format("bmp", "image/bmp", ("bmp",), ("BMP",), writes=False),
)


class Output(BaseModel):
    """How a variant's result is written.

    format: None keeps the source's (PNG where the source's cannot be written).
    quality: 0 to 100 for JPEG, WebP and AVIF, None for the format's default; other formats have none.
    background: what transparent pixels are laid over where the format has no alpha.
    profile: `source` writes in the source's RGB profile, `srgb` in sRGB without naming it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: FormatName | None = None
    quality: int | None = Field(None, ge=0, le=100)
    background: Color = WHITE
    profile: Literal["source", "srgb"] = "srgb"


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
