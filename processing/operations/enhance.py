"""Removing noise."""

from processing import base
from processing.base import Context, Example, Operation
from processing.channels import change_pixels
from processing.noise import reduce_noise
from processing.picture import Picture


class Enhance(Operation):
    """Reduce noise: average each pixel with those of the 5×5 block around it that hardly differ from it.

    Edges and single pixels that stand out are kept, as are the two outermost columns on each side.
    """

    class Params(base.Params):
        pass

    examples = [Example({})]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        return picture.map(lambda frame: change_pixels(frame, reduce_noise))
