"""Adding a colour."""

from pydantic import Field

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.picture import Picture
from processing.tables import Table, apply_tables, make_table


class Colorize(Operation):
    """Add a colour to every pixel, channel by channel, clamped to 255. A fraction of what is added is dropped."""

    class Params(base.Params):
        red: float = Field(ge=0, le=255, description="what is added to red")
        green: float = Field(ge=0, le=255, description="what is added to green")
        blue: float = Field(ge=0, le=255, description="what is added to blue")

    examples = [Example({"red": 200, "green": 120, "blue": 150})]
    illustrations = [
        Illustration({"red": 80, "green": 20, "blue": 0}, photo="coffee"),
        Illustration({"red": 0, "green": 0, "blue": 60}, photo="coffee"),
        Illustration({"red": 200, "green": 120, "blue": 150}, photo="coffee"),
    ]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        red, green, blue = _adding(params.red), _adding(params.green), _adding(params.blue)
        return picture.map(lambda frame: apply_tables(frame, red, green, blue))


def _adding(amount: float) -> Table:
    return make_table(lambda value: value + int(amount))
