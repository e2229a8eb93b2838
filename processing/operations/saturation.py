"""Strength of colours."""

from pydantic import Field

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.channels import change_colors
from processing.luma import WEIGHTS
from processing.picture import Picture


class Saturation(Operation):
    """Make the colours stronger or weaker while brightness stays.

    Each channel v becomes y + factor·(v − y) with the luma y = 0.299·red + 0.587·green + 0.114·blue (Rec. 601), rounded
    and clamped to 0…255. Greys stay as they are. Only clamping of what was strong already changes the luma.
    """

    class Params(base.Params):
        factor: float = Field(
            1.08, ge=0, le=4, description="times as strong: 0 makes the picture grey, 1 changes nothing"
        )

    examples = [Example({}), Example({"factor": 0}), Example({"factor": 2.5})]
    illustrations = [Illustration({"factor": factor}, photo="astronaut") for factor in (1.6, 1.2, 0.3)]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        matrix = _make_matrix(params.factor)
        # Pillow rounds what a matrix gives, and clamps it.
        return picture.map(lambda frame: change_colors(frame, lambda colors: colors.convert("RGB", matrix)))


def _make_matrix(factor: float) -> tuple[float, ...]:
    """Row by row for red, green and blue: what each takes of the three, and a constant."""
    grey = [(1 - factor) * weight for weight in WEIGHTS]
    rows = ([part + factor * (column == row) for column, part in enumerate(grey)] for row in range(3))
    return tuple(value for row in rows for value in (*row, 0.0))
