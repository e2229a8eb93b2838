"""Faces and people as a detector would return them, built from numbers."""

from typing import Any

from PIL import Image

from processing.analysis import Analysis
from processing.base import Context
from processing.detectors.faces import Face
from processing.detectors.people import NAMES, Joint, Person
from tests.processing.running import picture_of

PORTRAIT = (1000, 1500)
"""The size of the picture that FACE and `person` are in."""

FACE = Face(
    box=(440, 240, 560, 420),
    confidence=0.9,
    left_eye=(470, 300),
    right_eye=(530, 300),
    nose=(500, 340),
    mouth=(500, 380),
    chin=(500, 420),
    top=(500, 200),
    is_precise=True,
)
"""Of somebody who looks straight ahead."""

JOINTS = {
    "left_shoulder": (400, 460),
    "right_shoulder": (600, 480),
    "left_elbow": (340, 640),
    "right_elbow": (660, 660),
    "left_hip": (440, 770),
    "right_hip": (560, 770),
    "left_knee": (450, 1040),
    "right_knee": (550, 1050),
    "left_foot": (440, 1380),
    "right_foot": (560, 1390),
}
"""Shoulders at 470 and hips at 770: the torso is 300 long, its waist at 725."""


def person(*, hidden: tuple[str, ...] = (), face: Face | None = FACE, **changes: Any) -> Person:
    """Somebody of 400×1200 who stands upright. hidden: parts of the names of joints that cannot be seen."""
    seen = {name: point for name, point in JOINTS.items() if not any(part in name for part in hidden)}
    joints = {name: Joint(seen.get(name, (0.0, 0.0)), 0.9 if name in seen else 0.1) for name in NAMES}
    facts: dict[str, Any] = {"box": (300.0, 200.0, 700.0, 1400.0), "confidence": 0.9, "face": face, "joints": joints}
    return Person(**(facts | changes))


def seeing(image: Image.Image, *people: Person, faces: tuple[Face, ...] | None = None) -> Context:
    """A context in which just these have been seen in the image."""
    analysis = Analysis(picture_of(image))
    known = tuple(each.face for each in people if each.face) if faces is None else faces
    # What has been seen once is kept there, as the detectors' own results are.
    vars(analysis).update(people=people, faces=known)
    return Context(analysis=analysis)
