"""Parts of a body as boxes and lines, by the names that crops are asked for with.

All heights are y in pixels of the picture, so that "below" is larger. What goes by something hidden goes by the nearest
limit that can be seen instead, in this order: elbows → waist → end of the person; waist → hip line → end; knees → feet
→ end; shoulders → end. Elbows that are raised above the shoulders count as hidden. The end of a person is the bottom of
the box around them, their beginning its top.
"""

from collections.abc import Callable, Sequence
from typing import Literal

from processing.detectors.faces import Face
from processing.detectors.people import VISIBLE, Person
from processing.errors import SubjectNotFound
from processing.framing import Sides, grow_box, height_of, width_of
from processing.geometry import Box

BodyMarker = Literal[
    "face",
    "head",
    "head_to_shoulder",
    "head_to_elbows",
    "upper_half",
    "head_to_knees",
    "hips",
    "mid_half",
    "lower_half",
    "person",
]
FaceMarker = Literal["eyes", "between_eyes_and_nose", "nose", "between_nose_and_mouth", "mouth", "face"]

HAIR = 0.12
"""How far a head reaches beyond the face on each side, of the face's width."""

UNDER_SHOULDER_LINE = 0.1
"""How far a crop at the shoulders goes below their line, of the head's height."""

OUTER_SHOULDER = 0.2
"""How far a shoulder reaches beyond its joint, of the distance between both joints."""

NECKLESS, HEAD_WIDTH = 0.75, 0.8
"""Of a head whose face cannot be seen: its height, of what lies between its top and the shoulder line, and its width,
of that height."""

SHOULDERS = ("left_shoulder", "right_shoulder")

HIPS_AROUND = 0.2
"""How far the hips reach above and below their line, of the torso's length."""

ABOVE_WAIST = 0.1
"""How far the middle of a body begins above the waist, of the torso's length."""


def mark_line(marker: FaceMarker, face: Face) -> float:
    """The height of a line across a face; across one that lies or stands on its head no line is of use but its end."""
    eyes = (face.left_eye[1] + face.right_eye[1]) / 2
    if not is_upright(face):
        return face.box[3]
    nose, mouth = face.nose[1], face.mouth[1]
    lines = {
        "eyes": eyes,
        "between_eyes_and_nose": (eyes + nose) / 2,
        "nose": nose,
        "between_nose_and_mouth": (nose + mouth) / 2,
        "mouth": mouth,
        "face": face.box[3],
    }
    return lines[marker]


def is_upright(face: Face) -> bool:
    """Whether the mouth lies below the eyes rather than beside or above them."""
    x, y = ((left + right) / 2 for left, right in zip(face.left_eye, face.right_eye, strict=True))
    return face.mouth[1] - y > abs(face.mouth[0] - x)


def mark_head(face: Face) -> Box:
    """The head with its hair, down to the chin."""
    side = HAIR * width_of(face.box)
    left, _, right, bottom = grow_box(face.box, Sides(left=side, right=side))
    return left, min(face.top[1], face.box[1]), right, bottom


def mark_body(marker: BodyMarker, person: Person) -> Box:
    """The box of a part of a body. Raises SubjectNotFound where that part cannot be seen."""
    box = _BOXES[marker](person)
    if height_of(box) < 1 or width_of(box) < 1:
        raise SubjectNotFound(f"{marker}: this part of the person is not in the picture", param="marker")
    return box


# --- Boxes ---------------------------------------------------------------------------------------------------------


def _mark_face(person: Person) -> Box:
    return _face_of(person).box


def _face_of(person: Person) -> Face:
    if person.face is None:
        raise SubjectNotFound("the face of the person cannot be seen", param="marker")
    return person.face


def _mark_head(person: Person) -> Box:
    return mark_head(person.face) if person.face else _guess_head(person)


def _guess_head(person: Person) -> Box:
    """The head of somebody whose face cannot be seen: most of what lies above the shoulders."""
    if person.head_top_y is None or person.shoulder_y is None:
        raise SubjectNotFound("the head of the person cannot be seen", param="marker")
    top, high = person.head_top_y, NECKLESS * (person.shoulder_y - person.head_top_y)
    x = _mean(_xs(person, "left_ear", "right_ear", "nose") or _xs(person, *SHOULDERS))
    return x - high * HEAD_WIDTH / 2, top, x + high * HEAD_WIDTH / 2, top + high


def _mark_shoulders(person: Person) -> Box:
    if person.shoulder_y is None:
        return _band(person, _top(person), person.box[3])
    head = _mark_head(person)
    joints = _xs(person, *SHOULDERS)
    outer = OUTER_SHOULDER * (max(joints) - min(joints))
    left, right = max(person.box[0], min(joints) - outer), min(person.box[2], max(joints) + outer)
    bottom = person.shoulder_y + UNDER_SHOULDER_LINE * height_of(head)
    return min(left, head[0]), head[1], max(right, head[2]), bottom


def _xs(person: Person, *names: str) -> list[float]:
    """Where those of these joints lie across that are seen."""
    return [joint.point[0] for joint in (person.joints[name] for name in names) if joint.visibility >= VISIBLE]


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)


def _mark_hips(person: Person) -> Box:
    if person.hip_y is None:
        return _nothing(person)
    reach = HIPS_AROUND * _torso(person)
    return _band(person, person.hip_y - reach, person.hip_y + reach)


def _mark_middle(person: Person) -> Box:
    if person.hip_y is None:
        return _nothing(person)
    return _band(person, _waist(person) - ABOVE_WAIST * _torso(person), (person.hip_y + _knees(person)) / 2)


def _mark_lower_half(person: Person) -> Box:
    if person.hip_y is None and person.knee_y is None and person.foot_y is None:
        return _nothing(person)
    top = person.box[1] if person.hip_y is None else _waist(person)
    return _band(person, top, person.box[3])


def _to(line: Callable[[Person], float]) -> Callable[[Person], Box]:
    """The body from the top of the head down to a line."""
    return lambda person: _band(person, _top(person), line(person))


def _band(person: Person, top: float, bottom: float) -> Box:
    """The person's box between two heights. The head may stick out of it above."""
    return person.box[0], top, person.box[2], min(bottom, person.box[3])


def _nothing(person: Person) -> Box:
    return _band(person, person.box[3], person.box[3])


# --- Lines ---------------------------------------------------------------------------------------------------------


def _top(person: Person) -> float:
    return person.box[1] if person.head_top_y is None else person.head_top_y


def _elbows(person: Person) -> float:
    """The lower elbow; of arms that are raised, where it would hang down to about: the waist."""
    highest = person.box[1] if person.shoulder_y is None else person.shoulder_y
    return _waist(person) if person.elbow_y is None or person.elbow_y < highest else person.elbow_y


def _waist(person: Person) -> float:
    return _first(person.waist_y, person.hip_y, person.box[3])


def _knees(person: Person) -> float:
    """The lower knee, but never above the hips: somebody sits."""
    knees = _first(person.knee_y, person.foot_y, person.box[3])
    return knees if person.hip_y is None else max(knees, person.hip_y)


def _torso(person: Person) -> float:
    """From the shoulders to the hips; without shoulders from the beginning of what can be seen."""
    assert person.hip_y is not None
    return max(0.0, person.hip_y - _first(person.shoulder_y, person.box[1]))


def _first(*heights: float | None) -> float:
    return next(height for height in heights if height is not None)


_BOXES: dict[BodyMarker, Callable[[Person], Box]] = {
    "face": _mark_face,
    "head": _mark_head,
    "head_to_shoulder": _mark_shoulders,
    "head_to_elbows": _to(_elbows),
    "upper_half": _to(_waist),
    "head_to_knees": _to(_knees),
    "hips": _mark_hips,
    "mid_half": _mark_middle,
    "lower_half": _mark_lower_half,
    "person": lambda person: person.box,
}
