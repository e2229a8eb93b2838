"""Close looks at one head: the points of its face, and where its hair or hat ends."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from processing import solutions
from processing.boxes import Point, around, grow, middle, to_rect
from processing.geometry import Box, Rect

CLOSE_UP = 0.6
"""Room around a face's box for the mesh, against the box's longer side."""

HEAD_ROOM = 1.5
"""Room around a face for the mask of its head."""

MOST_PIXELS, LEAST_PIXELS = 512, 256
MASK_PIXELS = 256
RIGHT_EYE, LEFT_EYE = (33, 133, 159, 145), (362, 263, 386, 374)
NOSE_TIP, LIPS, CHIN, FOREHEAD = 1, (13, 14), 152, 10

BARE_HEAD = 0.32
"""From the hairline up to the top of the head, against the way from chin to hairline, where nothing more is seen."""

LEAST_HAIR, MOST_HAIR = 0.1, 1.2
"""Between these, by the same measure, the top of the head is believed to lie: hair, hats, hands above the head."""

RAYS = (-0.3, -0.15, 0.0, 0.15, 0.3)
"""How far beside the middle of the face its head is measured, against the way from chin to hairline."""

IS_HEAD, STEP = 0.5, 0.01


@dataclass(frozen=True)
class Points:
    """The points of a face. Left and right are those of the picture."""

    box: Box
    left_eye: Point
    right_eye: Point
    nose: Point
    mouth: Point
    chin: Point
    forehead: Point


def find_points(image: Image.Image, box: Box) -> Points | None:
    """The points of the face in this box, or None where the mesh is not sure that it is one."""
    rect = to_rect(grow(box, by=CLOSE_UP * max(box[2] - box[0], box[3] - box[1])), image.size)
    if not rect[2] or not rect[3]:
        return None
    pixels = solutions.take(image, rect, most=MOST_PIXELS, least=LEAST_PIXELS)
    found = solutions.face_mesh().process(pixels).multi_face_landmarks
    if not found:
        return None
    x, y, width, height = rect
    return _read_mesh([(x + point.x * width, y + point.y * height) for point in found[0].landmark])


def find_top(image: Image.Image, chin: Point, forehead: Point) -> Point:
    """The highest point of the head over its forehead, along the line from the chin, with its hair or hat.

    Estimated where no mask of the head reaches the forehead, or where it would make an unlikely head.
    """
    up = (forehead[0] - chin[0], forehead[1] - chin[1])
    length = math.hypot(*up)
    if length < 1:
        return forehead
    box = grow(around([(*chin, *chin), (*forehead, *forehead)]), by=HEAD_ROOM * length)
    hair = _measure_hair(image, box, forehead, up)
    share = hair if LEAST_HAIR <= hair <= MOST_HAIR else BARE_HEAD
    return forehead[0] + share * up[0], forehead[1] + share * up[1]


def _measure_hair(image: Image.Image, box: Box, forehead: Point, up: Point) -> float:
    """How far the head goes on from the forehead, against the length of `up`; 0 where it is not seen at all."""
    rect = to_rect(box, image.size)
    if not rect[2] or not rect[3]:
        return 0.0
    mask = solutions.selfie().process(solutions.take(image, rect, most=MASK_PIXELS, least=MASK_PIXELS))
    steps = np.arange(0, MOST_HAIR + 2 * STEP, STEP)
    return max(_follow(_Mask(mask.segmentation_mask, rect), forehead, up, steps=steps, beside=ray) for ray in RAYS)


@dataclass(frozen=True)
class _Mask:
    """How surely a part of the picture shows somebody, 0 to 1, at a size of its own."""

    values: NDArray[np.float32]
    rect: Rect

    def look_up(self, xs: NDArray[np.float64], ys: NDArray[np.float64]) -> NDArray[np.float32]:
        """Its values at these points of the picture; 0 outside."""
        high, wide = self.values.shape
        columns = np.floor((xs - self.rect[0]) * wide / self.rect[2]).astype(int)
        rows = np.floor((ys - self.rect[1]) * high / self.rect[3]).astype(int)
        is_inside = (columns >= 0) & (rows >= 0) & (columns < wide) & (rows < high)
        found = np.zeros(len(xs), np.float32)
        found[is_inside] = self.values[rows[is_inside], columns[is_inside]]
        return found


def _follow(mask: _Mask, start: Point, up: Point, *, steps: NDArray[np.float64], beside: float) -> float:
    """How many lengths of `up` the mask goes on without a break, on a ray from beside the start."""
    xs, ys = start[0] + steps * up[0] - beside * up[1], start[1] + steps * up[1] + beside * up[0]
    ends = np.flatnonzero(mask.look_up(xs, ys) < IS_HEAD)
    return float(steps[ends[0] - 1]) if len(ends) and ends[0] else 0.0


def _read_mesh(points: list[Point]) -> Points:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    eyes = sorted(middle([points[index] for index in eye]) for eye in (RIGHT_EYE, LEFT_EYE))
    return Points(
        box=(min(xs), min(ys), max(xs), max(ys)),
        left_eye=eyes[0],
        right_eye=eyes[1],
        nose=points[NOSE_TIP],
        mouth=middle([points[index] for index in LIPS]),
        chin=points[CHIN],
        forehead=points[FOREHEAD],
    )
