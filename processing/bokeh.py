"""The ground of a picture out of focus, without the colours of the object before it.

Blurred are the ground's pixels alone: each result is a weighted mean of what is ground around it (normalised
convolution, Knutsson, Westin, 1993), so that no light of the object's colour lies around the object. What lies behind
the object is made of what is further off.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from processing.opencv import cv2

Kind = Literal["regular", "lens"]
Level = Literal["low", "medium", "high"]
Plane = NDArray[np.float32]

DEVIATION = {"low": 0.005, "medium": 0.012, "high": 0.028}
"""The standard deviation of a regular blur, as a share of the picture's longer side."""

RADIUS = {"low": 0.008, "medium": 0.019, "high": 0.044}
"""The radius of a lens's disc, as a share of the picture's longer side."""

FINE = 8
"""A blur is worked out in a copy in which it is so many pixels wide, or as large as the picture."""

MIXED = 8
"""From this alpha on a pixel has too much of the object to count as ground."""

FAR = 6
"""Where no ground is near, it is looked for so many times as far away."""

BARELY = 1e-3
GAMMA = 2.2
GLOW, BRIGHT = 8.0, 0.7
"""How much more the brightest pixels count in a disc, and from which light on they do."""


def blur_ground(image: Image.Image, alpha: Image.Image, *, kind: Kind, level: Level) -> Image.Image:
    """The ground of an RGB image, blurred, of the same size. alpha ("L", of its size): where the object is."""
    wide = (DEVIATION if kind == "regular" else RADIUS)[level] * max(image.size)
    factor = max(1, int(wide / FINE))
    colors = np.asarray(image.reduce(factor), np.float32) / np.float32(255)
    mixed = alpha.point(lambda value: 255 if value >= MIXED else 0).reduce(factor)
    weight = (np.asarray(mixed) == 0).astype(np.float32)
    made = _blur(colors, weight, wide / factor, kind)
    small = Image.fromarray((made * 255 + 0.5).clip(0, 255).astype(np.uint8))
    return small if factor == 1 else small.resize(image.size, Image.Resampling.BICUBIC)


def _blur(colors: Plane, weight: Plane, wide: float, kind: Kind) -> Plane:
    far = _spread(colors, weight, lambda plane: _gauss(plane, FAR * wide), np.full(3, 0.5, np.float32))
    if kind == "regular":
        return _spread(colors, weight, lambda plane: _gauss(plane, wide), far)
    disc = _draw_disc(wide)
    glowing = weight * _glow(colors)
    light = _spread(colors ** np.float32(GAMMA), glowing, lambda plane: _filter(plane, disc), far ** np.float32(GAMMA))
    made: Plane = light ** np.float32(1 / GAMMA)
    return made


def _spread(colors: Plane, weight: Plane, blur: Callable[[Plane], Plane], otherwise: Plane) -> Plane:
    """The mean of the colours that have weight; where there are none, the other colours."""
    total = np.asarray(blur(weight))[..., np.newaxis]
    sums = np.asarray(blur(colors * weight[..., np.newaxis]))
    made: Plane = ((sums + BARELY * otherwise) / (total + BARELY)).astype(np.float32).clip(0, 1)
    return made


def _gauss(plane: Plane, deviation: float) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), deviation, borderType=cv2.BORDER_REPLICATE), np.float32)


def _filter(plane: Plane, kernel: Plane) -> Plane:
    return np.asarray(cv2.filter2D(plane, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.float32)


def _glow(colors: Plane) -> Plane:
    """What a pixel counts: lamps and glints shine through a lens where a mean would drown them."""
    light = colors.mean(axis=2)
    made: Plane = 1 + GLOW * ((light - BRIGHT) / (1 - BRIGHT)).clip(0, 1) ** 2
    return made


def _draw_disc(radius: float) -> Plane:
    """A round aperture with a smooth rim; its weights have the sum 1."""
    reach = int(radius) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = (radius + 0.5 - np.hypot(x, y)).clip(0, 1).astype(np.float32)
    made: Plane = disc / disc.sum()
    return made
