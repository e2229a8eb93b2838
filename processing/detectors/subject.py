"""The main object of a picture: what stands out in it, cut out along its edges. `cutouts` says how."""

from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageChops

from processing import saliency
from processing.boxes import clip, to_rect
from processing.geometry import Box, Rect, Size

Category = Literal["general", "products", "cars", "people"]
"""What the main object is. `people` also asks the pose; the others are one and the same here."""

MODELS = saliency.MODELS

CLEAR = 16
"""Below this alpha there is nothing to be seen of a pixel."""
CUT_OUT_SHARE = 0.02
"""A source of which this share is clear is a cut-out already; rounded corners of a screenshot are less."""


@dataclass(frozen=True)
class Subject:
    """The main object, in pixels of the picture that was looked at.

    alpha: "L", of the picture's size, with soft edges; empty where there is no main object.
    box: around alpha of 128 and more; None where there is no main object.
    confidence: 0 to 1, how sure the network is of what it marked.
    """

    alpha: Image.Image
    box: Box | None
    confidence: float


def missing() -> str | None:
    """Why no object can be found here, or None."""
    return saliency.missing()


def find(image: Image.Image, category: Category, *, within: Box | None = None) -> Subject:
    """The main object of an upright RGB or RGBA picture.

    A picture that is a cut-out already, a fiftieth of it or more being clear, keeps its own alpha. One with
    less is looked at over white, and what is found is multiplied with its alpha.
    within: the part of the picture that holds the object; what lies outside is not looked at.
    """
    own = image.getchannel("A") if image.mode == "RGBA" else None
    if own is not None and _is_cut_out(own):
        return _restrict(own, within)
    flat = _flatten(image)
    found = _find_in(flat, _rect_of(within, image.size), category)
    if own is None or found.box is None:
        return found
    return _describe(ImageChops.multiply(found.alpha, own), found.confidence)


def _is_cut_out(alpha: Image.Image) -> bool:
    counts = alpha.histogram()
    return sum(counts[:CLEAR]) >= CUT_OUT_SHARE * sum(counts) and any(counts[CLEAR:])


def _restrict(alpha: Image.Image, within: Box | None) -> Subject:
    """A cut-out's own alpha, inside the box."""
    left, top, width, high = _rect_of(within, alpha.size)
    inside = Image.new("L", alpha.size)
    inside.paste(alpha.crop((left, top, left + width, top + high)), (left, top))
    return _describe(inside, 1.0)


def _flatten(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image, mask=image.getchannel("A"))
    return flat


def _rect_of(box: Box | None, size: Size) -> Rect:
    return (0, 0, *size) if box is None else to_rect(clip(box, size), size)


def _describe(alpha: Image.Image, confidence: float) -> Subject:
    # Only here: what it needs weighs more than all that most pictures do.
    from processing import cutouts

    box = cutouts.find_box(alpha)
    return Subject(alpha, box, confidence if box else 0.0)


def _find_in(image: Image.Image, rect: Rect, category: Category) -> Subject:
    from processing import cutouts

    left, top, width, height = rect
    part = image if (width, height) == image.size else image.crop((left, top, left + width, top + height))
    cut, corner, confidence = cutouts.cut_out(part)
    alpha = Image.new("L", image.size)
    if cut is None:
        return Subject(alpha, None, confidence)
    alpha.paste(cut, (left + corner[0], top + corner[1]))
    return _describe(alpha, confidence)
