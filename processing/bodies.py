"""What a pose says of a whole body: its box, the tips of its elbows, the top of its head, and whose it is."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from processing import heads
from processing.boxes import Point, around, clip, middle
from processing.geometry import Box, Size
from processing.poses import VISIBLE, Joint, Pose

IS_BODY = 0.5

ELBOW = 0.2
"""The tip of an elbow that is bent to a right angle lies this share of the upper arm, times the sine of 45 degrees,
outside its joint; of a stretched arm it lies at the joint. Measured on photographs."""

TO_FOREHEAD, TO_CHIN = 1.05, 0.6
"""From the eyes up and from the mouth down, against the way between the two."""

SAME_BODY = 0.5

LIMBS = {side: tuple(f"{side}_{part}" for part in ("shoulder", "elbow", "wrist")) for side in ("left", "right")}


def find_box(pose: Pose, size: Size) -> Box:
    """The box around all that is seen of the body in a picture of this size."""
    boxes: list[Box] = [(*joint.point, *joint.point) for joint in pose.joints.values() if joint.visibility >= VISIBLE]
    largest = _keep_largest(pose.mask >= IS_BODY)
    rows, columns = np.flatnonzero(largest.any(axis=1)), np.flatnonzero(largest.any(axis=0))
    if len(rows):
        x, y, width, height = pose.window
        across, down = width / largest.shape[1], height / largest.shape[0]
        left, right = x + columns[0] * across, x + (columns[-1] + 1) * across
        boxes.append((float(left), float(y + rows[0] * down), float(right), float(y + (rows[-1] + 1) * down)))
    return clip(around(boxes), size) if boxes else (0.0, 0.0, 0.0, 0.0)


def list_joints(image: Image.Image, pose: Pose) -> dict[str, Joint]:
    """The joints, with the elbows at their tips and with `head_top`, in a picture that shows this pose."""
    joints = dict(pose.joints)
    for _, elbow, _ in LIMBS.values():
        joints[elbow] = replace(joints[elbow], point=_find_elbow(joints, elbow.partition("_")[0]))
    joints["head_top"] = _find_head_top(image, joints)
    return joints


def are_same(one: Mapping[str, Joint], other: Mapping[str, Joint]) -> bool:
    """Whether these are the joints of one body, seen twice: nose and shoulders lie in nearly the same places."""
    names = ("nose", "left_shoulder", "right_shoulder")
    apart = [math.dist(one[name].point, other[name].point) for name in names]
    spread = [max(_extent([joints[name].point for name in names]), 1.0) for joints in (one, other)]
    return sum(apart) / len(apart) < SAME_BODY * min(spread)


def measure_confidence(joints: Mapping[str, Joint], size: Size) -> float:
    """How surely the joints that lie in the picture are seen, on average: 0 to 1."""
    inside = [
        joint.visibility
        for joint in joints.values()
        if 0 <= joint.point[0] <= size[0] and 0 <= joint.point[1] <= size[1]
    ]
    return sum(inside) / len(inside) if inside else 0.0


def _keep_largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest connected part: what else the mask has are other people and specks."""
    # Operations import this module, and most pictures need nobody to be found.
    from scipy import ndimage

    labels, count = ndimage.label(mask)
    if count < 2:
        return mask
    sizes = np.bincount(labels.ravel())
    return np.asarray(labels == 1 + int(np.argmax(sizes[1:])))


def _find_elbow(joints: Mapping[str, Joint], side: str) -> Point:
    shoulder, elbow, wrist = (joints[name].point for name in LIMBS[side])
    upper, lower = math.dist(shoulder, elbow), math.dist(wrist, elbow)
    if not upper or not lower:
        return elbow
    towards = [(shoulder[axis] - elbow[axis]) / upper + (wrist[axis] - elbow[axis]) / lower for axis in (0, 1)]
    return elbow[0] - ELBOW * upper * towards[0] / 2, elbow[1] - ELBOW * upper * towards[1] / 2


def _find_head_top(image: Image.Image, joints: Mapping[str, Joint]) -> Joint:
    eyes = middle([joints["left_eye"].point, joints["right_eye"].point])
    mouth = middle([joints["mouth_left"].point, joints["mouth_right"].point])
    up = (eyes[0] - mouth[0], eyes[1] - mouth[1])
    forehead = (eyes[0] + TO_FOREHEAD * up[0], eyes[1] + TO_FOREHEAD * up[1])
    chin = (mouth[0] - TO_CHIN * up[0], mouth[1] - TO_CHIN * up[1])
    return Joint(heads.find_top(image, chin, forehead), joints["nose"].visibility)


def _extent(points: Sequence[Point]) -> float:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return max(max(xs) - min(xs), max(ys) - min(ys))
