"""How large the result of a crop is, as a parameter."""

from typing import Literal

from pydantic import Field, model_validator

from processing.base import Params
from processing.framing import resolve_output
from processing.geometry import Box, Size


class Pixels(Params):
    """A size in pixels. A missing side follows from the proportions of what is shown."""

    width: int | None = Field(None, ge=1, le=100_000, description="width of the result in pixels")
    height: int | None = Field(None, ge=1, le=100_000, description="height of the result in pixels")

    @model_validator(mode="after")
    def need_one_side(self) -> "Pixels":
        if self.width is None and self.height is None:
            raise ValueError("width or height is required")
        return self


ResultSize = Literal["trim", "source"] | Pixels
"""`trim`: as large as what is cut out, unscaled. `source`: as large as the source."""


def resolve_result(size: ResultSize, window: Box, source: Size) -> Size | None:
    """The size in which a window is shown; None where it is cut out as it is."""
    if size == "trim":
        return None
    return source if size == "source" else resolve_output(size.width, size.height, window)
