"""What the detector of main objects marks, on drawn scenes whose outline is known and on photographs."""

from typing import get_args

import numpy as np
import pytest
from PIL import Image, ImageDraw

from processing import cutouts, models, saliency
from processing.detectors import subject
from processing.detectors.subject import Category, Subject
from tests.images import noise, ramps, see_through
from tests.processing.subjects import as_mask, gradient, mug, needs_model, overlap, photo

pytestmark = needs_model


def find(image: Image.Image, category: Category = "general") -> Subject:
    return subject.find(image, category)


def lines(size: tuple[int, int]) -> Image.Image:
    """A drawing of strokes that enclose nothing."""
    made = Image.new("RGB", size, "white")
    draw, places = ImageDraw.Draw(made), np.random.default_rng(1).integers(0, size, (24, 2))
    for start, end in zip(places[::2], places[1::2], strict=True):
        draw.line([*map(int, (*start, *end))], fill="black", width=2)
    return made


@pytest.mark.parametrize("ground", ["plain", "gravel", "room"])
def test_a_product_is_found_along_its_outline_before_any_ground(ground: str) -> None:
    scene = mug(ground=ground)
    found = find(scene.image, "products")
    assert overlap(as_mask(found.alpha), scene.mask) > 0.97
    assert found.confidence > 0.9


def test_the_box_is_that_of_what_was_found() -> None:
    scene = mug()
    rows, columns = np.nonzero(scene.mask)
    box = find(scene.image).box
    assert box == pytest.approx((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1), abs=2)


def test_edges_are_as_soft_as_in_the_picture() -> None:
    scene = mug(ground="plain")
    made, known = (np.asarray(alpha, float) for alpha in (find(scene.image).alpha, scene.alpha))
    soft = (known > 16) & (known < 240)
    assert np.abs(made - known)[soft].mean() < 25


@pytest.mark.parametrize("size", [(480, 360), (1920, 1440)])
def test_a_hole_that_one_can_look_through_stays_one(size: tuple[int, int]) -> None:
    scene = mug(size)
    alpha = find(scene.image).alpha
    assert alpha.size == size
    assert alpha.getpixel((round(size[0] * 0.675), round(size[1] * 0.52))) == 0
    assert alpha.getpixel((round(size[0] * 0.45), round(size[1] * 0.5))) == 255


def test_a_large_picture_has_edges_as_fine_as_its_pixels() -> None:
    scene = mug((3000, 2250))
    made, known = (np.asarray(alpha, float) for alpha in (find(scene.image).alpha, scene.alpha))
    assert overlap(made >= 128, known >= 128) > 0.99
    row = made[round(2250 * 0.5), round(3000 * 0.2) : round(3000 * 0.4)]
    assert ((row > 12) & (row < 243)).sum() <= 8


def test_people_and_animals_in_photographs_are_found() -> None:
    astronaut = find(photo("astronaut.png"), "people")
    assert astronaut.alpha.getpixel((224, 110)) == 255
    assert astronaut.alpha.getpixel((350, 30)) == 0
    assert find(photo("chelsea.png")).alpha.getpixel((190, 130)) == 255


def test_the_cup_of_coffee_is_found_and_not_its_table() -> None:
    alpha = find(photo("coffee.png"), "products").alpha
    assert alpha.getpixel((340, 170)) == 255
    assert alpha.getpixel((20, 380)) == 0


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(Image.new("RGB", (300, 200), "white"), id="white"),
        pytest.param(Image.new("RGB", (300, 200), "black"), id="black"),
        pytest.param(Image.new("RGB", (1, 1), "red"), id="one pixel"),
        pytest.param(noise((300, 200)), id="noise"),
        pytest.param(ramps((300, 200)), id="ramps"),
        pytest.param(gradient((300, 200), (255, 255, 255), (90, 120, 200)), id="sky"),
        pytest.param(lines((300, 200)), id="lines"),
        pytest.param(photo("gravel.png"), id="gravel"),
        pytest.param(photo("grass.png"), id="grass"),
        pytest.param(photo("page.png"), id="text"),
    ],
)
def test_where_nothing_stands_out_nothing_is_found(image: Image.Image) -> None:
    found = find(image)
    assert found.box is None
    assert found.confidence < cutouts.SURE_ENOUGH
    assert found.alpha.size == image.size
    assert found.alpha.getextrema() == (0, 0)


def test_a_cut_out_keeps_its_own_alpha() -> None:
    scene = mug()
    cut = scene.colors.copy()
    cut.putalpha(scene.alpha)
    found = find(cut)
    assert found.alpha.tobytes() == scene.alpha.tobytes()
    assert found.confidence == 1
    assert found.box is not None


def test_an_empty_source_has_no_object() -> None:
    assert find(Image.new("RGBA", (50, 40))).box is None


def test_what_is_found_in_a_source_with_a_see_through_corner_is_multiplied_with_its_alpha() -> None:
    scene = mug()
    image, veil = scene.image.copy(), Image.new("L", scene.image.size, 255)
    veil.paste(100, (150, 150, 220, 200))
    image.putalpha(veil)
    alpha = find(image).alpha
    assert alpha.getpixel((180, 170)) == 100
    assert alpha.getpixel((240, 170)) == 255
    assert alpha.getpixel((20, 20)) == 0


def test_only_the_part_that_was_asked_for_is_looked_at() -> None:
    left, right = mug((300, 300)).image, photo("chelsea.png").crop((60, 0, 360, 300))
    both = Image.new("RGB", (600, 300))
    both.paste(left)
    both.paste(right, (300, 0))
    found = subject.find(both, "products", within=(0, 0, 300, 300))
    assert overlap(as_mask(found.alpha)[:, :300], mug((300, 300)).mask) > 0.95
    assert not as_mask(found.alpha)[:, 300:].any()


def test_a_part_of_a_cut_out_is_cut_from_its_own_alpha() -> None:
    made = subject.find(see_through((100, 80)), "general", within=(50, 0, 100, 80))
    assert made.alpha.getpixel((40, 40)) == 0
    assert made.alpha.getpixel((90, 40)) == see_through((100, 80)).getpixel((90, 40))[3]


def test_the_network_is_loaded_once_for_all_pictures() -> None:
    models.take_timings()
    for ground in ("plain", "room"):
        find(mug(ground=ground).image)
    assert len(models.take_timings()) <= 1
    assert saliency.missing() is None


def test_every_category_finds_the_object() -> None:
    scene = mug()
    for category in get_args(Category):
        assert overlap(as_mask(find(scene.image, category).alpha), scene.mask) > 0.97


def test_looking_changes_nothing_of_the_picture() -> None:
    scene = mug()
    before = scene.image.tobytes()
    find(scene.image)
    assert scene.image.tobytes() == before
