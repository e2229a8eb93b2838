"""Curves of light: exposure as a camera has it, and contrast. Values go from 0 to 1."""

import math

STOPS = 2.0
"""How many times the light is doubled, or halved, at an exposure of 100."""

STEEPEST = 2.0
"""Steepness of the S of a contrast of 100: differences in the middle are then 2.07 times as large."""

FLATTEST = 0.6
"""By what part differences shrink at a contrast of −100."""


def to_linear(value: float) -> float:
    """Light by the sRGB value, after IEC 61966-2-1."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def from_linear(light: float) -> float:
    """The sRGB value of a light: the inverse of `to_linear`."""
    return light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def expose(value: float, exposure: float) -> float:
    """The sRGB value with more or less light: `exposure` from −100 to 100 stands for −2 to 2 stops.

    Less light is a plain factor. More light is one for the shadows; highlights come closer to white and keep their
    differences: the darkness 1 − light is raised to that power.
    """
    factor = 2 ** (STOPS * exposure / 100)
    light = to_linear(value)
    return from_linear(light * factor if factor <= 1 else 1 - (1 - light) ** factor)


def contrast(value: float, level: float) -> float:
    """The value further from the middle, or nearer to it: `level` from −100 to 100.

    Upwards along an S through black, the middle and white, so that nothing is clipped; downwards along a straight line.
    """
    if level <= 0:
        return 0.5 + (value - 0.5) * (1 + FLATTEST * level / 100)
    # By the root, for the growth of differences goes by the square of the steepness while that is small.
    steepness = STEEPEST * math.sqrt(level / 100)
    return 0.5 + math.tanh(steepness * (2 * value - 1)) / (2 * math.tanh(steepness))
