"""Blurring."""

import numpy as np
from PIL import Image
from pydantic import Field

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.channels import change_pixels
from processing.gaussian import FAINTEST_SIGMA, blur_pixels
from processing.picture import Picture


class Blur(Operation):
    """Blur the colours with a Gaussian. Transparency is left as it is.

    Any sigma and radius work, also larger than the picture; near the edges only what lies inside counts.
    """

    class Params(base.Params):
        sigma: float = Field(
            ge=0, le=1_000_000, description="standard deviation of the Gaussian in pixels; 0 changes nothing"
        )
        radius: float = Field(
            0, ge=0, le=1_000_000, description="distance in pixels at which it is cut off, rounded up; 0 for 3·sigma"
        )

    examples = [Example({"sigma": 1.5}), Example({"sigma": 218, "radius": 465})]
    illustrations = [Illustration({"sigma": sigma}) for sigma in (3, 1, 12)]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        if params.sigma < FAINTEST_SIGMA:
            return picture
        return picture.map(lambda frame: _blur(frame, params.sigma, params.radius))


def _blur(frame: Image.Image, sigma: float, radius: float) -> Image.Image:
    alpha = np.asarray(frame.getchannel("A")) if frame.mode == "RGBA" else None
    return change_pixels(frame, lambda pixels: blur_pixels(pixels, alpha, sigma=sigma, radius=radius))
