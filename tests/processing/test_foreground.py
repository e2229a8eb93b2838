import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from processing.foreground import clean_edges, is_mixed
from processing.geometry import Size
from tests.processing.subjects import Scene, mug


def fringe(scene: Scene, colors: Image.Image) -> float:
    """How much of another colour than the object's shows along its edges, in levels of 255."""
    share = np.asarray(scene.alpha, float)[..., np.newaxis] / 255
    wrong = share * np.abs(np.asarray(colors, float) - np.asarray(scene.colors, float))
    return float(wrong[edge(scene)].mean())


def edge(scene: Scene) -> NDArray[np.bool_]:
    alpha = np.asarray(scene.alpha)
    return (alpha > 0) & (alpha < 255)


@pytest.mark.parametrize(("ground", "most"), [("plain", 1.0), ("room", 1.0), ("gravel", 4.0)])
@pytest.mark.parametrize("size", [(480, 360), (2000, 1500)])
def test_next_to_nothing_of_the_old_ground_shows_at_the_edges(size: Size, ground: str, most: float) -> None:
    scene = mug(size, ground)
    cleaned = fringe(scene, clean_edges(scene.image, scene.alpha))
    assert cleaned < most
    assert cleaned < fringe(scene, scene.image) / 4


def test_opaque_pixels_stay_as_they_are_and_invisible_ones_are_black() -> None:
    scene = mug()
    alpha, made = np.asarray(scene.alpha), np.asarray(clean_edges(scene.image, scene.alpha))
    assert (made[alpha == 255] == np.asarray(scene.image)[alpha == 255]).all()
    assert (made[alpha == 0] == 0).all()


def test_an_alpha_without_soft_edges_changes_no_colour_that_is_seen() -> None:
    scene = mug()
    hard = scene.alpha.point(lambda value: 255 if value >= 128 else 0)
    assert not is_mixed(hard)
    made = np.asarray(clean_edges(scene.image, hard))
    kept = np.asarray(hard) == 255
    assert (made[kept] == np.asarray(scene.image)[kept]).all()


def test_a_veil_without_any_opaque_pixel_is_worked_out_too() -> None:
    scene = mug((60, 40))
    veil = Image.new("L", (60, 40), 128)
    assert clean_edges(scene.image, veil).size == (60, 40)


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (3, 2)])
def test_the_smallest_pictures_are_worked_out(size: Size) -> None:
    assert clean_edges(Image.new("RGB", size, "red"), Image.new("L", size, 99)).size == size
