"""Contrast."""

from pydantic import Field

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.picture import Picture
from processing.tables import apply_table, make_table


class Contrast(Operation):
    """Spread the colours away from middle grey, or draw them towards it.

    Each channel v becomes ((v/255 − 0.5)·k + 0.5)·255 with k = ((100 + level)/100)², clamped, its fraction dropped.
    """

    class Params(base.Params):
        level: float = Field(
            ge=-100, le=100, description="−100 makes everything grey, 0 changes nothing, 100 is four times the contrast"
        )

    examples = [Example({"level": 55}), Example({"level": -55.5})]
    illustrations = [Illustration({"level": level}, photo="coffee") for level in (40, -50, 100)]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        # At 0 the formula would still darken some values by one: v/255·255 can fall just short of v.
        if params.level == 0:
            return picture
        slope = ((100 + params.level) / 100) ** 2
        table = make_table(lambda value: ((value / 255 - 0.5) * slope + 0.5) * 255)
        return picture.map(lambda frame: apply_table(frame, table))
