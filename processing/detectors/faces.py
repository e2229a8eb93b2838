"""Faces: where each is, and the points in it that crops go by.

mediapipe's full-range detector is asked about squares of several sizes, so that faces of 40 pixels are found. It takes
some things for faces that are none, so each find is confirmed by the mesh that is laid over it, or by a pose around it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from processing import heads, poses, solutions, tiles, weights
from processing.boxes import Point as Point
from processing.boxes import area, clip, grow, holds, inside, keep_best, to_rect
from processing.geometry import Box, Rect, Size

MODELS = (*solutions.FACE_DETECTION, *solutions.FACE_MESH, *solutions.POSE, *solutions.SELFIE)

SCENE_PIXELS = 3_600_000
"""What is larger is searched in a copy of so many pixels, so that there are no more than about fifty squares."""

SEEN_PIXELS = 192
"""What the detector sees of a square, along each side."""

FINEST, LEAST_FINEST = 400, 192
"""Squares of 400 pixels show a face of 40 large enough. In small pictures they are a quarter of the longer side."""

OVERLAP, COARSER = 0.25, 2.5
"""A face that is too large to lie whole in one square of a size lies in one of the next size."""

SAME_FACE, PART_OF_FACE = 0.3, 0.7
HEAD, SPECK = 0.5, 0.3
"""A face of less than this share of another's area, no farther from its box than this share of its height, is an ear
or a pattern of its hair."""

SURE = 0.8
"""From here on a face counts without a mesh also where no pose is found around it, as in a close profile."""

SURROUNDINGS = (1.0, 2.5)
"""Of a face that is looked at in the mirror, against the longer side of its box."""

BODY = (5.0, 2.0, 11.5)
"""What is looked at of the body around a face: to each side, above and below, in heights of its box."""


@dataclass(frozen=True)
class Face:
    """One face, in pixels of the picture that was looked at. Left and right are those of the picture.

    box: forehead to chin, ear to ear. confidence: 0 to 1. mouth: middle of the line between the lips.
    top: top of the head with its hair or hat where that can be seen, else estimated.
    is_precise: False where the points are the detector's own six and estimates from them: profiles and very small
    faces, which the mesh does not take.
    """

    box: Box
    confidence: float
    left_eye: Point
    right_eye: Point
    nose: Point
    mouth: Point
    chin: Point
    top: Point
    is_precise: bool


def missing() -> str | None:
    """Why faces cannot be found here, or None."""
    return solutions.missing() or weights.missing(*MODELS)


def find(image: Image.Image) -> tuple[Face, ...]:
    """Every face in an upright picture, the largest first; none of those that look away."""
    rough = _drop_parts(keep_best(_detect(image), most_shared=SAME_FACE))
    faces = keep_best((face for each in rough if (face := _confirm(image, each))), most_shared=SAME_FACE)
    return tuple(sorted(_drop_specks(faces), key=lambda face: -area(face.box)))


def body_around(box: Box, size: Size) -> Rect:
    """The part of a picture of this size that shows the body to the face in this box."""
    height, center = box[3] - box[1], (box[0] + box[2]) / 2
    beside, above, below = (share * height for share in BODY)
    return to_rect((center - beside, box[1] - above, center + beside, box[3] + below), size)


def list_squares(size: Size) -> Iterator[Rect]:
    """The parts of a picture of this size that are searched: all of it, then squares of several sizes."""
    yield 0, 0, *size
    side = max(LEAST_FINEST, min(FINEST, max(size) // 4))
    while side < max(size):
        yield from tiles.cover(size, side, overlap=OVERLAP)
        side = round(side * COARSER)


def _detect(image: Image.Image) -> Iterator[Face]:
    longer = max(image.size)
    most = min(longer, max(1, int(longer * math.sqrt(SCENE_PIXELS / (image.width * image.height)))))
    scene = Image.fromarray(solutions.take(image, (0, 0, *image.size), most=most))
    for square in list_squares(scene.size):
        pixels = solutions.take(scene, square, most=SEEN_PIXELS)
        for detection in solutions.face_detector().process(pixels).detections or ():
            yield _read_detection(detection, square, image.width / scene.width)


def _read_detection(detection: Any, square: Rect, factor: float) -> Face:
    """The detector's box and six points: the eyes, the tip of the nose, the mouth and the ears.

    factor: how many pixels of the picture are one of the scene that the square is of.
    """
    x, y, width, height = (value * factor for value in square)
    box = detection.location_data.relative_bounding_box
    points = [(x + at.x * width, y + at.y * height) for at in detection.location_data.relative_keypoints]
    left, top = x + box.xmin * width, y + box.ymin * height
    right, bottom = left + box.width * width, top + box.height * height
    eyes = sorted(points[:2])
    return Face(
        box=(left, top, right, bottom),
        confidence=min(1.0, float(detection.score[0])),
        left_eye=eyes[0],
        right_eye=eyes[1],
        nose=points[2],
        mouth=points[3],
        chin=((left + right) / 2, bottom),
        top=((left + right) / 2, top),
        is_precise=False,
    )


def _drop_parts(faces: list[Face]) -> list[Face]:
    """Those that are no part of a surer one, as where a square cuts a face off."""
    return [
        face
        for index, face in enumerate(faces)
        if not any(inside(face.box, surer.box) > PART_OF_FACE for surer in faces[:index])
    ]


def _drop_specks(faces: list[Face]) -> list[Face]:
    return [face for face in faces if not any(_is_speck_on(face, other) for other in faces)]


def _is_speck_on(face: Face, other: Face) -> bool:
    head = grow(other.box, by=HEAD * (other.box[3] - other.box[1]))
    center = ((face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2)
    return holds(head, center) and area(face.box) < SPECK * area(other.box)


def _confirm(image: Image.Image, face: Face) -> Face | None:
    """The face with the points of the mesh; as it was where a pose speaks for it; None where nothing does."""
    points = heads.find_points(image, face.box)
    if points is None:
        return _estimate(image, face) if _is_on_a_body(image, face) and _is_in_mirror(image, face) else None
    return replace(
        face,
        box=clip(points.box, image.size),
        left_eye=points.left_eye,
        right_eye=points.right_eye,
        nose=points.nose,
        mouth=points.mouth,
        chin=points.chin,
        top=heads.find_top(image, points.chin, points.forehead),
        is_precise=True,
    )


def _is_on_a_body(image: Image.Image, face: Face) -> bool:
    pose = poses.find_pose(image, body_around(face.box, image.size))
    if pose is None:
        return face.confidence >= SURE
    return holds(face.box, pose.joints["nose"].point) and not pose.faces_away


def _is_in_mirror(image: Image.Image, face: Face) -> bool:
    """Whether the mirror image of its surroundings shows it, too: folds of a sleeve that look like a face do not."""
    if face.confidence >= SURE:
        return True
    width, height = face.box[2] - face.box[0], face.box[3] - face.box[1]
    for room in SURROUNDINGS:
        x, y, across, down = to_rect(grow(face.box, by=room * max(width, height)), image.size)
        pixels = solutions.take(image, (x, y, across, down), most=SEEN_PIXELS)
        middle = (x + across - (face.box[0] + width / 2)) / across, (face.box[1] + height / 2 - y) / down
        found = solutions.face_detector().process(np.ascontiguousarray(pixels[:, ::-1])).detections or ()
        if any(holds(_read_box(each), middle) for each in found):
            return True
    return False


def _read_box(detection: Any) -> Box:
    """In shares of the square's sides."""
    box = detection.location_data.relative_bounding_box
    return box.xmin, box.ymin, box.xmin + box.width, box.ymin + box.height


def _estimate(image: Image.Image, face: Face) -> Face:
    left, top, right, _ = face.box
    forehead = ((left + right) / 2, top)
    return replace(face, box=clip(face.box, image.size), top=heads.find_top(image, face.chin, forehead))
