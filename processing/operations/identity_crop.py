"""Cutting faces off above the mouth."""

from typing import Literal

from pydantic import Field

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.detectors import faces, people
from processing.errors import SubjectNotFound
from processing.framing import Sides
from processing.headless import cut_below, frame_below, list_heads, lowest_line
from processing.picture import Picture

WHOLE_WIDTH = Sides(left=100, right=100)


class IdentityCrop(Operation):
    """Cut off everything above the line between nose and lips.

    Of several faces, small ones included, the lowest line counts; a face that lies or stands on its head is cut off
    whole. Every frame of the result is then searched for faces once more: where one is left, other than the lower part
    of those that the line runs through, the result is refused (`still_recognizable`). No search is sure: look at the
    results before you publish them.
    """

    class Params(base.Params):
        on_missing: Literal["keep", "fail"] = Field(
            "keep", description="without a face: keep the picture as it is and report it, or refuse"
        )

    examples = [Example({}, source=(256, 256), photo="astronaut", size=(256, 186))]
    illustrations = [Illustration({}, photo="astronaut"), Illustration({})]
    needs_model = True

    @classmethod
    def missing(cls) -> str | None:
        return faces.missing() or people.missing()

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        heads = list_heads(picture, context)
        if heads:
            line = lowest_line("between_nose_and_mouth", heads)
            return cut_below(picture, frame_below(line, picture.size, WHOLE_WIDTH), heads, context.limits)
        if params.on_missing == "fail":
            raise SubjectNotFound("no face was found in the picture")
        return picture.lose("no_face", "no face was found; the picture was kept")
