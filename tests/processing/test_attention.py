import pytest

from processing.attention import join_fitting, place_window
from processing.geometry import Box
from tests.images import ramps
from tests.processing.running import picture_of

LANDSCAPE = picture_of(ramps((600, 400)))


def test_as_many_boxes_are_joined_as_fit_the_first_first():
    boxes: list[Box] = [(100, 100, 150, 150), (400, 100, 450, 150), (160, 90, 190, 120)]
    assert join_fitting(boxes, (100, 100)) == (100, 90, 190, 150)
    assert join_fitting(boxes, (350, 100)) == (100, 90, 450, 150)
    assert join_fitting(boxes, (10, 10)) == (100, 100, 150, 150)


@pytest.mark.parametrize(
    ("core", "whole", "corner"),
    [
        ((280, 80, 320, 120), (250, 60, 350, 180), (200, 20)),
        ((280, 80, 320, 120), (250, 60, 350, 400), (200, 60)),
        ((280, 180, 320, 220), (250, 60, 350, 400), (200, 120)),
        ((280, 180, 320, 220), (0, 60, 600, 400), (200, 120)),
        ((0, 0, 40, 40), (0, 0, 60, 400), (0, 0)),
        ((580, 360, 600, 400), (560, 300, 600, 400), (400, 200)),
        ((0, 50, 600, 90), (0, 50, 600, 400), (200, 50)),
    ],
)
def test_where_a_window_of_two_hundred_lies(core: Box, whole: Box, corner: tuple[float, float]):
    assert place_window(LANDSCAPE, (200, 200), core=core, whole=whole, at=0.4) == pytest.approx(corner)


@pytest.mark.parametrize("window", [(600, 100), (150, 400), (600, 400)])
def test_a_window_never_leaves_the_picture(window: tuple[float, float]):
    for core in ((0, 0, 50, 50), (550, 350, 600, 400), (200, 100, 400, 300)):
        x, y = place_window(LANDSCAPE, window, core=core, whole=core, at=0.4)
        assert 0 <= x <= 600 - window[0]
        assert 0 <= y <= 400 - window[1]
