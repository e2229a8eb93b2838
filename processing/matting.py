"""Closed-form matting: how much of each pixel along an outline is the object, from the picture's own colours.

Levin, Lischinski, Weiss, "A Closed-Form Solution to Natural Image Matting", 2008: in every window of 3×3 pixels alpha
is taken to be a linear function of the colour. What departs from that costs, which makes a sparse system of equations;
here only the unknown pixels are in it, and conjugate gradients solve it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from processing.opencv import cv2

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8]

FLATNESS = 1e-5
"""What is added to the colours' variance in a window (colours from 0 to 1), so that a flat one has an answer."""

TRUST = 0.003
"""How much a pixel holds to the guess that it came with, against its neighbours' one."""

ROUNDS, ENOUGH = 40, 1e-3
"""Rounds of the solver at most, and the share of the first error at which it stops."""

WINDOW = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
REACH = 2
"""Two pixels of one window are at most so far apart along an axis: each pixel has 5×5 partners."""

PARTNERS = 2 * REACH + 1


@dataclass(frozen=True)
class _System:
    """The equations of the unknown pixels.

    weights: n × 25, of each pixel's partners. partners: n × 25, their numbers in the system, n where one is known.
    places: n × 25, where they lie in the padded picture.
    """

    weights: Plane
    partners: NDArray[np.int32]
    places: NDArray[np.int64]


def solve_alpha(pixels: Pixels, guess: Plane, unknown: Mask) -> Plane:
    """The guess with better numbers where it is unknown. What is known is 0 or 1.

    pixels: height × width × 3. guess: 0 to 1. Takes about 3 kB for each unknown pixel.
    """
    if not unknown.any():
        return guess
    system = _build_system(_pad(pixels.astype(np.float32) / np.float32(255)), np.pad(unknown, REACH))
    known = np.where(unknown, 0, guess).astype(np.float32)
    count = len(system.weights)
    inner = system.partners < count
    pull = -(system.weights * np.where(inner, 0, _pad(known).ravel()[system.places])).sum(axis=1)
    rows = np.concatenate([[0], np.cumsum(inner.sum(axis=1))])
    matrix = sparse.csr_matrix((system.weights[inner], system.partners[inner], rows), shape=(count, count))
    start = guess[unknown].astype(np.float32)
    matrix = matrix + sparse.diags(np.full(count, TRUST, np.float32))
    made = known
    made[unknown] = _descend(matrix, pull + TRUST * start, start).clip(0, 1)
    return made


def _pad(plane: Plane) -> Plane:
    around = ((REACH, REACH), (REACH, REACH)) + ((0, 0),) * (plane.ndim - 2)
    return np.pad(plane, around, mode="edge")


def _build_system(pixels: Plane, unknown: Mask) -> _System:
    """pixels, unknown: padded, the padding not being unknown."""
    width = unknown.shape[1]
    windows = _list_windows(unknown, width)
    likeness = _compare(pixels.reshape(-1, 3)[windows])
    places = np.flatnonzero(unknown)
    count = len(places)
    numbers = np.full(unknown.size, count, np.int32)
    numbers[places] = np.arange(count)
    # The last row takes what belongs to known pixels, and is dropped.
    weights = np.zeros((count + 1, PARTNERS**2), np.float32)
    for one, (y, x) in enumerate(WINDOW):
        # A pixel is at this place of one window only, so that no row is named twice.
        rows = numbers[windows[:, one]]
        weights[rows, PARTNERS * REACH + REACH] += 1
        for other, (down, right) in enumerate(WINDOW):
            weights[rows, PARTNERS * (down - y + REACH) + right - x + REACH] -= likeness[:, one, other]
    steps = np.array([dy * width + dx for dy in range(-REACH, REACH + 1) for dx in range(-REACH, REACH + 1)])
    around = places[:, np.newaxis] + steps
    return _System(weights[:count], numbers[around], around)


def _list_windows(unknown: Mask, width: int) -> NDArray[np.int64]:
    """The nine places of every window that holds an unknown pixel and lies inside the picture."""
    near = cv2.dilate(unknown.astype(np.uint8), np.ones((3, 3), np.uint8))
    inner = slice(REACH + 1, -REACH - 1)
    near[: inner.start], near[inner.stop :], near[:, : inner.start], near[:, inner.stop :] = 0, 0, 0, 0
    centres = np.flatnonzero(near)
    return centres[:, np.newaxis] + np.array([dy * width + dx for dy, dx in WINDOW])


def _compare(colors: Plane) -> Plane:
    """How much each pixel of a window says about each other: n × 9 × 9, of colours n × 9 × 3."""
    offset = colors - colors.mean(axis=1, keepdims=True)
    turned = offset.transpose(0, 2, 1)
    spread = np.matmul(turned, offset) / 9 + np.eye(3, dtype=np.float32) * (FLATNESS / 9)
    inverse = np.linalg.inv(spread.astype(np.float64)).astype(np.float32)
    alike: Plane = (1 + np.matmul(np.matmul(offset, inverse), turned)) / 9
    return alike


def _descend(matrix: sparse.csr_matrix, wanted: Plane, start: Plane) -> Plane:
    """Conjugate gradients, each unknown scaled by its own weight."""
    scale = 1 / matrix.diagonal()
    x = start.copy()
    rest = wanted - matrix @ x
    step = scale * rest
    gain, enough = float(rest @ step), ENOUGH * max(float(np.linalg.norm(wanted)), 1e-9)
    for _ in range(ROUNDS):
        if np.linalg.norm(rest) <= enough:
            break
        pushed = matrix @ step
        length = gain / float(step @ pushed)
        x += length * step
        rest -= length * pushed
        scaled = scale * rest
        before, gain = gain, float(rest @ scaled)
        step = scaled + (gain / before) * step
    return x
