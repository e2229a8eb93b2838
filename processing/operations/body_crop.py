"""Cropping to a part of a person."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.boxes import area
from processing.canvas import Beyond, cut, show
from processing.detectors import faces, people
from processing.detectors.people import Person
from processing.errors import SubjectNotFound
from processing.framing import Contact, Frame, bounds_of, center_of, frame_part, round_box
from processing.margins import Shares
from processing.markers import BodyMarker, mark_body
from processing.picture import Picture
from processing.result_size import ResultSize, resolve_result
from processing.sight import people_in


class Borders(base.Params):
    """Sides on which somebody who is cut off by the border of the picture stays cut off by the border of the result."""

    top: bool = Field(False, description="above")
    right: bool = Field(False, description="at the right")
    bottom: bool = Field(False, description="below")
    left: bool = Field(False, description="at the left")


class BodyCrop(Operation):
    """Crop to a part of a person, such as head and shoulders, with room around it.

    Of several people the largest counts. The parts go by what is seen of the body: `head` takes in the hair,
    `head_to_shoulder` ends a tenth of a head below the shoulders, `upper_half` and `lower_half` meet at the waist (15 %
    of the torso above the hip joints), `hips` are 20 % of the torso above and below them, `mid_half` runs from 10 %
    above the waist to the middle of the thighs. Where an elbow, the waist or a knee cannot be seen, the part ends at
    the next of waist, hips, feet and end of the person; a part of which nothing can be seen is not found.

    The part grows by its margins, then sides that touch the border of the picture keep their contact, then the face
    comes to the middle across, and what lies beyond the picture is cut off. With a size the part grows to its shape,
    inside the picture where there is room, and is scaled.
    """

    class Params(base.Params):
        marker: BodyMarker = Field(description="the part of the person")
        margins: Shares = Field(Shares(), description="room around the part")
        preserve_edge_contact: Borders = Field(
            Borders(), description="sides without room, where the part touches the picture's border"
        )
        center_around_face: bool = Field(
            False,
            description="whether the middle of the face lies on the middle line; without a face nothing is shifted",
        )
        size: ResultSize = Field(
            "trim", description="`trim` as large as what is cut out, `source` as large as the source, or a size"
        )
        fill: Beyond = Field(
            None, description="what is seen beyond the picture: a colour, its `edge` repeated, or nothing"
        )
        on_missing: Literal["keep", "fail"] = Field(
            "fail", description="without such a part: keep the picture as it is and report it, or refuse"
        )

    examples = [
        Example(
            {"marker": "head", "size": {"width": 60, "height": 80}},
            source=(256, 256),
            photo="astronaut",
            size=(60, 80),
        ),
        Example(
            {
                "marker": "person",
                "margins": {"top": 10, "left": 10, "right": 10},
                "preserve_edge_contact": {"bottom": True},
                "center_around_face": True,
                "size": {"width": 90, "height": 160},
                "fill": "edge",
            },
            source=(256, 256),
            photo="astronaut",
            size=(90, 160),
        ),
    ]
    illustrations = [
        Illustration({"marker": "head_to_shoulder", "margins": {"top": 10, "bottom": 10}}, photo="astronaut"),
        Illustration(
            {"marker": "face", "margins": {"top": 20, "right": 20, "bottom": 20, "left": 20}}, photo="astronaut"
        ),
        Illustration(
            {"marker": "head", "size": {"width": 120, "height": 180}, "center_around_face": True}, photo="astronaut"
        ),
        Illustration({"marker": "person", "size": {"width": 160, "height": 240}, "fill": "#ff5733"}, photo="astronaut"),
    ]
    needs_model = True

    @classmethod
    def missing(cls) -> str | None:
        return faces.missing() or people.missing()

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        try:
            frame = _find_part(picture, params, context)
        except SubjectNotFound:
            if params.on_missing == "fail":
                raise
            return picture.lose("no_person", "nobody was found, or not that part of the person; the picture was kept")
        size = resolve_result(params.size, frame.box, picture.source.size)
        if size is None:
            return cut(picture, round_box(frame.box, picture.size), context.limits)
        window = frame.to_aspect(size, bounds_of(picture.size))
        return show(picture, window, size, context.limits, beyond=params.fill)


def _find_part(picture: Picture, params: BodyCrop.Params, context: Context) -> Frame:
    person = _choose(people_in(picture, context), params.marker)
    part = mark_body(params.marker, person)
    frame = frame_part(
        part,
        bounds_of(picture.size),
        margins=params.margins.around(part),
        keep=Contact(**params.preserve_edge_contact.model_dump()),
        center_x=center_of(person.face.box)[0] if params.center_around_face and person.face else None,
    )
    if not area(frame.box):
        raise SubjectNotFound(f"{params.marker}: this part of the person is not in the picture", param="marker")
    return frame


def _choose(found: Sequence[Person], marker: BodyMarker) -> Person:
    """The largest person; where a face is asked for, the largest of those whose face is seen."""
    if not found:
        raise SubjectNotFound("nobody was found in the picture")
    seen = [person for person in found if person.face] if marker == "face" else []
    return (seen or found)[0]
