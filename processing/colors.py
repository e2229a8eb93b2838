"""Colours as callers write them."""

from typing import Annotated

from pydantic import StringConstraints

PATTERN = r"^#[0-9a-f]{6}$"

Color = Annotated[str, StringConstraints(pattern=PATTERN)]
"""An opaque sRGB colour as `#rrggbb`, lower case. Other spellings become this one before they get here."""

BLACK = "#000000"
WHITE = "#ffffff"


def rgb(color: str) -> tuple[int, int, int]:
    """Red, green and blue of `#rrggbb`, each 0 to 255."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
