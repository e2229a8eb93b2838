"""What stands out in a picture, as the network U²-Net sees it: one number for each place in a square of 320.

U²-Net: Qin et al., "U²-Net: Going Deeper with Nested U-Structure for Salient Object Detection", 2020. The picture is
prepared as its authors do: squeezed into the square, divided by its brightest value, then by ImageNet's mean and
deviation. Their last step, stretching the answer to 0 to 1, is left out: it would turn noise into an object.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from processing import models, weights

Map = NDArray[np.float32]
"""Rows of numbers from 0 to 1."""

MODELS = ("u2net.onnx",)
SIDE = 320

MEAN = np.array((0.485, 0.456, 0.406), np.float32)
DEVIATION = np.array((0.229, 0.224, 0.225), np.float32)

SPARE = 8.0
"""A picture is first shrunk by whole numbers to no less than so many times the square: the same to half a level."""


def missing() -> str | None:
    """Why the network cannot be asked here, or None."""
    return weights.missing(*MODELS)


def look(image: Image.Image) -> Map:
    """How surely each place of an RGB image belongs to what stands out: 320×320 numbers, whatever its proportions."""
    session = models.load(MODELS[0], _build)
    (answer,) = session.run([session.get_outputs()[0].name], {session.get_inputs()[0].name: _prepare(image)})
    found: Map = answer[0, 0]
    return found


def _prepare(image: Image.Image) -> Map:
    square = image.resize((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=SPARE)
    pixels = np.asarray(square, np.float32)
    pixels = pixels / max(float(pixels.max()), 1.0)
    return np.ascontiguousarray(((pixels - MEAN) / DEVIATION).transpose(2, 0, 1)[np.newaxis])


def _build() -> Any:
    # Here alone: it weighs 40 MB and most pictures need none.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = models.threads()
    options.inter_op_num_threads = 1
    # The arena keeps 300 MB between pictures and gains nothing on one core.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    path = weights.path_of(MODELS[0])
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
