import pytest

from processing.errors import InvalidParams
from tests.images import ramps, rows_of, see_through
from tests.processing.golden import INPUT, results_of
from tests.processing.running import array, change, shown

PHOTO = ramps((256, 20))


@pytest.mark.parametrize(("params", "rows"), results_of("contrast"))
def test_known_results_hold_to_the_bit(params: dict, rows: list[str]):
    assert shown("contrast", INPUT, **params).tobytes() == rows_of(rows).tobytes()


def test_nothing_changes_at_zero():
    assert shown("contrast", PHOTO, level=0).tobytes() == PHOTO.tobytes()


def test_everything_is_middle_grey_at_the_lower_end():
    assert shown("contrast", PHOTO, level=-100).getextrema() == ((127, 127),) * 3


def test_contrast_rises_with_the_level():
    spreads = [array(shown("contrast", PHOTO, level=level)).std() for level in (-60, -20, 0, 20.5, 60)]
    assert spreads == sorted(spreads)
    assert len(set(spreads)) == 5


def test_alpha_stays():
    image = see_through((31, 20))
    assert shown("contrast", image, level=50).getchannel("A").tobytes() == image.getchannel("A").tobytes()


@pytest.mark.parametrize("level", [100.5, -101, "1", None])
def test_other_levels_are_refused(level: object):
    with pytest.raises(InvalidParams):
        change("contrast", PHOTO, level=level)
