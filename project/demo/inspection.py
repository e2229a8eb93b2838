"""Whether each result is there and is what was asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from project.demo.batch import Photo, Variant
from project.demo.pictures import path_of

FORMATS = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP"}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A picture file as it was found. problem: what is wrong with it, or nothing; then the rest may be unknown.

    corner: the colour of its first pixel.
    """

    size: tuple[int, int] = (0, 0)
    form: str = ""
    size_bytes: int = 0
    is_see_through: bool = False
    corner: tuple[int, int, int] = (0, 0, 0)
    problem: str = ""


def inspect(bucket: Path, photo: Photo, variant: Variant) -> Finding:
    """Open a result, decode all of it, and hold it against what was asked for."""
    found = open_picture(path_of(bucket, photo.destination(variant)))
    return found if found.problem else replace(found, problem=_compare(found, variant))


def open_picture(path: Path) -> Finding:
    """Size and format of a picture file that Pillow can read to its end."""
    try:
        with Image.open(path) as image:
            image.load()
            return Finding(
                size=image.size,
                form=image.format or "",
                size_bytes=path.stat().st_size,
                corner=image.convert("RGB").getpixel((0, 0)),  # type: ignore[arg-type]
                is_see_through=image.convert("RGBA").getchannel("A").getextrema()[0] < 255,  # type: ignore[operator]
            )
    except FileNotFoundError:
        return Finding(problem="it was not written")
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises for broken files
        return Finding(problem=f"it can't be read: {error}")


def _compare(found: Finding, variant: Variant) -> str:
    expected = FORMATS[Path(variant.file).suffix]
    if found.form != expected:
        return f"it is {found.form} instead of {expected}"
    if found.size != variant.size:
        return f"it has {_text(found.size)} pixels instead of {_text(variant.size)}"
    return ""


def _text(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"
