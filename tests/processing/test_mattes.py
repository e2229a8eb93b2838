from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from processing.geometry import Affine, scaling, shifting
from processing.mattes import carry, find_bounds
from processing.picture import Picture
from tests.images import ramps
from tests.processing.running import picture_of


def square() -> Image.Image:
    """Alpha of a source of 100×80: opaque from (40, 20) to (80, 60)."""
    made = Image.new("L", (100, 80))
    made.paste(255, (40, 20, 80, 60))
    return made


def moved(size: tuple[int, int], to_source: Affine) -> Picture:
    return replace(picture_of(ramps(size)), to_source=to_source)


def box_of(alpha: Image.Image) -> tuple[int, int, int, int] | None:
    return alpha.point(lambda value: 255 if value >= 128 else 0).getbbox()


@pytest.mark.parametrize(
    ("size", "to_source", "box"),
    [
        ((100, 80), shifting(0, 0), (40, 20, 80, 60)),
        ((50, 40), shifting(30, 10), (10, 10, 50, 40)),
        ((120, 100), shifting(-10, -15), (50, 35, 90, 75)),
        ((50, 40), scaling((100, 80), (50, 40)), (20, 10, 40, 30)),
        ((200, 160), scaling((100, 80), (200, 160)), (80, 40, 160, 120)),
        ((100, 80), (-1, 0, 100, 0, 1, 0), (20, 20, 60, 60)),
        ((80, 100), (0, 1, 0, -1, 0, 80), (20, 40, 60, 80)),
    ],
)
def test_alpha_lies_where_the_picture_shows_the_source(
    size: tuple[int, int], to_source: Affine, box: tuple[int, int, int, int]
) -> None:
    made = carry(square(), moved(size, to_source))
    assert made.size == size
    assert box_of(made) == pytest.approx(box, abs=1)


def test_alpha_of_a_much_smaller_picture_is_a_mean() -> None:
    stripes = Image.fromarray(np.tile(np.array([0, 255], np.uint8), (80, 50)))
    made = np.asarray(carry(stripes, moved((25, 20), scaling((100, 80), (25, 20)))), float)
    assert made[2:-2, 2:-2] == pytest.approx(127.5, abs=12)


def test_a_picture_that_is_the_source_has_the_very_alpha() -> None:
    alpha = square()
    assert carry(alpha, moved((100, 80), shifting(0, 0))) is alpha


def test_bounds_hold_what_can_be_seen_and_not_a_breath() -> None:
    alpha = square()
    alpha.paste(40, (30, 20, 40, 60))
    alpha.paste(4, (0, 0, 10, 10))
    assert find_bounds(alpha) == (30, 20, 80, 60)
    assert find_bounds(Image.new("L", (9, 9), 5)) is None
