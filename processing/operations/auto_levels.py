"""Levels that follow from the picture."""

from itertools import accumulate

from pydantic import Field

from processing import base
from processing.base import Context, Example, Illustration, Operation
from processing.luma import count_luma
from processing.picture import Picture
from processing.tables import Table, apply_table, make_table

WHITE = 255


class AutoLevels(Operation):
    """Spread the brightness of the picture over the whole range, by the same linear map for red, green and blue.

    So many per cent of the visible pixels are cut off at the dark and at the bright end; the lumas (Rec. 601, rounded)
    of the others go from `low` to `high`. Each channel v becomes p + gain·(v − p), rounded and clamped to 0…255. With
    gain = 255/(high − low) and p = 255·low/(255 − (high − low)) low becomes 0 and high 255. A gain above `max_gain` is
    reduced to it around the same p, the level that stays where it is: it lies between low and high as it does between
    0 and 255, so nothing of that range is clamped and a dark picture stays dark.

    A picture with `low` equal to `high` stays as it is, as does one in which clamped colours would narrow that range.
    """

    class Params(base.Params):
        cutoff: float = Field(0.5, ge=0, le=20, description="per cent of the pixels that are cut off at each end")
        max_gain: float = Field(
            1.5, ge=1, le=4, description="times by which differences grow at most; 1 changes nothing"
        )

    examples = [Example({}), Example({"cutoff": 5, "max_gain": 4})]
    illustrations = [
        Illustration({}, photo="dull"),
        Illustration({"cutoff": 2, "max_gain": 4}, photo="dull"),
        Illustration({}),
    ]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        low, high = _find_range(picture, params.cutoff)
        if not 0 < high - low < WHITE:
            return picture
        table = _make_map(low, high, params.max_gain)
        made = picture.map(lambda frame: apply_table(frame, table))
        new_low, new_high = _find_range(made, params.cutoff)
        return made if new_high - new_low >= high - low else picture


def _find_range(picture: Picture, cutoff: float) -> tuple[int, int]:
    """The darkest and the brightest luma that are left, of all frames; where nothing is visible they cross."""
    counts = [sum(each) for each in zip(*map(count_luma, picture.frames), strict=True)]
    cut = sum(counts) * cutoff / 100
    return _count_cut(counts, cut), WHITE - _count_cut(counts[::-1], cut)


def _count_cut(counts: list[int], cut: float) -> int:
    """How many levels go before more than `cut` pixels would."""
    return sum(total <= cut for total in accumulate(counts))


def _make_map(low: int, high: int, max_gain: float) -> Table:
    gain = min(WHITE / (high - low), max_gain)
    fixed = WHITE * low / (WHITE - (high - low))
    return make_table(lambda value: fixed + gain * (value - fixed) + 0.5)
