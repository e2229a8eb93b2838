import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.tones import contrast, expose, from_linear, to_linear

VALUES = st.floats(0, 1)
LEVELS = st.integers(-100, 100)


@given(value=VALUES)
def test_light_and_value_are_inverse(value: float):
    assert from_linear(to_linear(value)) == pytest.approx(value, abs=1e-6)


def test_middle_grey_is_a_fifth_of_the_light():
    assert to_linear(0.5) == pytest.approx(0.214, abs=0.001)


@given(value=VALUES)
def test_no_exposure_and_no_contrast_change_nothing(value: float):
    assert expose(value, 0) == pytest.approx(value, abs=1e-6)
    assert contrast(value, 0) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(("exposure", "factor"), [(-50, 0.5), (-100, 0.25), (-25, 0.707)])
def test_less_exposure_is_a_part_of_the_light(exposure: float, factor: float):
    assert to_linear(expose(0.8, exposure)) == pytest.approx(to_linear(0.8) * factor, rel=0.001)


def test_a_stop_doubles_the_light_of_shadows():
    assert to_linear(expose(0.05, 50)) == pytest.approx(2 * to_linear(0.05), rel=0.01)


@given(value=VALUES, other=VALUES, level=LEVELS)
def test_tones_keep_their_order_and_their_range(value: float, other: float, level: int):
    low, high = sorted((value, other))
    for change in (expose, contrast):
        assert -1e-9 <= change(low, level) <= change(high, level) + 1e-9 <= 1 + 2e-9


@given(level=LEVELS)
def test_black_stays_black_under_more_light(level: int):
    assert expose(0, level) == 0
    assert expose(1, abs(level)) == pytest.approx(1)


@given(value=VALUES, level=LEVELS)
def test_contrast_treats_dark_and_bright_alike(value: float, level: int):
    assert contrast(value, level) + contrast(1 - value, level) == pytest.approx(1)


@pytest.mark.parametrize(("level", "slope"), [(100, 2.07), (50, 1.59), (25, 1.31), (-100, 0.4), (-50, 0.7)])
def test_contrast_says_how_much_differences_grow_in_the_middle(level: int, slope: float):
    assert (contrast(0.501, level) - contrast(0.499, level)) / 0.002 == pytest.approx(slope, abs=0.01)


@given(level=st.integers(1, 100))
def test_more_contrast_keeps_black_and_white(level: int):
    assert contrast(0, level) == pytest.approx(0, abs=1e-12)
    assert contrast(1, level) == pytest.approx(1)
