import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from processing.backdrop import find_overlooked
from tests.processing.subjects import gradient, photo

SIZE = (300, 240)
WALL = gradient(SIZE, (240, 240, 236), (205, 206, 210))


def body(ground: Image.Image = WALL) -> tuple[Image.Image, NDArray[np.bool_]]:
    """A dark body with an arm of skin colour; the network has seen the body alone."""
    image = ground.copy()
    ImageDraw.Draw(image).line((150, 120, 260, 40), fill=(205, 160, 140), width=12)
    image.paste((40, 44, 60), (100, 100, 180, 240))
    solid = np.zeros((240, 300), bool)
    solid[100:, 100:180] = True
    return image, solid


def overlooked(image: Image.Image, solid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return find_overlooked(np.asarray(image), solid, ~solid)


def test_an_arm_before_a_wall_is_added() -> None:
    found = overlooked(*body())
    assert found[60, 232]
    assert not found[30, 40]
    assert 600 < found.sum() < 1600


def test_noise_of_the_camera_does_not_hide_it() -> None:
    image, solid = body()
    grain = np.random.default_rng(2).normal(0, 3, (240, 300, 3))
    noisy = Image.fromarray((np.asarray(image) + grain).clip(0, 255).astype(np.uint8))
    assert overlooked(noisy, solid)[60, 232]


def test_a_shadow_on_the_wall_is_not_added() -> None:
    image, solid = body()
    dark = image.point(lambda value: int(value * 0.7))
    mask = Image.new("L", SIZE)
    mask.paste(255, (40, 180, 100, 240))
    image.paste(dark, mask=mask.filter(ImageFilter.GaussianBlur(6)))
    found = overlooked(image, solid)
    assert not found[200:, 60:90].any()
    assert found[60, 232]


def test_what_does_not_touch_the_object_is_not_added() -> None:
    image, solid = body()
    image.paste((30, 90, 200), (20, 20, 60, 60))
    assert not overlooked(image, solid)[:80, :80].any()


def test_before_a_ground_that_is_not_plain_nothing_is_added() -> None:
    image, solid = body(photo("gravel.png", SIZE))
    assert not overlooked(image, solid).any()


def test_where_hardly_any_ground_is_seen_nothing_is_added() -> None:
    image, _ = body()
    assert not overlooked(image, np.ones((240, 300), bool)).any()
