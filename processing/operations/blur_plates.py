"""Making licence plates unreadable."""

from typing import Literal

from pydantic import Field

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.detectors import plates
from processing.errors import SubjectNotFound
from processing.picture import Picture
from processing.sight import plates_in
from processing.veil import Method, veil


class BlurPlates(Operation):
    """Make every licence plate unreadable: text that reads as a plate, or that lies on a car where plates are.

    A plate is first averaged to places half as large as it is high, or larger, so that its text cannot be restored. Of
    an animation the first frame is looked at, and every frame is blurred in the same places. Plates that are small,
    oblique or in the dark are missed: it is the best that can be done, not a guarantee.
    """

    class Params(base.Params):
        method: Method = Field("blur", description="whether the places run into each other, or stay plain squares")
        strength: float = Field(
            0.5, ge=0, le=1, description="how coarse it gets: places from half to one and a half of the plate's height"
        )
        on_missing: Literal["keep", "fail"] = Field(
            "keep", description="without a plate: keep the picture as it is and report it, or refuse"
        )

    examples = [Example({}), Example({"method": "pixelate", "strength": 1.0})]
    illustrations = [
        Illustration({}, photo="plate"),
        Illustration({"strength": 0.0}, photo="plate"),
        Illustration({"method": "pixelate"}, photo="plate"),
    ]
    needs_model = True

    @classmethod
    def missing(cls) -> str | None:
        return plates.missing()

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        found = plates_in(picture, context)
        if not found and params.on_missing == "fail":
            raise SubjectNotFound("no licence plate was found in the picture")
        if not found:
            return picture.lose("no_plate", "no licence plate was found; the picture was kept")
        for corners in found:
            picture = _veil(picture, corners, params)
        return picture


def _veil(picture: Picture, corners: tuple[tuple[float, float], ...], params: BlurPlates.Params) -> Picture:
    return picture.map(lambda frame: veil(frame, corners, method=params.method, strength=params.strength))
