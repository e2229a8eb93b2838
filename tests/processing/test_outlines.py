import numpy as np

from processing import outlines
from processing.outlines import find_bounds, find_unknown, keep_main_parts


def square(side: int = 100, part: slice = slice(30, 70)) -> np.ndarray:
    made = np.zeros((side, side), bool)
    made[part, part] = True
    return made


def test_specks_and_pinholes_go_and_larger_parts_and_holes_stay() -> None:
    mask = square()
    mask[5, 5] = True
    mask[2:12, 80:90] = True
    mask[50, 50] = False
    mask[35:45, 35:45] = False
    made = keep_main_parts(mask)
    assert not made[5, 5]
    assert made[6, 85]
    assert made[50, 50] or outlines.PINHOLE * mask.sum() < 1
    assert not made[40, 40]


def test_a_pinhole_of_a_large_object_is_filled() -> None:
    mask = square(400, slice(20, 380))
    mask[200:204, 200:204] = False
    mask[100:140, 100:140] = False
    made = keep_main_parts(mask)
    assert made[202, 202]
    assert not made[120, 120]


def test_an_empty_mask_stays_empty() -> None:
    assert not keep_main_parts(np.zeros((9, 9), bool)).any()
    assert find_bounds(np.zeros((9, 9), bool)) is None


def test_the_outline_is_unknown_and_what_lies_off_it_is_not() -> None:
    solid = square()
    unknown = find_unknown(solid.astype(np.float32), solid, 2.0)
    assert unknown[50, 30]
    assert unknown[50, 28]
    assert not unknown[50, 50]
    assert not unknown[50, 20]


def test_where_the_network_is_unsure_more_is_unknown_but_not_far_from_the_outline() -> None:
    solid = square()
    guess = solid.astype(np.float32)
    guess[:, :30] = 0.3
    unknown = find_unknown(guess, solid, 2.0)
    assert unknown[50, 22]
    assert not unknown[50, 5]


def test_bounds_are_those_of_what_is_set() -> None:
    assert find_bounds(square()) == (30, 30, 70, 70)
