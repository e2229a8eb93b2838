"""Crops that leave nobody to be recognized: what lies below a line across every face, looked at once more.

A face is also assumed where a body is seen whose nose is: close profiles are missed by the search for faces.
"""

from collections.abc import Sequence

from PIL import Image, ImageOps

from processing.base import Context
from processing.boxes import around, holds
from processing.canvas import cut
from processing.detectors import faces
from processing.detectors.faces import Face
from processing.detectors.people import VISIBLE, Person
from processing.errors import EmptyResult, InvalidParams, StillRecognizable
from processing.framing import Sides, center_of, grow_box, height_of
from processing.geometry import Rect, Size, round_half_up
from processing.limits import Limits
from processing.markers import FaceMarker, mark_line
from processing.picture import Picture
from processing.sight import faces_in, people_in

EYES, MOUTH = ("left_eye", "right_eye"), ("mouth_left", "mouth_right")
ABOVE_EYES, BELOW_MOUTH, BESIDE = 1.0, 0.7, 1.2
"""What belongs to a face around its eyes and mouth, against the way between the two."""

NEAR = 0.15
"""What is left of a face begins so near to the line, against the height of what is left."""


def list_heads(picture: Picture, context: Context) -> tuple[Face, ...]:
    """Every face, those that only a body speaks for included."""
    faceless = (person for person in people_in(picture, context) if person.face is None)
    return (*faces_in(picture, context), *(guess_face(each) for each in faceless if _shows_nose(each)))


def _shows_nose(person: Person) -> bool:
    return person.joints["nose"].visibility >= VISIBLE


def guess_face(person: Person) -> Face:
    """Where the face of a body is, by the points of its pose."""
    eyes, mouth = (tuple(person.joints[name].point for name in names) for names in (EYES, MOUTH))
    middles = [center_of(around([(*point, *point) for point in points])) for points in (eyes, mouth)]
    length = middles[1][1] - middles[0][1]
    points = [*eyes, *mouth, person.joints["nose"].point]
    room = Sides(ABOVE_EYES * length, BESIDE * length, BELOW_MOUTH * length, BESIDE * length)
    box = grow_box(around([(*point, *point) for point in points]), room)
    left, right = sorted(eyes)
    return Face(
        box=box,
        confidence=person.confidence,
        left_eye=left,
        right_eye=right,
        nose=person.joints["nose"].point,
        mouth=middles[1],
        chin=(middles[1][0], box[3]),
        top=(middles[0][0], box[1]),
        is_precise=False,
    )


def lowest_line(marker: FaceMarker, heads: Sequence[Face]) -> float:
    """The lowest of the lines across these faces."""
    return max(mark_line(marker, head) for head in heads)


def frame_below(line: float, size: Size, shares: Sides) -> Rect:
    """What is kept of a picture of this size: from the line down, by shares of 0 to 100 per cent.

    top: how far below the line it begins, of the picture's height. bottom: how far it ends above the lower border, of
    the way up to the line. left, right: how far it reaches from the middle, of half the width. Above and below count
    for nothing where they leave nothing. Raises InvalidParams where left and right leave nothing, EmptyResult where
    nothing lies below the line.
    """
    width, height = size
    first, last = width / 2 * (1 - shares.left / 100), width / 2 * (1 + shares.right / 100)
    if last - first < 1:
        raise InvalidParams("margins: left and right leave nothing of the picture", param="margins")
    begin, end = line + shares.top / 100 * height, height - shares.bottom / 100 * (height - line)
    if end - begin < 1:
        begin, end = line, height
    left, top, right, bottom = (round_half_up(edge) for edge in (first, max(0, begin), last, min(height, end)))
    if bottom <= top:
        raise EmptyResult("nothing of the picture lies below the faces")
    return left, top, right - left, bottom - top


def cut_below(picture: Picture, rect: Rect, heads: Sequence[Face], limits: Limits) -> Picture:
    """The part of the picture, in which no frame shows a face but what is left of these at its upper border.

    Raises StillRecognizable where one does.
    """
    made = cut(picture, rect, limits)
    for frame in {frame.tobytes(): frame for frame in made.frames}.values():
        if any(not _is_rest(face, heads, rect) for face in _find_faces(frame)):
            raise StillRecognizable("a face is left below the line: the result was not handed out")
    return made


def _find_faces(frame: Image.Image) -> list[Face]:
    """The faces that are seen in the image and in its mirror image: what looks like a face by chance is seen in one."""
    found = faces.find(frame)
    mirrored = faces.find(ImageOps.mirror(frame)) if found else ()
    middles = [center_of(face.box) for face in mirrored]
    return [face for face in found if any(holds(face.box, (frame.width - x, y)) for x, y in middles)]


def _is_rest(face: Face, heads: Sequence[Face], rect: Rect) -> bool:
    """Whether this is what the crop has left of one of the heads: it begins at the upper border, inside that head."""
    x, y = center_of(face.box)
    is_cut = face.box[1] <= NEAR * height_of(face.box)
    return is_cut and any(holds(head.box, (x + rect[0], y + rect[1])) for head in heads)
