"""Removing the bars of a letterbox."""

import numpy as np

from processing import base
from processing.base import Context, Example, Illustration, Operation, Step
from processing.channels import Pixels
from processing.geometry import shifting
from processing.picture import Picture

UNIFORM = 1
"""How far the first row's pixels may lie from its first one, in each channel."""

ALIKE = 10
"""How far the mean of a row may lie from the bars' colour, in each channel."""


class Ulb(Operation):
    """Remove plain bars above and below the picture ("un-letterbox"), never at its sides.

    The first row must be of one colour: that is the bars' colour. Rows at the top and at the bottom whose mean is close
    to it are cut off. A picture without bars, or of bars alone, stays as it is.
    """

    class Params(base.Params):
        pass

    examples = [Example({})]
    illustrations = [
        Illustration(
            {},
            before=(
                Step(
                    operation="fitmethod",
                    params={"fit_type": "letterbox", "width": {"value": 240}, "height": {"value": 240}},
                ),
            ),
        ),
        Illustration({}),
    ]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        rows = _find_content(np.asarray(picture.frames[0])[..., :3])
        if rows is None:
            return picture
        box = 0, rows[0], picture.size[0], rows[1]
        return picture.map(lambda frame: frame.crop(box), moved=shifting(0, rows[0]))


def _find_content(pixels: Pixels) -> tuple[int, int] | None:
    """The first row between the bars and the one after the last, or None where nothing is to be cut."""
    bar = pixels[0, 0].astype(np.int16)
    if (np.abs(pixels[0] - bar) > UNIFORM).any():
        return None
    differs = (np.abs(pixels.mean(axis=1) - bar) > ALIKE).any(axis=1)
    content = np.flatnonzero(differs)
    return (int(content[0]), int(content[-1]) + 1) if len(content) else None
