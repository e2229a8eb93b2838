"""The main object of a picture: what stands out in it, cut out along its edges.

The network looks at the whole picture, then again at the part around what it found, so that the object fills its
square; both answers are joined. What it overlooks before a plain ground the colours add. Its map is coarse, about 320
places a side: along the outline closed-form matting decides, at 0.4 megapixels, and the result is carried up to all
pixels along the picture's own edges.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from processing import backdrop, guided, matting, outlines, saliency
from processing.boxes import clip, grow, to_rect
from processing.geometry import Box, Rect, Size
from processing.saliency import SIDE

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
Corner = tuple[int, int]

SURE_ENOUGH = 0.7
"""The least confidence with which something is an object. Texts and textures stay below; most photographs have 0.9."""

SMALLEST_SHARE = 0.001
"""The least share of the picture that an object has."""

SMALLEST_SIDE = 8
"""A picture of fewer pixels a side shows nothing."""

ROOM = 0.12
"""Room around the object when it is looked at again, of its longer side."""

CLOSE_ENOUGH = 0.8
"""An object whose surroundings are this share of the picture is not looked at again: it would be as large."""

WORK_PIXELS = 400_000
"""At how many pixels the outline is worked out."""

WHOLE = 128


def cut_out(image: Image.Image) -> tuple[Image.Image | None, Corner, float]:
    """Alpha ("L") of the main object of an RGB image and the corner where it lies, or None; and how sure that is."""
    if _is_bare(image):
        return None, (0, 0), 0.0
    first = saliency.look(image)
    confidence = _judge(first)
    if confidence < SURE_ENOUGH:
        return None, (0, 0), confidence
    return *_cut_out(image, first / first.max()), confidence


def _is_bare(image: Image.Image) -> bool:
    """Whether there is nothing to look at: a few pixels, or one colour."""
    return min(image.size) < SMALLEST_SIDE or all(low == high for low, high in image.getextrema())  # type: ignore[misc]


def find_box(alpha: Image.Image) -> Box | None:
    """The box around all parts of alpha of 128 and more but specks, or None."""
    solid = alpha.point(lambda value: 255 if value >= WHOLE else 0)
    factor = max(1, int((alpha.width * alpha.height / WORK_PIXELS) ** 0.5))
    rough = outlines.find_bounds(outlines.keep_main_parts(np.asarray(solid.reduce(factor)) >= WHOLE))
    if rough is None:
        return None
    left, top, width, height = to_rect(grow(_scale(rough, (factor, factor)), by=factor), alpha.size)
    box = solid.crop((left, top, left + width, top + height)).getbbox()
    return box and (left + box[0], top + box[1], left + box[2], top + box[3])


def _scale(box: Box, along: tuple[float, float]) -> Box:
    return box[0] * along[0], box[1] * along[1], box[2] * along[0], box[3] * along[1]


def _judge(seen: Plane) -> float:
    """How sure the network is on average, where it rather sees the object than not."""
    marked = seen[seen >= 0.5]
    return float(marked.mean()) if len(marked) >= SMALLEST_SHARE * seen.size else min(float(seen.max()), 0.5)


def _cut_out(part: Image.Image, first: Plane) -> tuple[Image.Image, Corner]:
    """The alpha of what the network marked in this part, and the corner where it lies in it."""
    x, y, width, height = _look_around(part, first)
    near = part.crop((x, y, x + width, y + height))
    size = _fit(near.size)
    guess = _sample(first, (x, y, width, height), part.size, size)
    side = max(part.size)
    if width * height < CLOSE_ENOUGH * part.width * part.height:
        guess = np.maximum(guess, _sample(saliency.look(near), (0, 0, width, height), near.size, size))
        side = max(near.size)
    small = np.asarray(near.resize(size, Image.Resampling.BOX))
    alpha = _settle(small, guess, side / SIDE * size[0] / width)
    return guided.enlarge(alpha, small, near), (x, y)


def _look_around(part: Image.Image, first: Plane) -> Rect:
    """What is to be looked at closely: the object, and some room."""
    small = np.asarray(part.resize((SIDE, SIDE), Image.Resampling.BOX))
    solid = outlines.keep_main_parts(first >= 0.5)
    solid |= backdrop.find_overlooked(small, solid, _ground_of(first))
    box = outlines.find_bounds(solid)
    assert box is not None
    box = _scale(box, (part.width / SIDE, part.height / SIDE))
    room = ROOM * max(box[2] - box[0], box[3] - box[1])
    return to_rect(clip(grow(box, by=room), part.size), part.size)


def _ground_of(guess: Plane) -> Mask:
    """What is surely not the object."""
    ground: Mask = guess < outlines.UNSURE
    return ground


def _fit(size: Size) -> Size:
    """The size in which the outline is worked out."""
    factor = min(1.0, (WORK_PIXELS / (size[0] * size[1])) ** 0.5)
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _sample(seen: Plane, rect: Rect, of: Size, size: Size) -> Plane:
    """The rectangle of what was seen in a picture `of` a size, at another size."""
    x, y, width, height = rect
    across, down = seen.shape[1] / of[0], seen.shape[0] / of[1]
    box = (x * across, y * down, (x + width) * across, (y + height) * down)
    made = Image.fromarray(seen).resize(size, Image.Resampling.BICUBIC, box)
    return np.asarray(made).clip(0, 1)


def _settle(pixels: NDArray[np.uint8], guess: Plane, step: float) -> Plane:
    """Alpha of 0 or 1 but along the outline, where the colours decide. step: pixels for a place of the map."""
    solid = outlines.keep_main_parts(guess >= 0.5)
    overlooked = backdrop.find_overlooked(pixels, solid, _ground_of(guess))
    solid |= overlooked
    unknown = outlines.find_unknown(guess, solid, step)
    start = np.where(unknown & ~overlooked, guess, solid).astype(np.float32)
    return matting.solve_alpha(pixels, start, unknown)
