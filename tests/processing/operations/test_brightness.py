import pytest

from processing.errors import InvalidParams
from tests.images import ramps, rows_of, see_through
from tests.processing.golden import INPUT, results_of
from tests.processing.running import change, shown

PHOTO = ramps((31, 20))


@pytest.mark.parametrize(("params", "rows"), results_of("brightness"))
def test_known_results_hold_to_the_bit(params: dict, rows: list[str]):
    assert shown("brightness", INPUT, **params).tobytes() == rows_of(rows).tobytes()


def test_nothing_changes_at_zero():
    assert shown("brightness", PHOTO, level=0).tobytes() == PHOTO.tobytes()


@pytest.mark.parametrize(("level", "value"), [(-255, 0), (255, 255)])
def test_the_ends_are_black_and_white(level: int, value: int):
    assert shown("brightness", PHOTO, level=level).getextrema() == ((value, value),) * 3


def test_alpha_stays():
    image = see_through((31, 20))
    assert shown("brightness", image, level=90).getchannel("A").tobytes() == image.getchannel("A").tobytes()


@pytest.mark.parametrize("level", [256, -256, "40", 40.5, None, True])
def test_other_levels_are_refused(level: object):
    with pytest.raises(InvalidParams):
        change("brightness", PHOTO, level=level)
