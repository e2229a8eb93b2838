"""Gaussian blur with an exact cut-off, at a cost that does not grow with the radius.

Line by line through the Fourier transform. Near the edges the taps that fall outside are dropped and the others take
over their weight. Each tap is the mean of the bell curve at three places, a third of a pixel apart.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from processing.channels import Pixels

Plane = NDArray[np.float32]
"""Height × width: one channel."""

LINES = 128
"""Lines transformed at a time: their spectrum needs several times their memory."""

SLACK = 1 / 64
"""A result loses its fraction; this keeps the error of the transform, a hundredth of it, from costing a whole level."""

FAINT = 0.05
"""Below this alpha (of 255) all around, a pixel's colour is left alone: nothing there has a colour worth mixing in."""

FAINTEST_SIGMA = 1e-3
"""Below this the neighbours' weights are 0 to the last digit, and below 1e-160 the kernel's own would underflow."""


def blur_pixels(pixels: Pixels, alpha: NDArray[np.uint8] | None, *, sigma: float, radius: float) -> Pixels:
    """The blurred colours. With alpha each pixel counts by its own, so that what is invisible does not shine through.

    sigma: standard deviation in pixels, at least FAINTEST_SIGMA.
    radius: where the kernel is cut off, in pixels; 0 for 3·sigma.
    """
    made = np.empty_like(pixels)
    for channel, blurred in enumerate(blur_channels(pixels, alpha, sigma=sigma, radius=radius)):
        made[..., channel] = (blurred + SLACK).clip(0, 255)
    return made


def blur_channels(
    pixels: Pixels, alpha: NDArray[np.uint8] | None, *, sigma: float, radius: float = 0
) -> Iterator[Plane]:
    """As `blur_pixels`, with fractions, one channel after the other."""
    taps = math.ceil(radius or 3 * sigma)
    weight = None if alpha is None else _blur_plane(alpha.astype(np.float32), sigma, taps)
    for channel in range(pixels.shape[2]):
        plane = pixels[..., channel].astype(np.float32)
        if alpha is None or weight is None:
            yield _blur_plane(plane, sigma, taps)
        else:
            yield _divide(_blur_plane(plane * alpha, sigma, taps), weight, plane)


def _divide(plane: Plane, weight: Plane, otherwise: Plane) -> Plane:
    """The plane by its weight; where that is faint, what `otherwise` holds, which is overwritten."""
    return np.divide(plane, weight, out=otherwise, where=weight > FAINT)


def _blur_plane(plane: Plane, sigma: float, taps: int) -> Plane:
    return _blur_lines(_blur_lines(plane, sigma, taps).T, sigma, taps).T


def _blur_lines(plane: Plane, sigma: float, taps: int) -> Plane:
    lines, length = plane.shape
    kernel = _half_kernel(sigma, min(taps, length - 1))
    padded = _even_length(length + len(kernel) - 1)
    spectrum = np.fft.rfft(_around_zero(kernel, padded)).real.astype(np.float32)
    share = _weight_inside(kernel, length)
    made = np.empty((lines, length), np.float32)
    for first in range(0, lines, LINES):
        waves = np.fft.rfft(plane[first : first + LINES], padded, axis=1)
        made[first : first + LINES] = np.fft.irfft(waves * spectrum, padded, axis=1)[:, :length] / share
    return made


def _half_kernel(sigma: float, taps: int) -> NDArray[np.float64]:
    """The weights at distances 0 to `taps`, the first being 1 or so; they are not normalised."""
    thirds = 3 * np.arange(taps + 1)[:, np.newaxis] + np.array([-1, 0, 1])
    weights: NDArray[np.float64] = np.exp(-(thirds**2) / (18 * sigma**2)).sum(axis=1)
    return weights / (2 * weights.sum() - weights[0])


def _around_zero(kernel: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """The whole kernel as one period that begins at its centre."""
    period = np.zeros(length)
    period[: len(kernel)] = kernel
    period[length - len(kernel) + 1 :] = kernel[:0:-1]
    return period


def _weight_inside(kernel: NDArray[np.float64], length: int) -> Plane:
    """How much of the kernel lies inside a line, for each place in it."""
    reach = np.minimum(np.arange(length), len(kernel) - 1)
    one_side = np.cumsum(kernel)[reach]
    return (one_side + one_side[::-1] - kernel[0]).astype(np.float32)


def _even_length(least: int) -> int:
    """The next length made of the factors 2, 3 and 5 alone, for which the transform is fast."""
    length = least
    while not _is_smooth(length):
        length += 1
    return length


def _is_smooth(number: int) -> bool:
    for factor in (2, 3, 5):
        while number % factor == 0:
            number //= factor
    return number == 1
