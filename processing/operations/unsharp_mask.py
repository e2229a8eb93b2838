"""Sharpening."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.channels import Pixels, change_pixels
from processing.gaussian import FAINTEST_SIGMA, Plane, blur_channels
from processing.picture import Picture


class UnsharpMask(Operation):
    """Sharpen: add to each pixel a share of what sets it apart from the blurred picture. Transparency is left as it is.

    Where a channel v differs from its Gaussian blur b by more than the threshold, it becomes v + amount/100·(v − b),
    rounded and clamped to 0…255. In the blur each pixel counts by its opacity, so that the colours of what is invisible
    do not show; near the edges of the picture only what lies inside counts.
    """

    class Params(base.Params):
        radius: float = Field(
            1.5, ge=0, le=50, description="standard deviation of the Gaussian in pixels; 0 changes nothing"
        )
        amount: float = Field(60, ge=0, le=500, description="share of the difference in per cent; 0 changes nothing")
        threshold: float = Field(2, ge=0, le=255, description="levels up to which a difference is left alone")

    examples = [Example({}), Example({"radius": 20, "amount": 150, "threshold": 0})]
    illustrations = [
        Illustration({"amount": 150}),
        Illustration({}),
        Illustration({"radius": 20, "amount": 60, "threshold": 0}),
    ]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        if params.radius < FAINTEST_SIGMA or params.amount == 0:
            return picture
        return picture.map(lambda frame: _sharpen(frame, params))


def _sharpen(frame: Image.Image, params: UnsharpMask.Params) -> Image.Image:
    alpha = np.asarray(frame.getchannel("A")) if frame.mode == "RGBA" else None
    return change_pixels(frame, lambda pixels: _add_detail(pixels, alpha, params))


def _add_detail(pixels: Pixels, alpha: NDArray[np.uint8] | None, params: UnsharpMask.Params) -> Pixels:
    made = np.empty_like(pixels)
    for channel, blurred in enumerate(blur_channels(pixels, alpha, sigma=params.radius)):
        detail = _find_detail(pixels[..., channel], blurred, params.threshold)
        detail *= params.amount / 100
        detail += pixels[..., channel]
        made[..., channel] = detail.round(out=detail).clip(0, 255, out=detail)
    return made


def _find_detail(plane: Pixels, blurred: Plane, threshold: float) -> Plane:
    """By how much the plane is above its blur, which is overwritten, where that is more than the threshold; else 0."""
    detail = np.subtract(plane, blurred, out=blurred)
    detail *= np.abs(detail) > threshold
    return detail
