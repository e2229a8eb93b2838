"""Things that have a name: 23 kinds, by a detector that was trained on Open Images.

How its numbers become boxes follows mediapipe's object_detection_oid_v4_cpu graph: an SSD of six layers whose boxes are
given against anchors.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from processing import models, solutions, weights
from processing.boxes import keep_best
from processing.geometry import Box, Size

MODELS = ("ssd_mobilenetv2_oidv4_fp16.tflite",)

# fmt: off
LABELS = (
    "bicycle", "boot", "laptop", "person", "chair", "cattle", "desk", "cat", "computer mouse", "computer monitor",
    "box", "mug", "coffee cup", "stationary bicycle", "table", "bottle", "high heels", "vehicle", "footwear", "dog",
    "book", "camera", "car",
)
# fmt: on
"""In the model's order; its first class stands for nothing."""

SYNONYMS = {
    "bicycle": ("bike", "cycle", "road bike", "mountain bike"),
    "boot": ("boots", "ankle boot", "ankle boots"),
    "laptop": ("notebook computer", "computer", "macbook"),
    "person": ("people", "human", "model", "man", "woman", "child", "boy", "girl"),
    "chair": ("armchair", "stool", "seat"),
    "cattle": ("cow", "bull", "ox"),
    "desk": ("writing desk",),
    "cat": ("kitten",),
    "computer mouse": ("mouse",),
    "computer monitor": ("monitor", "screen", "display"),
    "box": ("package", "carton", "parcel"),
    "mug": ("cup",),
    "coffee cup": ("tea cup", "teacup", "cup"),
    "stationary bicycle": ("exercise bike",),
    "table": ("dining table", "coffee table", "side table"),
    "bottle": ("flask", "perfume"),
    "high heels": ("high heel", "heels", "pumps", "stilettos"),
    "vehicle": ("truck", "van", "bus", "lorry", "motorcycle", "motorbike"),
    "footwear": ("shoe", "sneaker", "trainer", "sandal", "boot", "high heels", "heels"),
    "dog": ("puppy",),
    "book": ("novel", "notebook"),
    "camera": ("digital camera",),
    "car": ("automobile", "auto", "sedan", "suv", "coupe", "vehicle"),
}
"""Words that people use for a label, beside the label itself and its plural."""

LEAST_CONFIDENCE, SAME_THING = 0.4, 0.5

SIDE = 300
STRIDES = (16, 32, 64, 128, 256, 512)
SMALLEST, LARGEST = 0.2, 0.95
RATIOS = (1.0, 2.0, 0.5, 3.0, 0.3333)
CENTER_SCALE, SIZE_SCALE = 10.0, 5.0

Numbers = NDArray[np.float32]


@dataclass(frozen=True)
class Thing:
    """A thing in pixels of the picture that was looked at. label: one of LABELS. confidence: 0.4 to 1."""

    label: str
    box: Box
    confidence: float


def missing() -> str | None:
    """Why things cannot be found here, or None."""
    return weights.missing_package("ai_edge_litert") or weights.missing(*MODELS)


def find(image: Image.Image) -> tuple[Thing, ...]:
    """Every thing in an upright picture that has a name here, the surest first."""
    pixels = solutions.take(image, (0, 0, *image.size), most=2 * SIDE)
    square = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    encodings, logits = _ask(np.asarray(square, np.float32) / 127.5 - 1)
    scores = 1 / (1 + np.exp(-logits))
    things = list(_read(_decode(encodings), scores.astype(np.float32), image.size))
    kept = [thing for label in LABELS for thing in _keep(things, label)]
    return tuple(sorted(kept, key=lambda thing: -thing.confidence))


def match_hints(hints: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The labels that these words name, in the order of LABELS, and the words that name none."""
    meant = {hint: _find_labels(hint) for hint in hints}
    named = {label for labels in meant.values() for label in labels}
    return tuple(label for label in LABELS if label in named), tuple(hint for hint in hints if not meant[hint])


def _find_labels(hint: str) -> set[str]:
    word = " ".join(hint.lower().split())
    forms = {word, word.removesuffix("s"), word.removesuffix("es")}
    return {label for label in LABELS if forms & {label, *SYNONYMS[label]}}


def _ask(pixels: Numbers) -> tuple[Numbers, Numbers]:
    """Box encodings and class logits, one row for each anchor."""
    interpreter, inputs, boxes, classes = models.load(MODELS[0], _build)
    interpreter.set_tensor(inputs, pixels[None])
    interpreter.invoke()
    return interpreter.get_tensor(boxes)[0], interpreter.get_tensor(classes)[0]


def _build() -> tuple[Any, int, int, int]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(weights.path_of(MODELS[0])), num_threads=models.threads())
    interpreter.allocate_tensors()
    outputs = {each["name"]: each["index"] for each in interpreter.get_output_details()}
    inputs = interpreter.get_input_details()[0]["index"]
    return interpreter, inputs, outputs["raw_outputs/box_encodings"], outputs["raw_outputs/class_predictions"]


def _decode(encodings: Numbers) -> Numbers:
    """Boxes as left, top, right and bottom in parts of the picture."""
    anchors = _list_anchors()
    centers = encodings[:, 1::-1] / CENTER_SCALE * anchors[:, 2:] + anchors[:, :2]
    halves = np.exp(encodings[:, 3:1:-1] / SIZE_SCALE) * anchors[:, 2:] / 2
    return np.clip(np.concatenate([centers - halves, centers + halves], axis=1), 0, 1)


def _read(boxes: Numbers, scores: Numbers, size: Size) -> Iterator[Thing]:
    for row, column in np.argwhere(scores[:, 1:] >= LEAST_CONFIDENCE):
        left, top, right, bottom = (float(value) for value in boxes[row])
        box = left * size[0], top * size[1], right * size[0], bottom * size[1]
        yield Thing(LABELS[column], box, float(scores[row, 1 + column]))


def _keep(things: Sequence[Thing], label: str) -> list[Thing]:
    return keep_best((thing for thing in things if thing.label == label), most_shared=SAME_THING)


@cache
def _list_anchors() -> Numbers:
    """The centre, the width and the height of each anchor, in parts of the picture."""
    rows = []
    for layer, stride in enumerate(STRIDES):
        cells = -(-SIDE // stride)
        for y in range(cells):
            for x in range(cells):
                rows += [((x + 0.5) / cells, (y + 0.5) / cells, *shape) for shape in _list_shapes(layer)]
    return np.array(rows, np.float32)


def _list_shapes(layer: int) -> list[tuple[float, float]]:
    """The widths and heights of the anchors in each cell of a layer."""
    scale, following = _scale(layer), _scale(layer + 1) if layer + 1 < len(STRIDES) else 1.0
    shapes = [(ratio, scale) for ratio in RATIOS] + [(1.0, (scale * following) ** 0.5)]
    if layer == 0:
        shapes = [(1.0, 0.1), (2.0, scale), (0.5, scale)]
    return [(size * ratio**0.5, size / ratio**0.5) for ratio, size in shapes]


def _scale(layer: int) -> float:
    return SMALLEST + (LARGEST - SMALLEST) * layer / (len(STRIDES) - 1)
