"""Plain grounds: a wall, a sweep of paper, a screen. What differs from one and hangs on to the object belongs to it.

The network overlooks an arm before a white wall; the colours do not.
"""

import numpy as np
from numpy.typing import NDArray

from processing.opencv import cv2

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8]

PLAIN_LEVELS, PLAIN_SHARE, LIT_SHARE = 10.0, 0.95, 0.7
"""A ground is plain when this share of it is no further than so many levels from a smooth surface, or in shadow, and
no more of it lies in shadow than leaves the last share."""

DIFFERENT_LEVELS = 14.0
DARKEST_SHADOW, SHADOW_TINT = 0.4, 12.0
"""What is only darker than the ground, down to this share of its light, may be shadow: its tint is the ground's."""

LEAST_OWN = 0.3
"""A part that differs is not the object's where less than this share of it cannot be shadow."""

GAP = 5
"""Places that look like shadow between others that do not, up to so many pixels wide, are not."""

LEAST_SHARE = 0.1
SAMPLES = 4000
ROUNDS = 3


def find_overlooked(pixels: Pixels, solid: Mask, ground: Mask) -> Mask:
    """What differs from a plain ground and touches the solid part; nothing where the ground is not plain.

    ground: what is surely not the object, though some of it may be.
    """
    nothing = np.zeros_like(solid)
    if ground.mean() < LEAST_SHARE:
        return nothing
    colors = pixels.astype(np.float32)
    surface = _fit_surface(colors, ground)
    offset = np.abs(colors - surface).max(axis=2)
    shadow, even = _is_shadow(colors, surface), offset <= PLAIN_LEVELS
    if even[ground].mean() < LIT_SHARE or (even | shadow)[ground].mean() < PLAIN_SHARE:
        return nothing
    different = _smooth(offset > DIFFERENT_LEVELS, cv2.MORPH_OPEN, 3) & ~solid
    return _choose_parts(different, different & ~shadow, solid)


def _choose_parts(different: Mask, own: Mask, solid: Mask) -> Mask:
    """What of these parts is the object's: of those that touch the solid part and are not shadow for the most."""
    count, labels = cv2.connectedComponents(different.astype(np.uint8), connectivity=8)
    sizes, owned = (np.bincount(labels[mask], minlength=count) for mask in (different, own))
    near = cv2.dilate(solid.astype(np.uint8), np.ones((GAP, GAP), np.uint8)) > 0
    chosen = owned >= LEAST_OWN * np.maximum(sizes, 1)
    chosen &= np.bincount(labels[near & different], minlength=count) > 0
    chosen[0] = False
    return _smooth(own & chosen[labels], cv2.MORPH_CLOSE, GAP) & chosen[labels]


def _smooth(mask: Mask, how: int, side: int) -> Mask:
    made: Mask = cv2.morphologyEx(mask.astype(np.uint8), how, np.ones((side, side), np.uint8)) > 0
    return made


def _is_shadow(colors: Plane, surface: Plane) -> Mask:
    light, ground = colors.mean(axis=2), np.maximum(surface.mean(axis=2), 1)
    share = light / ground
    tint = np.abs(colors - surface * share[..., np.newaxis]).max(axis=2)
    shadow: Mask = (share < 1) & (share > DARKEST_SHADOW) & (tint < SHADOW_TINT)
    return shadow


def _fit_surface(colors: Plane, ground: Mask) -> Plane:
    """A surface of the second degree for each channel, through most of the ground: what lies far off is left out."""
    height, width = ground.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=2)
    places = np.flatnonzero(ground)[:: max(1, int(ground.sum()) // SAMPLES)]
    chosen, values = terms.reshape(-1, 6)[places], colors.reshape(-1, 3)[places]
    keep = np.ones(len(places), bool)
    for _ in range(ROUNDS):
        factors = np.linalg.lstsq(chosen[keep], values[keep], rcond=None)[0]
        off = np.abs(values - chosen @ factors).max(axis=1)
        keep = off <= max(PLAIN_LEVELS, 2 * float(np.median(off)))
    surface: Plane = (terms @ factors).astype(np.float32)
    return surface
