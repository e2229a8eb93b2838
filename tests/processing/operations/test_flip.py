import numpy as np
import pytest

from processing.errors import InvalidParams
from tests.images import ramps, see_through
from tests.processing.running import array, change, shown, source_of

PHOTO = ramps((31, 20))


def test_horizontal_mirrors_left_and_right():
    assert np.array_equal(array(shown("flip", PHOTO, direction="horizontal")), array(PHOTO)[:, ::-1])


def test_vertical_mirrors_top_and_bottom():
    assert np.array_equal(array(shown("flip", PHOTO, direction="vertical")), array(PHOTO)[::-1])


def test_alpha_is_mirrored_too():
    image = see_through((31, 20))
    assert np.array_equal(array(shown("flip", image, direction="horizontal")), array(image)[:, ::-1])


@pytest.mark.parametrize(("direction", "place"), [("horizontal", (21, 5)), ("vertical", (10, 15))])
def test_the_map_finds_the_way_back_to_the_source(direction: str, place: tuple[int, int]):
    assert source_of(change("flip", PHOTO, direction=direction), 10, 5) == place


@pytest.mark.parametrize("direction", ["x", "diagonal", "", None])
def test_other_directions_are_refused(direction: str):
    with pytest.raises(InvalidParams):
        change("flip", PHOTO, direction=direction)
