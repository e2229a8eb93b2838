"""Mirroring."""

from typing import Literal

from PIL import Image
from pydantic import Field

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.geometry import Affine
from processing.picture import Picture


class Flip(Operation):
    """Mirror the picture."""

    class Params(base.Params):
        direction: Literal["horizontal", "vertical"] = Field(
            description="`horizontal` swaps left and right, `vertical` swaps top and bottom"
        )

    examples = [Example({"direction": "horizontal"}), Example({"direction": "vertical"})]
    illustrations = [Illustration({"direction": direction}) for direction in ("horizontal", "vertical")]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        width, height = picture.size
        if params.direction == "horizontal":
            moved: Affine = (-1.0, 0.0, width, 0.0, 1.0, 0.0)
            return picture.map(lambda frame: frame.transpose(Image.Transpose.FLIP_LEFT_RIGHT), moved=moved)
        moved = (1.0, 0.0, 0.0, 0.0, -1.0, height)
        return picture.map(lambda frame: frame.transpose(Image.Transpose.FLIP_TOP_BOTTOM), moved=moved)
