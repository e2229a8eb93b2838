"""Brightness."""

from pydantic import Field

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.picture import Picture
from processing.tables import apply_table, make_table


class Brightness(Operation):
    """Add the same amount to red, green and blue of every pixel, clamped to 0…255."""

    class Params(base.Params):
        level: int = Field(ge=-255, le=255, description="what is added; −255 makes black, 255 white, 0 changes nothing")

    examples = [Example({"level": 40}), Example({"level": -40})]
    illustrations = [Illustration({"level": level}) for level in (60, -60, 150)]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        table = make_table(lambda value: value + params.level)
        return picture.map(lambda frame: apply_table(frame, table))
