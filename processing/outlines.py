"""From how surely each place is the object to its parts: what is object, what is ground, and what lies between."""

import numpy as np
from numpy.typing import NDArray

from processing.geometry import Box
from processing.opencv import cv2

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]

SPECK = 0.02
"""A part smaller than this share of the largest is no part of the object."""

PINHOLE = 0.0005
"""A hole smaller than this share of the object is none. Larger ones are: between an arm and a body, in a handle."""

NARROW, WIDE = 1.5, 6.0
"""How far the outline is uncertain on both sides, in places of the network's map: always, and where it is unsure."""

UNSURE = 0.04


def keep_main_parts(mask: Mask) -> Mask:
    """The mask without specks and pinholes."""
    solid = _drop_small(mask, SPECK)
    return ~_drop_small(~solid, PINHOLE, of=int(solid.sum())) if solid.any() else solid


def _drop_small(mask: Mask, share: float, *, of: int | None = None) -> Mask:
    """The mask without parts that have less than this share of the largest, or of so many pixels."""
    count, labels, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count == 1:
        return mask
    areas = facts[:, cv2.CC_STAT_AREA]
    least = share * (of or areas[1:].max())
    kept = areas >= least
    kept[0] = False
    made: Mask = kept[labels]
    return made


def find_unknown(guess: Plane, solid: Mask, step: float) -> Mask:
    """Where the colours have to decide, along the outline of what is solid.

    guess: 0 to 1. step: pixels for one place of the network's map.
    """
    inside = cv2.distanceTransform(solid.astype(np.uint8), cv2.DIST_L2, 3)
    outside = cv2.distanceTransform((~solid).astype(np.uint8), cv2.DIST_L2, 3)
    distance = inside + outside
    is_unsure = (guess > UNSURE) & (guess < 1 - UNSURE)
    unknown: Mask = (distance <= NARROW * step + 1) | (is_unsure & (distance <= WIDE * step))
    return unknown


def find_bounds(mask: Mask) -> Box | None:
    """The box around what is set, or None."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
