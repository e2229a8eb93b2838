import pytest

from processing.base import Context
from processing.errors import InvalidParams, ResultTooLarge
from processing.limits import Limits
from tests.images import ramps
from tests.processing.running import change, per_cent, px, shown

PHOTO = ramps((480, 360))


@pytest.mark.parametrize(
    ("level", "size"),
    [
        (0, (200, 200)),
        (0.5, (200, 200)),
        (1, (200, 200)),
        (1.5, (300, 300)),
        (1.25, (250, 250)),
        (2, (360, 360)),
        (10, (360, 360)),
    ],
)
def test_a_level_multiplies_the_size_and_goes_down_until_it_enlarges_nothing(level: float, size: tuple[int, int]):
    assert shown("zoom", PHOTO, width=px(200), height=px(200), level=level).size == size


@pytest.mark.parametrize(("level", "width"), [(3, 120), (3.2, 140), (3.5, 140), (4.1, 180), (9.6, 400), (10, 400)])
def test_levels_above_three_are_rounded_up_to_a_half(level: float, width: int):
    assert shown("zoom", PHOTO, width=px(40), level=level).size[0] == width


def test_steps_are_halves_above_three_and_tenths_below():
    assert shown("zoom", PHOTO, width=px(100), height=px(20), level=10).size == (450, 90)
    assert shown("zoom", PHOTO, width=px(165), height=px(20), level=10).size == (479, 58)
    assert shown("zoom", PHOTO, width=px(300), height=px(20), level=10).size == (480, 32)


def test_a_size_beyond_the_picture_is_still_given():
    assert shown("zoom", PHOTO, width=px(960), level=3).size == (960, 720)


def test_sizes_may_be_shares_of_the_picture():
    assert shown("zoom", PHOTO, height=per_cent(25), level=2).size == (240, 180)


def test_results_beyond_the_limits_are_refused():
    with pytest.raises(ResultTooLarge):
        change("zoom", PHOTO, Context(limits=Limits(max_side=300)), width=px(200), level=2)


@pytest.mark.parametrize("params", [{"level": 1}, {"width": px(9)}, {"width": px(9), "level": 11}, {"level": -1}])
def test_other_parameters_are_refused(params: dict):
    with pytest.raises(InvalidParams):
        change("zoom", PHOTO, **params)
