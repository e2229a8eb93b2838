"""Cropping to the main object, with what is around it."""

from typing import Literal

from pydantic import Field

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.canvas import cut, show
from processing.detectors import subject
from processing.detectors.subject import Category
from processing.errors import SubjectNotFound
from processing.framing import bounds_of, clip_box, grow_box, grow_inside, round_box
from processing.geometry import Box
from processing.limits import Limits
from processing.margins import Margins
from processing.picture import Picture
from processing.result_size import ResultSize, resolve_result
from processing.sight import subject_in


class LifestyleCrop(Operation):
    """Crop to the main object with room around it, in its own surroundings: nothing is painted.

    The object grows by its margins, as far as the picture reaches. With a size what is cut out grows to its shape
    inside the picture and is scaled; where the picture is too small for that, it is the largest window of that shape,
    which still shows the whole object if it can. Of an animation the first frame is looked at.
    """

    class Params(base.Params):
        margins: Margins = Field(
            Margins(), description="room around the object, in pixels of the picture or per cent of the object"
        )
        size: ResultSize = Field(
            "trim", description="`trim` as large as what is cut out, `source` as large as the source, or a size"
        )
        category: Category = Field("general", description="what the object is")
        hints: tuple[str, ...] = Field(
            (), max_length=5, description="words that say which of several things is meant, at most five"
        )
        on_missing: Literal["keep", "fail"] = Field(
            "fail", description="without a main object: keep the picture as it is and report it, or refuse"
        )

    examples = [
        Example(
            {"margins": {"top": {"value": 5, "unit": "%"}, "left": {"value": 4}}, "size": {"width": 90, "height": 80}},
            source=(192, 128),
            photo="coffee",
            size=(90, 80),
        ),
    ]
    illustrations = [
        Illustration({}, photo="coffee"),
        Illustration({"size": {"width": 120, "height": 180}}, photo="coffee"),
        Illustration({"size": {"width": 180, "height": 180}}, photo="astronaut"),
    ]
    needs_model = True

    @classmethod
    def missing(cls) -> str | None:
        return subject.missing()

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        try:
            box, ignored = subject_in(picture, context, params.category, params.hints)
        except SubjectNotFound:
            if params.on_missing == "fail":
                raise
            return picture.lose("no_subject", "no main object was found; the picture was kept")
        made = _frame(picture, box, params, context.limits)
        if ignored:
            made = made.lose("hints_ignored", f"nothing was found by these hints: {', '.join(map(repr, ignored))}")
        return made


def _frame(picture: Picture, box: Box, params: LifestyleCrop.Params, limits: Limits) -> Picture:
    bounds = bounds_of(picture.size)
    wanted = clip_box(grow_box(box, params.margins.around(box)), bounds)
    size = resolve_result(params.size, wanted, picture.source.size)
    if size is None:
        return cut(picture, round_box(wanted, picture.size), limits)
    return show(picture, grow_inside(wanted, size, bounds, core=box), size, limits, beyond=None)
