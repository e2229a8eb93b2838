"""Strength of colours."""

from pydantic import Field

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.channels import change_colors
from processing.luma import scale_colors
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
        return picture.map(lambda frame: change_colors(frame, lambda colors: scale_colors(colors, params.factor)))
