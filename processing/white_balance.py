"""The colour of the light, told from what is almost grey, and how to make it neutral."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from processing.luma import WEIGHTS
from processing.tones import to_linear

LOOK_SIDE = 256
"""Pixels of the longer side of what is looked at."""

GREYEST = 0.22
"""How far the channels of a pixel may lie apart, as a share of the largest, for it to be almost grey."""

DARKEST, BRIGHTEST = 0.08, 0.95
"""Between these values, of 1, a pixel tells something: below is noise, above something is clipped."""

LEAST_SHARE = 0.05
"""Of the visible pixels that must be almost grey, or nothing is known of the light."""

TURNS = 4
MOST_GAIN = 1.1
STRENGTH = 0.6
"""What is corrected of the tint that is found: some of it belongs to the scene."""

Colors = NDArray[np.float64]
NEUTRAL = (1.0, 1.0, 1.0)

_LIGHT = np.array([to_linear(value / 255) for value in range(256)])


def find_gains(image: Image.Image) -> Sequence[float]:
    """What red, green and blue of light are to be multiplied by, for an RGB or RGBA image. Luma stays the same.

    The mean of what is almost grey is made grey, and again of what is then. Each gain lies between 1/1.1 and 1.1.
    """
    small = image.copy()
    small.thumbnail((LOOK_SIDE, LOOK_SIDE), Image.Resampling.BOX)
    values = _list_visible(small)
    gains = np.ones(3)
    for _ in range(TURNS):
        grey = values[_is_grey(values * gains ** (1 / 2.2))]
        if len(grey) < max(1, LEAST_SHARE * len(values)):
            return NEUTRAL
        gains = _balance(_LIGHT[grey].mean(axis=0))
    limited = (gains**STRENGTH).clip(1 / MOST_GAIN, MOST_GAIN)
    return tuple(float(gain) for gain in limited)


def _list_visible(image: Image.Image) -> NDArray[np.uint8]:
    pixels = np.asarray(image).reshape(-1, len(image.getbands()))
    return pixels[pixels[:, 3] > 127][:, :3] if image.mode == "RGBA" else pixels


def _is_grey(values: Colors) -> NDArray[np.bool_]:
    highest, lowest = values.max(axis=1), values.min(axis=1)
    tells = (lowest > DARKEST * 255) & (highest < BRIGHTEST * 255)
    return tells & (highest - lowest < GREYEST * highest)


def _balance(light: Colors) -> Colors:
    return (light @ np.array(WEIGHTS)) / light
