"""Shadows under a cut-out square: where they lie, how dark they are, and that the square itself is untouched."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from processing.errors import InvalidParams
from tests.images import ramps
from tests.processing.running import array, change, shown

SQUARE = (80, 60, 160, 140)


def square(size: tuple[int, int] = (240, 200)) -> Image.Image:
    """An orange square on nothing."""
    made = Image.new("RGBA", size)
    made.paste((240, 140, 20, 255), SQUARE)
    return made


def alpha(image: Image.Image) -> NDArray[np.int16]:
    return array(image)[..., 3]


def center(weights: NDArray[np.int16]) -> tuple[float, float]:
    y, x = np.mgrid[0 : weights.shape[0], 0 : weights.shape[1]]
    return float((x * weights).sum() / weights.sum()), float((y * weights).sum() / weights.sum())


def below(made: Image.Image) -> NDArray[np.int16]:
    """Alpha of the shadow alone, where the square does not hide it."""
    shade = alpha(made).copy()
    shade[SQUARE[1] : SQUARE[3], SQUARE[0] : SQUARE[2]] = 0
    return shade


def test_the_object_itself_stays_as_it_was() -> None:
    box = np.s_[SQUARE[1] : SQUARE[3], SQUARE[0] : SQUARE[2]]
    for kind in ("contact", "drop"):
        made = shown("shadow", square(), kind=kind, distance=5)
        assert (array(made)[box] == array(square())[box]).all()
        assert made.size == (240, 200)


@pytest.mark.parametrize(
    ("angle", "direction"), [(0, (1, 0)), (90, (0, 1)), (180, (-1, 0)), (270, (0, -1)), (45, (0.7, 0.7))]
)
def test_a_drop_shadow_lies_in_the_direction_of_its_angle(angle: float, direction: tuple[float, float]) -> None:
    made = shown("shadow", square(), kind="drop", distance=50, angle=angle)
    x, y = center(below(made))
    assert np.sign(round((x - 120) / 10)) == np.sign(round(direction[0]))
    assert np.sign(round((y - 100) / 10)) == np.sign(round(direction[1]))


def test_a_contact_shadow_lies_along_the_lower_edge_and_nowhere_else() -> None:
    shade = below(shown("shadow", square(), blur=1))
    assert shade[SQUARE[3] + 1, 120] > 20
    assert shade[: SQUARE[1]].max() == 0
    assert shade[SQUARE[3] + 20 :].max() == 0
    assert shade[:, : SQUARE[0] - 10].max() == 0


@pytest.mark.parametrize("opacity", [0.0, 0.25, 1.0])
def test_it_is_as_dark_as_its_opacity_says(opacity: float) -> None:
    made = shown("shadow", square(), kind="drop", opacity=opacity, blur=0, distance=100, angle=0)
    assert alpha(made)[100, 200] == pytest.approx(opacity * 255, abs=1)


def test_it_has_its_own_colour() -> None:
    made = shown("shadow", square(), kind="drop", blur=0, distance=100, angle=0, color="#203040")
    assert made.getpixel((200, 100))[:3] == (0x20, 0x30, 0x40)


def test_more_blur_makes_it_softer_without_taking_from_it() -> None:
    hard, soft = (below(shown("shadow", square(), kind="drop", blur=b, distance=60, angle=0)) for b in (0, 5))
    assert ((soft > 5) & (soft < 90)).sum() > 2 * ((hard > 5) & (hard < 90)).sum()
    assert soft[:, 170:].sum() == pytest.approx(hard[:, 170:].sum(), rel=0.2)


def test_what_falls_beyond_the_picture_is_cut_off() -> None:
    made = shown("shadow", square(), kind="drop", distance=100, angle=270, blur=0)
    assert made.size == (240, 200)
    assert alpha(made)[:50, 120].max() > 50


def test_blur_in_a_smaller_copy_is_the_same_but_for_its_steps() -> None:
    wide = shown("shadow", square(), kind="drop", blur=30, opacity=1)
    known = Image.new("L", (1200, 1160))
    known.paste(255, (480 + SQUARE[0], 480 + SQUARE[1], 480 + SQUARE[2], 480 + SQUARE[3]))
    soft = np.asarray(known.filter(ImageFilter.GaussianBlur(24)).crop((480, 480, 720, 680)), int)
    hidden = np.s_[SQUARE[1] : SQUARE[3], SQUARE[0] : SQUARE[2]]
    made = alpha(wide).copy()
    made[hidden], soft[hidden] = 0, 0
    assert np.abs(made - soft).max() <= 8


def test_a_picture_without_transparency_is_kept_and_that_is_reported() -> None:
    made = change("shadow", ramps((60, 40)))
    assert [loss.code for loss in made.losses] == ["shadow_missed"]
    assert made.frames[0].tobytes() == ramps((60, 40)).tobytes()


def test_nothing_throws_no_shadow() -> None:
    assert shown("shadow", Image.new("RGBA", (40, 30))).tobytes() == Image.new("RGBA", (40, 30)).tobytes()


@pytest.mark.parametrize(
    "params", [{"opacity": 1.1}, {"blur": 51}, {"angle": 360}, {"kind": "long"}, {"color": "black"}]
)
def test_other_parameters_are_refused(params: dict) -> None:
    with pytest.raises(InvalidParams):
        change("shadow", square(), **params)
