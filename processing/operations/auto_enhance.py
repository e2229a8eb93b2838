"""All corrections that a picture calls for, by itself."""

import math
from collections.abc import Sequence
from itertools import accumulate

from PIL import Image

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.bleeding import change_visible
from processing.channels import change_colors
from processing.local_contrast import even_out
from processing.luma import count_luma, scale_colors
from processing.picture import Picture
from processing.tables import Table, apply_tables, make_table
from processing.tones import from_linear, to_linear
from processing.white_balance import find_gains

FULL = 255
CUT = 0.004
"""Share of the pixels at each end that may become black, or white."""

BLACKEST, WHITEST = 40, 200
"""The lightest luma that is made black, and the darkest that is made white: what is misty is not all contrast."""

MIDDLE = 0.46
"""Where the middle of the brightness is moved to, half of the way."""

GAMMAS = (0.75, 1.15)
DEPTH, STRENGTH = 0.25, 1.06
"""Share of the full local contrast, and times the strength of colours."""


class AutoEnhance(Operation):
    """Correct the colour of the light, black, white and the middle of the tones, and add local contrast.

    The light is told from what is almost grey in the picture; where there is too little of that it stays as it is. All
    steps are bounded, so that a dark picture stays one that was taken in the dark. The same picture always gives the
    same result; the frames of a film are all corrected like the first.
    """

    class Params(base.Params):
        pass

    examples = [Example({})]
    illustrations = [
        Illustration({}, photo="dull"),
        Illustration({}, photo="chelsea"),
        Illustration({}, photo="coffee"),
        Illustration({}, photo="astronaut"),
    ]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        tables = _make_tables(picture.frames[0])
        return picture.map(lambda frame: _enhance(frame, tables))


def _enhance(frame: Image.Image, tables: Sequence[Table]) -> Image.Image:
    made = change_visible(apply_tables(frame, *tables), lambda colors: even_out(colors, DEPTH))
    return change_colors(made, lambda colors: scale_colors(colors, STRENGTH))


def _make_tables(image: Image.Image) -> list[Table]:
    """What becomes of each value of red, green and blue."""
    low, middle, high = _find_tones(count_luma(image))
    gamma = _choose_gamma((middle - low) / (high - low))

    def make(gain: float) -> Table:
        return make_table(lambda value: FULL * _spread(_balance(value, gain), low, high) ** gamma + 0.5)

    return [make(gain) for gain in find_gains(image)]


def _balance(value: int, gain: float) -> float:
    return from_linear(min(1.0, to_linear(value / FULL) * gain)) * FULL


def _spread(value: float, low: int, high: int) -> float:
    """Where the value lies between the two, from 0 to 1."""
    return min(max((value - low) / (high - low), 0.0), 1.0)


def _find_tones(counts: Sequence[int]) -> tuple[int, int, int]:
    """The luma that becomes black, that of the middle pixel, and the one that becomes white."""
    totals = list(accumulate(counts))
    low = _find_level(totals, CUT)
    high = _find_level(totals, 1 - CUT)
    return min(low, BLACKEST), _find_level(totals, 0.5), max(high, WHITEST)


def _find_level(totals: Sequence[int], share: float) -> int:
    return next(level for level, total in enumerate(totals) if total >= share * totals[-1])


def _choose_gamma(middle: float) -> float:
    """The power that moves the middle half of the way to where it should be."""
    if not 0 < middle < 1:
        return 1.0
    return min(max((math.log(MIDDLE) / math.log(middle)) ** 0.5, GAMMAS[0]), GAMMAS[1])
