"""Removing noise."""

from processing import base
from processing.base import Context, Example, Illustration, Operation, Step
from processing.channels import change_pixels
from processing.noise import reduce_noise
from processing.picture import Picture

DETAIL = {"width": {"value": 120}, "height": {"value": 90}, "fit": False}


class Enhance(Operation):
    """Reduce noise: average each pixel with those of the 5×5 block around it that hardly differ from it.

    Edges and single pixels that stand out are kept, as are the two outermost columns on each side.
    """

    class Params(base.Params):
        pass

    examples = [Example({})]
    illustrations = [
        Illustration({}, photo="noisy", before=(Step(operation="crop", params=DETAIL),)),
        Illustration({}, photo="noisy"),
        Illustration({}, photo="astronaut"),
    ]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        return picture.map(lambda frame: change_pixels(frame, reduce_noise))
