"""What is seen in a picture that a chain has made, in pixels of that picture.

The detectors look at the upright source once; here their results are carried over. A picture that a step has turned is
looked at itself, for above and below are something else in it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from processing.analysis import Analysis, box_in, to_picture
from processing.base import Context
from processing.boxes import area, around
from processing.detectors.faces import Face, Point
from processing.detectors.people import Person
from processing.errors import SubjectNotFound
from processing.framing import bounds_of, clip_box
from processing.geometry import IDENTITY, Affine, Box
from processing.picture import Picture

if TYPE_CHECKING:
    from processing.detectors.subject import Category, Subject

OPAQUE = 255

Corners = tuple[Point, ...]
"""Of something with four of them, one after the other."""


def faces_in(picture: Picture, context: Context) -> tuple[Face, ...]:
    """Every face of which something is left in the picture, the largest first."""
    seen, ready = _look(picture, context)
    faces = (move_face(face, ready) for face in seen.faces)
    return tuple(face for face in faces if _shows(picture, face))


def people_in(picture: Picture, context: Context) -> tuple[Person, ...]:
    """Every person of whom something is left in the picture, the largest first; of their boxes what lies in it."""
    seen, ready = _look(picture, context)
    people = (move_person(person, ready) for person in seen.people)
    return tuple(
        replace(person, box=clip_box(person.box, bounds_of(picture.size)))
        for person in people
        if _shows(picture, person)
    )


def subject_in(
    picture: Picture, context: Context, category: "Category", hints: Sequence[str] = ()
) -> tuple[Box, tuple[str, ...]]:
    """The box of the main object, and the hints that led to nothing.

    A picture with transparent pixels, such as a cut-out, is looked at itself: it shows what its steps have left.
    Raises SubjectNotFound where there is no main object, or nothing of it is left.
    """
    seen, ready = _look_alone(picture) if _is_see_through(picture) else _look(picture, context)
    found, ignored = _find_by_hints(seen, category, hints) if hints else (seen.subject(category), ())
    box = found.box and clip_box(box_in(ready, found.box), bounds_of(picture.size))
    if not box or not area(box):
        raise SubjectNotFound("no main object was found in the picture")
    return box, ignored


def _find_by_hints(seen: Analysis, category: "Category", hints: Sequence[str]) -> "tuple[Subject, tuple[str, ...]]":
    from processing.hints import find_subject

    return find_subject(seen, category, hints)


def _is_see_through(picture: Picture) -> bool:
    return picture.has_alpha and any(picture.frames[0].getchannel("A").histogram()[:OPAQUE])


def _look_alone(picture: Picture) -> tuple[Analysis, Picture]:
    alone = picture.still()
    return Analysis(alone), replace(alone, to_source=IDENTITY)


def _look(picture: Picture, context: Context) -> tuple[Analysis, Picture]:
    """What is seen, and the picture whose map carries it over."""
    a, b, _, d, e, _ = picture.to_source
    if b == d == 0 and a != 0 and e > 0:
        return context.look_at(picture), picture
    return _look_alone(picture)


def _shows(picture: Picture, thing: Face | Person) -> bool:
    return area(clip_box(thing.box, bounds_of(picture.size))) > 0


def move_face(face: Face, picture: Picture) -> Face:
    """A face of the source where it lies in this picture. Its eyes stay left and right."""
    affine = to_picture(picture)
    eyes = sorted(_move(affine, eye) for eye in (face.left_eye, face.right_eye))
    return replace(
        face,
        box=box_in(picture, face.box),
        left_eye=eyes[0],
        right_eye=eyes[1],
        nose=_move(affine, face.nose),
        mouth=_move(affine, face.mouth),
        chin=_move(affine, face.chin),
        top=_move(affine, face.top),
    )


def move_person(person: Person, picture: Picture) -> Person:
    """A person of the source where it lies in this picture."""
    affine = to_picture(picture)
    return replace(
        person,
        box=box_in(picture, person.box),
        face=person.face and move_face(person.face, picture),
        joints={name: replace(joint, point=_move(affine, joint.point)) for name, joint in person.joints.items()},
    )


def _move(affine: Affine, point: Point) -> Point:
    a, b, c, d, e, f = affine
    return a * point[0] + b * point[1] + c, d * point[0] + e * point[1] + f


def plates_in(picture: Picture, context: Context) -> tuple[Corners, ...]:
    """The corners of every licence plate of which something is left in the picture, also in one that was turned."""
    affine = to_picture(picture)
    moved = (tuple(_move(affine, corner) for corner in plate.corners) for plate in context.look_at(picture).plates)
    bounds = bounds_of(picture.size)
    return tuple(each for each in moved if area(clip_box(around([(*point, *point) for point in each]), bounds)))
