"""People: where each is, and the joints that crops go by.

mediapipe sees one person at a time. So it is asked about the surroundings of each face, and then about the whole
picture, in which those that were found are painted over.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from processing import bodies, poses, solutions, tiles, weights
from processing.boxes import area, around, grow, holds, to_rect
from processing.detectors import faces as face_detector
from processing.detectors.faces import Face
from processing.geometry import Box
from processing.poses import NAMES as NAMES
from processing.poses import VISIBLE as VISIBLE
from processing.poses import Joint as Joint
from processing.poses import Pose

MODELS = (*solutions.POSE, *solutions.SELFIE)

MOST_FACES, MOST_FACELESS = 12, 4
"""So many people are looked for, by their faces, the largest first, and beyond those by their bodies alone."""

SCENE_PIXELS = 1280
PAINTED = 0.3
"""From here on of the mask a place is painted over."""

LONG, MOST_LONG = 1.5, 4
"""From here on, long side to short side, a picture shows people too small to be seen in the whole. Its squares are at
least this part of the long side."""

ROOM = 0.3
"""Around a body without a face that is looked at again, against the longer side of its box."""

STRIP, NEAR = 1.0, 0.25
"""Room beside a face, against its width: in the strip that leaves neighbours out, and for the nose of its pose."""

FEET = ("left_heel", "right_heel", "left_foot", "right_foot", "left_ankle", "right_ankle")
WAIST = 0.15
CROTCH_BELOW_HIPS, CROTCH_OF_TORSO = 0.25, 0.2
SOLE = 0.06


@dataclass(frozen=True)
class Person:
    """One person, in pixels of the picture that was looked at.

    box: the whole person, from the mask where there is one. face: the one on these shoulders, or None.
    joints: by mediapipe's names in short, such as left_shoulder, right_hip and left_foot (the toes), left being the
    person's own, the elbows at their tips; and `head_top`.
    The lines below are heights (y) in the picture, None where what they go by is hidden or outside.
    """

    box: Box
    confidence: float
    face: Face | None
    joints: Mapping[str, Joint]

    @property
    def head_top_y(self) -> float | None:
        """Top of the head with its hair or hat: the face's; without a face the pose's `head_top`, or, where that is not
        known, the upper edge of the box, if the nose or an ear is seen."""
        if self.face:
            return self.face.top[1]
        if "head_top" in self.joints:
            return next(iter(self._ys("head_top")), None)
        return self.box[1] if self._ys("nose", "left_ear", "right_ear") else None

    @property
    def shoulder_y(self) -> float | None:
        """Middle of the shoulders, or the one that is seen."""
        return self._mean("left_shoulder", "right_shoulder")

    @property
    def elbow_y(self) -> float | None:
        """The lower elbow of those that are seen."""
        return max(self._ys("left_elbow", "right_elbow"), default=None)

    @property
    def hip_y(self) -> float | None:
        """Middle of the hip joints, or the one that is seen."""
        return self._mean("left_hip", "right_hip")

    @property
    def waist_y(self) -> float | None:
        """The hip line less 15 % of the way up to the shoulders; None where either is hidden."""
        if self.hip_y is None or self.shoulder_y is None:
            return None
        return self.hip_y - WAIST * (self.hip_y - self.shoulder_y)

    @property
    def crotch_y(self) -> float | None:
        """A quarter of the way from the hips to the knees; without knees 20 % of the torso's length below the hips."""
        if self.hip_y is None:
            return None
        knees = self._mean("left_knee", "right_knee")
        if knees is not None:
            return self.hip_y + CROTCH_BELOW_HIPS * (knees - self.hip_y)
        return None if self.shoulder_y is None else self.hip_y + CROTCH_OF_TORSO * (self.hip_y - self.shoulder_y)

    @property
    def knee_y(self) -> float | None:
        """The lower knee of those that are seen."""
        return max(self._ys("left_knee", "right_knee"), default=None)

    @property
    def foot_y(self) -> float | None:
        """The soles: the lower edge of the box, where that is near the lowest of toes, heels and ankles; else those."""
        lowest = max(self._ys(*FEET), default=None)
        if lowest is None:
            return None
        is_sole = 0 <= self.box[3] - lowest <= SOLE * (self.box[3] - self.box[1])
        return self.box[3] if is_sole else lowest

    def _ys(self, *names: str) -> list[float]:
        joints = (self.joints[name] for name in names if name in self.joints)
        return [joint.point[1] for joint in joints if joint.visibility >= VISIBLE]

    def _mean(self, *names: str) -> float | None:
        seen = self._ys(*names)
        return sum(seen) / len(seen) if seen else None


def missing() -> str | None:
    """Why people cannot be found here, or None."""
    return solutions.missing() or weights.missing(*MODELS)


def find(image: Image.Image, faces: Sequence[Face]) -> tuple[Person, ...]:
    """Every person in an upright picture, the largest first. faces: those that were found in it."""
    scene = _Scene(image)
    poses_by_face = {face: _find_body(image, face) for face in faces[:MOST_FACES]}
    found = [_describe(image, pose, face) for face, pose in poses_by_face.items() if pose]
    for pose in poses_by_face.values():
        scene.paint_over(pose)
    alone = [face for face, pose in poses_by_face.items() if not pose]
    for pose in scene.list_others():
        owner = next((face for face in alone if _is_on(face, pose)), None)
        if not any(bodies.are_same(pose.joints, person.joints) for person in found):
            found.append(_describe(image, pose, owner))
            alone = [face for face in alone if face is not owner]
    found.extend(_stand_in(face) for face in alone)
    return tuple(sorted(found, key=lambda person: -area(person.box)))


class _Scene:
    """The whole picture at a size at which people stand out, without those that were found already."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        self._pixels = solutions.take(image, (0, 0, *image.size), most=SCENE_PIXELS).copy()
        self._blank = self._pixels.mean(axis=(0, 1)).astype(np.uint8)

    def paint_over(self, pose: Pose | None) -> None:
        """Take the body of this pose, which is of the whole image, out of the scene."""
        if pose is None:
            return
        high, wide = self._pixels.shape[:2]
        mask = Image.fromarray(pose.mask >= PAINTED)
        x, y, width, height = (round(value * wide / self._image.width) for value in pose.window)
        there = Image.new("1", (wide, high))
        there.paste(mask.resize((max(1, width), max(1, height))), (x, y))
        self._pixels[np.asarray(there)] = self._blank

    def list_others(self) -> Iterator[Pose]:
        """The poses of those who are left, one after the other, each seen a second time from near."""
        for _ in range(MOST_FACELESS):
            far = self._find_far()
            if far is None:
                return
            box = bodies.find_box(far, self._image.size)
            room = ROOM * max(box[2] - box[0], box[3] - box[1])
            near = poses.find_pose(self._image, to_rect(grow(box, by=room), self._image.size))
            # What is no person is not seen again, or elsewhere.
            if near and bodies.are_same(near.joints, far.joints):
                yield near
            self.paint_over(far)

    def _find_far(self) -> Pose | None:
        """The first who is seen in the whole, or in a long picture in one of its squares."""
        scene = Image.fromarray(self._pixels)
        side = max(min(scene.size), max(scene.size) // MOST_LONG)
        squares = tiles.cover(scene.size, side, overlap=0.5) if max(scene.size) > LONG * side else ()
        for window in ((0, 0, *scene.size), *squares):
            pose = poses.find_pose(scene, window)
            if pose:
                return self._enlarge(pose)
        return None

    def _enlarge(self, pose: Pose) -> Pose:
        """A pose of the scene as one of the image."""
        factor = self._image.width / self._pixels.shape[1]
        joints = {
            name: replace(joint, point=(joint.point[0] * factor, joint.point[1] * factor))
            for name, joint in pose.joints.items()
        }
        x, y, width, height = (round(value * factor) for value in pose.window)
        return replace(pose, joints=joints, window=(x, y, width, height))


def _find_body(image: Image.Image, face: Face) -> Pose | None:
    """The pose whose nose lies in this face: in all of its surroundings, or in a strip that leaves neighbours out."""
    wide = face_detector.body_around(face.box, image.size)
    width = face.box[2] - face.box[0]
    strip = (face.box[0] - STRIP * width, wide[1], face.box[2] + STRIP * width, wide[1] + wide[3])
    for window in (wide, to_rect(strip, image.size)):
        pose = poses.find_pose(image, window)
        if pose and _is_on(face, pose):
            return pose
    return None


def _is_on(face: Face, pose: Pose) -> bool:
    return holds(grow(face.box, by=NEAR * (face.box[2] - face.box[0])), pose.joints["nose"].point)


def _describe(image: Image.Image, pose: Pose, face: Face | None) -> Person:
    joints = bodies.list_joints(image, pose)
    box = bodies.find_box(pose, image.size)
    if face:
        box = around([box, face.box, (*face.top, *face.top)])
    return Person(box=box, confidence=bodies.measure_confidence(joints, image.size), face=face, joints=joints)


def _stand_in(face: Face) -> Person:
    """Somebody of whom only the face was made out: all other joints count as hidden."""
    seen = {
        "nose": face.nose,
        "left_eye": face.right_eye,
        "right_eye": face.left_eye,
        "mouth_left": face.mouth,
        "mouth_right": face.mouth,
        "head_top": face.top,
    }
    joints = {name: Joint(seen.get(name, face.chin), float(name in seen)) for name in (*NAMES, "head_top")}
    return Person(around([face.box, (*face.top, *face.top)]), face.confidence, face, joints)
