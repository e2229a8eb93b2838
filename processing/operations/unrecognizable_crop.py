"""Cropping so that nobody can be recognized."""

from pydantic import Field

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.canvas import Beyond, show
from processing.detectors import faces, people
from processing.errors import SubjectNotFound
from processing.framing import Sides, bounds_of, grow_to_aspect
from processing.headless import cut_below, frame_below, list_heads, lowest_line
from processing.markers import FaceMarker
from processing.picture import Picture
from processing.result_size import ResultSize, resolve_result


class Reach(base.Params):
    """How much is kept, 0 to 100 per cent each."""

    top: float = Field(0, ge=0, le=100, description="how far below the line the crop begins, of the picture's height")
    right: float = Field(100, ge=0, le=100, description="how far it reaches right of the middle, of half the width")
    bottom: float = Field(
        0, ge=0, le=100, description="how far above the lower border it ends, of the way from there up to the line"
    )
    left: float = Field(100, ge=0, le=100, description="how far it reaches left of the middle, of half the width")


class UnrecognizableCrop(Operation):
    """Keep what lies below a line across the face: headless, for shops that must not show who wears what they sell.

    Of several faces, small ones included, the lowest line counts; a face that lies or stands on its head is cut off
    whole. The crop reaches to the lower border and over the whole width, unless its margins say less; where those at
    the top and the bottom leave nothing, neither counts. With a size what is kept grows to its shape inside the
    picture, but never upwards, and is scaled.

    Before it is scaled, every frame is searched for faces once more: where one is left, other than the lower part of
    those that the line runs through, the result is refused (`still_recognizable`). So is a picture without a face. No
    search is sure: look at the results before you publish them.
    """

    class Params(base.Params):
        marker: FaceMarker = Field(
            description="where the line runs: through the `eyes`, the tip of the `nose`, between the lips (`mouth`), "
            "halfway between two of these, or under the `face`"
        )
        margins: Reach = Field(Reach(), description="how much is kept of what lies below the line")
        size: ResultSize = Field(
            "trim", description="`trim` as large as what is cut out, `source` as large as the source, or a size"
        )
        fill: Beyond = Field(
            None, description="what is seen beyond what is kept: a colour, its `edge` repeated, or nothing"
        )

    examples = [
        Example(
            {
                "marker": "between_nose_and_mouth",
                "margins": {"left": 80, "right": 80},
                "size": {"width": 90, "height": 60},
            },
            source=(256, 256),
            photo="astronaut",
            size=(90, 60),
        ),
    ]
    illustrations = [
        Illustration({"marker": marker}, photo="astronaut")
        for marker in ("mouth", "eyes", "between_eyes_and_nose", "nose", "between_nose_and_mouth", "face")
    ]
    needs_model = True

    @classmethod
    def missing(cls) -> str | None:
        return faces.missing() or people.missing()

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        heads = list_heads(picture, context)
        if not heads:
            raise SubjectNotFound("no face was found in the picture")
        line = lowest_line(params.marker, heads)
        rect = frame_below(line, picture.size, Sides(**params.margins.model_dump()))
        below = 0, rect[1], picture.size[0], picture.size[1] - rect[1]
        size = resolve_result(params.size, (0, 0, rect[2], rect[3]), picture.source.size)
        if size is None:
            return cut_below(picture, rect, heads, context.limits)
        kept = cut_below(picture, below, heads, context.limits)
        window = grow_to_aspect((rect[0], 0, rect[0] + rect[2], rect[3]), size, bounds_of(kept.size))
        return show(kept, window, size, context.limits, beyond=params.fill)
