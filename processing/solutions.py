"""What mediapipe is asked through: its ready-made graphs, built on first use, and pixels in the form that they take."""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from processing import models, weights
from processing.geometry import Rect

Pixels = NDArray[np.uint8]

SOLUTIONS = "mediapipe.python.solutions"

SURE_OF_FACE = 0.7
"""What the detector before the mesh must reach. Ears and clouds of smoke reach 0.5, faces of 30 pixels 0.7."""


def missing() -> str | None:
    """Why mediapipe cannot be imported here, or None. It is not imported to find out."""
    return weights.missing_package("mediapipe")


FACE_DETECTION = ("face_detection_full_range_sparse.tflite",)
FACE_MESH = ("face_landmark_with_attention.tflite", "face_detection_short_range.tflite")
POSE = ("pose_landmark_full.tflite", "pose_detection.tflite")
SELFIE = ("selfie_segmentation.tflite",)


def face_detector() -> Any:
    """Finds faces from about a tenth of the picture's longer side on."""
    return _load(FACE_DETECTION, _build_face_detector)


def face_mesh() -> Any:
    """478 points of the one face in a crop, or none where it is not sure of a face."""
    return _load(FACE_MESH, _build_face_mesh)


def pose() -> Any:
    """33 points of one body, and its mask."""
    return _load(POSE, _build_pose)


def selfie() -> Any:
    """A mask of the people in a crop, hair and hats included."""
    return _load(SELFIE, _build_selfie)


def take(image: Image.Image, rect: Rect, *, most: int, least: int = 1) -> Pixels:
    """A part of an image as rows of RGB, transparent pixels over white.

    most, least: how many pixels its longer side has afterwards at the most, and at the least.
    """
    x, y, width, height = rect
    box = (x, y, x + width, y + height)
    factor = min(max(width, height, least), most) / max(width, height)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    if image.mode == "RGBA":
        # Premultiplying it all would cost more than the part.
        image, box = image.crop(box), (0, 0, width, height)
    part = image.resize(size, Image.Resampling.BICUBIC, box, reducing_gap=2)
    if part.mode == "RGBA":
        flat = Image.new("RGB", size, "white")
        flat.paste(part, mask=part.getchannel("A"))
        part = flat
    return np.asarray(part.convert("RGB"))


def _load(names: tuple[str, ...], build: Callable[[], Any]) -> Any:
    """The graph that reads these files, whose digests are right. It is known by the first."""

    def build_checked() -> Any:
        for name in names:
            weights.path_of(name)
        return build()

    return models.load(names[0], build_checked)


def _build_face_detector() -> Any:
    return _import("face_detection").FaceDetection(model_selection=1, min_detection_confidence=0.5)


def _build_face_mesh() -> Any:
    options = {"static_image_mode": True, "max_num_faces": 1, "refine_landmarks": True}
    return _import("face_mesh").FaceMesh(**options, min_detection_confidence=SURE_OF_FACE)


def _build_pose() -> Any:
    return _import("pose").Pose(static_image_mode=True, model_complexity=1, enable_segmentation=True)


def _build_selfie() -> Any:
    return _import("selfie_segmentation").SelfieSegmentation(model_selection=0)


def _import(solution: str) -> ModuleType:
    """One of mediapipe's solutions.

    Its packages' own fronts are stepped over: they import all solutions, and OpenCV and matplotlib to draw with, which
    takes seconds and needs a home to write to.
    """
    for name in ("mediapipe", SOLUTIONS):
        if name not in sys.modules:
            package = ModuleType(name)
            package.__path__ = [str(Path(*_locate(), *name.split(".")[1:]))]
            # Else whoever asks where the package lies is told that it was not imported properly.
            package.__spec__ = ModuleSpec(name, None, is_package=True)
            package.__spec__.submodule_search_locations = list(package.__path__)
            sys.modules[name] = package
    return importlib.import_module(f"{SOLUTIONS}.{solution}")


@cache
def _locate() -> list[str]:
    """The folder of the installed package; empty where there is none."""
    spec = importlib.util.find_spec("mediapipe")
    return list((spec and spec.submodule_search_locations) or ())
