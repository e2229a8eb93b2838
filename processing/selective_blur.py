"""The GD library's selective blur: neighbours count the more, the closer they are to the pixel.

The pixel itself weighs 0.5, each of its eight neighbours 1/|difference|, or 1 where there is none; the result is the
weighted mean, its fraction dropped. It works in place in raster order, so that the neighbours above and to the left are
already blurred, and reads 0 outside the picture. All arithmetic is float32 in that order, to the last bit.

A pixel waits only for those with a smaller x + 2y. All pixels with the same x + 2y are done at once: a wavefront.
In the padded picture they lie one row down and two columns left of each other, an even stride through memory.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from processing.channels import Pixels

CENTRE_WEIGHT = np.float32(0.5)
CENTRE = 4
CHANNELS = 3


def blur_selectively(pixels: Pixels) -> Pixels:
    """The blurred picture, of the same shape."""
    height, width = pixels.shape[:2]
    padded = np.zeros((height + 2, width + 2, CHANNELS), np.uint8)
    padded[1:-1, 1:-1] = pixels
    for wave in range(width + 2 * height - 2):
        first = max(0, (wave - width + 2) // 2)
        count = min(height - 1, wave // 2) - first + 1
        if count > 0:
            _blur_wave(padded, wave - 2 * first, first, count)
    return padded[1:-1, 1:-1].copy()


def _blur_wave(padded: Pixels, x: int, y: int, count: int) -> None:
    """Blur `count` pixels from (x, y) of the picture without padding on, each a row down and two columns left."""
    neighbours = _neighbours(padded, x, y, count)
    values = neighbours.reshape(9, count, CHANNELS).astype(np.float32)
    neighbours[1, 1] = _weigh(values).astype(np.uint8)


def _neighbours(padded: Pixels, x: int, y: int, count: int) -> Pixels:
    """A view of the 3×3 block round each pixel: row, column, pixel, channel."""
    row, column, channel = padded.strides
    return as_strided(padded[y:, x:], (3, 3, count, CHANNELS), (row, column, row - 2 * column, channel))


def _weigh(values: NDArray[np.float32]) -> NDArray[np.float32]:
    weights = np.abs(values - values[CENTRE])
    np.maximum(weights, 1, out=weights)
    np.reciprocal(weights, out=weights)
    weights[CENTRE] = CENTRE_WEIGHT
    weights /= np.add.reduce(weights, axis=0)
    weights *= values
    return np.minimum(np.add.reduce(weights, axis=0), 255)
