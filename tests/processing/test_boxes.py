from dataclasses import dataclass

import pytest

from processing import boxes
from processing.geometry import Box


@dataclass(frozen=True)
class Seen:
    box: Box
    confidence: float


def test_a_box_inside_out_has_no_area() -> None:
    assert boxes.area((0, 0, 4, 5)) == 20
    assert boxes.area((4, 0, 0, 5)) == 0


@pytest.mark.parametrize(
    ("other", "share", "inside"),
    [((0, 0, 10, 10), 1, 1), ((5, 0, 15, 10), 1 / 3, 0.5), ((10, 0, 20, 10), 0, 0), ((0, 0, 20, 10), 0.5, 1)],
)
def test_what_two_boxes_share(other: Box, share: float, inside: float) -> None:
    assert boxes.share((0, 0, 10, 10), other) == pytest.approx(share)
    assert boxes.inside((0, 0, 10, 10), other) == pytest.approx(inside)


def test_of_those_that_stand_for_the_same_the_surest_is_kept() -> None:
    found = [Seen((0, 0, 10, 10), 0.5), Seen((1, 0, 11, 10), 0.9), Seen((30, 0, 40, 10), 0.6)]
    assert [each.confidence for each in boxes.keep_best(found, most_shared=0.3)] == [0.9, 0.6]


def test_a_box_grows_is_clipped_and_becomes_whole_pixels() -> None:
    grown = boxes.grow((2.5, 3.5, 6.2, 7), by=3)
    assert grown == (-0.5, 0.5, 9.2, 10)
    assert boxes.clip(grown, (8, 20)) == (0, 0.5, 8, 10)
    assert boxes.to_rect(grown, (8, 20)) == (0, 0, 8, 10)
    assert boxes.to_rect((2.5, 3.5, 6.2, 7), (100, 100)) == (2, 3, 5, 4)


def test_a_box_outside_touches_no_pixel() -> None:
    assert boxes.to_rect((20, 20, 30, 30), (10, 10))[2:] == (0, 0)


def test_points_have_a_middle_and_boxes_one_around_them() -> None:
    assert boxes.middle([(0, 0), (4, 2)]) == (2, 1)
    assert boxes.around([(0, 5, 2, 6), (1, 1, 3, 2)]) == (0, 1, 3, 6)
    assert boxes.holds((0, 0, 4, 4), (4, 2))
    assert not boxes.holds((0, 0, 4, 4), (5, 2))
