"""Figures for a cut-out, held against what is known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Plane = NDArray[np.float64]

AROUND = 7
"""The edge is what is neither opaque nor transparent, and three pixels around."""

GROUNDS = ((255, 255, 255), (0, 0, 0), (255, 0, 255))


@dataclass(frozen=True)
class Figures:
    """iou: intersection over union at alpha 128. alpha_error: mean over all pixels, in levels of 255.

    fringe: along the edge, how far the colours are from the object's, as much as alpha lets through; mean levels.
    edge: along the edge, how far the result over white, black and magenta is from the right one; mean levels.
    Both are None where the object's own colours are not known.
    """

    iou: float
    alpha_error: float
    fringe: float | None = None
    edge: float | None = None


def compare_masks(made: Image.Image, known: Plane) -> Figures:
    """A cut-out's alpha ("L") against a reference."""
    alpha = np.asarray(made, float)
    one, other = alpha >= 128, known >= 128
    union = (one | other).sum()
    return Figures(float((one & other).sum() / union) if union else 1.0, float(np.abs(alpha - known).mean()))


def compare_cut(made: Image.Image, known: Plane, colors: Plane) -> Figures:
    """A cut-out (RGBA) against alpha and colours of what it was cut out of."""
    alpha = np.asarray(made.getchannel("A"), float)
    edge = find_edge(known)
    mine = np.asarray(made.convert("RGB"), float)[edge]
    share, right = alpha[edge][:, np.newaxis] / 255, known[edge][:, np.newaxis] / 255
    fringe = (share * np.abs(mine - colors[edge])).mean()
    shown = [
        np.abs(share * mine + (1 - share) * ground - right * colors[edge] - (1 - right) * ground).mean()
        for ground in map(np.array, GROUNDS)
    ]
    plain = compare_masks(made.getchannel("A"), known)
    return Figures(plain.iou, plain.alpha_error, float(fringe), float(np.mean(shown)))


def find_edge(alpha: Plane) -> NDArray[np.bool_]:
    soft = (alpha > 0) & (alpha < 255)
    made: NDArray[np.bool_] = ndimage.binary_dilation(soft, np.ones((AROUND, AROUND)))
    return made
