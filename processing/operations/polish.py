"""A last touch."""

from PIL import Image

from processing import base
from processing.base import Context, Example, Illustration, Operation, Step
from processing.bleeding import change_visible
from processing.local_contrast import even_out
from processing.picture import Picture
from processing.sharpening import sharpen

AMOUNT = 0.8
"""Times that fine detail is added."""

DEPTH = 0.15
"""Share of the full strength of local contrast."""


class Polish(Operation):
    """Give the picture a last touch: fine detail a little sharper, and a little more local contrast.

    Noise and the grain of JPEG are left alone, edges get no fringes of colour, and tones stay about as they are.
    """

    class Params(base.Params):
        pass

    examples = [Example({})]
    illustrations = [
        Illustration({}, photo="chelsea", before=(Step(operation="blur", params={"sigma": 0.8}),)),
        Illustration({}, photo="coffee"),
        Illustration({}, photo="astronaut"),
    ]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        return picture.map(lambda frame: change_visible(frame, _polish))


def _polish(colors: Image.Image) -> Image.Image:
    return sharpen(even_out(colors, DEPTH), AMOUNT)
