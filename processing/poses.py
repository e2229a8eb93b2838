"""The pose of one person in a part of a picture: joints, which way the face looks, and a mask."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from processing import solutions
from processing.boxes import Point
from processing.geometry import Rect

# In the order of mediapipe's 33 points. Left and right are those of the person.
NAMES = (
    *("nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer"),
    *("left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder", "right_shoulder"),
    *("left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_pinky", "right_pinky"),
    *("left_index", "right_index", "left_thumb", "right_thumb", "left_hip", "right_hip", "left_knee", "right_knee"),
    *("left_ankle", "right_ankle", "left_heel", "right_heel", "left_foot", "right_foot"),
)

VISIBLE = 0.5
"""From here on a joint counts as seen."""

MOST_PIXELS, LEAST_PIXELS = 1280, 256
"""How long the longer side of what is looked at is. The model itself sees 256 pixels of a square around the person."""


@dataclass(frozen=True)
class Joint:
    """A point of a body, and how surely it can be seen: 0 to 1, where 0.5 and more counts as seen."""

    point: Point
    visibility: float


@dataclass(frozen=True)
class Pose:
    """One person, in pixels of the whole picture.

    faces_away: whether the face is turned from the viewer. mask: how surely each place of the window shows the
    person, 0 to 1, at a size of its own.
    """

    joints: Mapping[str, Joint]
    faces_away: bool
    mask: NDArray[np.float32]
    window: Rect


def find_pose(image: Image.Image, window: Rect) -> Pose | None:
    """The pose of the one who stands out in this part of the picture, or None where it shows nobody."""
    pixels = solutions.take(image, window, most=MOST_PIXELS, least=LEAST_PIXELS)
    found = solutions.pose().process(pixels)
    if not found.pose_landmarks:
        return None
    x, y, width, height = window
    marks = found.pose_landmarks.landmark
    joints = {
        name: Joint((x + mark.x * width, y + mark.y * height), float(mark.visibility))
        for name, mark in zip(NAMES, marks, strict=True)
    }
    depths = dict(zip(NAMES, (mark.z for mark in found.pose_world_landmarks.landmark), strict=True))
    faces_away = depths["nose"] > max(depths["left_ear"], depths["right_ear"])
    return Pose(joints=joints, faces_away=faces_away, mask=found.segmentation_mask, window=window)
