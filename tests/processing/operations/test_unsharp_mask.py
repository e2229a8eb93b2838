import math

import numpy as np
import pytest
from PIL import Image

from processing.errors import InvalidParams
from tests.images import noise, ramps, see_through
from tests.processing.running import array, change, shown


def row_of(*values: int) -> Image.Image:
    """One row of greys."""
    return Image.merge("RGB", [Image.fromarray(np.array([values], np.uint8))] * 3)


def sharp_row(*values: int, **params: float) -> list[int]:
    return array(shown("unsharp_mask", row_of(*values), **params))[0, :, 0].tolist()


def blur_by_definition(image: Image.Image, sigma: float) -> np.ndarray:
    along_x, along_y = (weights(side, sigma) for side in image.size)
    return np.einsum("yj,xi,jic->yxc", along_y, along_x, np.asarray(image).astype(float))


def weights(side: int, sigma: float) -> np.ndarray:
    """Row by row what each pixel of a line takes from each: three samples a tap, up to 3·sigma, each summing to 1."""
    apart = np.abs(np.subtract.outer(np.arange(side), np.arange(side)))
    taps = sum(np.exp(-((3 * apart + third) ** 2) / (18 * sigma**2)) for third in (-1, 0, 1))
    taps[apart > math.ceil(3 * sigma)] = 0
    return taps / taps.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("amount", "becomes"),
    [
        (50, [50, 50, 47, 35, 165, 153, 150, 150]),
        (100, [50, 49, 43, 19, 181, 157, 151, 150]),
        (500, [50, 47, 17, 0, 255, 183, 153, 150]),
    ],
)
def test_an_edge_becomes_a_known_steeper_one(amount: float, becomes: list[int]):
    assert sharp_row(50, 50, 50, 50, 150, 150, 150, 150, radius=1, amount=amount, threshold=0) == becomes


@pytest.mark.parametrize(("radius", "amount"), [(0.3, 100), (1.5, 60), (4, 37.5), (50, 500)])
def test_every_pixel_is_what_the_definition_says(radius: float, amount: float):
    image = noise((23, 17))
    detail = np.asarray(image) - blur_by_definition(image, radius)
    detail[np.abs(detail) <= 12.5] = 0
    expected = np.clip(np.asarray(image) + amount / 100 * detail, 0, 255)
    made = array(shown("unsharp_mask", image, radius=radius, amount=amount, threshold=12.5))
    assert np.abs(made - expected).max() < 0.51


def test_a_difference_up_to_the_threshold_is_left_alone():
    assert sharp_row(100, 100, 104, 104, radius=1, amount=500, threshold=2) == [100, 100, 104, 104]
    assert sharp_row(100, 100, 104, 104, radius=1, amount=500, threshold=1) != [100, 100, 104, 104]


def test_the_defaults_are_those_of_the_documentation():
    image = noise((31, 20))
    expected = shown("unsharp_mask", image, radius=1.5, amount=60, threshold=2)
    assert shown("unsharp_mask", image).tobytes() == expected.tobytes()


@pytest.mark.parametrize("params", [{"radius": 0}, {"amount": 0}, {"radius": 1e-200}, {"threshold": 255}])
def test_nothing_changes_without_radius_or_amount_or_below_the_threshold(params: dict):
    image = noise((20, 20))
    assert shown("unsharp_mask", image, **params).tobytes() == image.tobytes()


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
def test_any_radius_works_on_the_smallest_pictures(size: tuple[int, int]):
    assert shown("unsharp_mask", noise(size), radius=50, amount=500, threshold=0).size == size


@pytest.mark.parametrize("radius", [0.3, 1.5, 50])
def test_a_plain_picture_stays_as_it_is_whatever_its_transparency(radius: float):
    image = Image.new("RGB", (90, 50), (255, 1, 128))
    opaque = shown("unsharp_mask", image, radius=radius, amount=500, threshold=0)
    assert opaque.tobytes() == image.tobytes()
    image.putalpha(noise((90, 50)).getchannel("R"))
    seen = shown("unsharp_mask", image, radius=radius, amount=500, threshold=0)
    assert seen.tobytes() == image.tobytes()


def test_the_colors_of_invisible_pixels_do_not_show():
    image = Image.new("RGBA", (40, 10), (0, 255, 0, 0))
    image.paste((200, 50, 9, 255), (20, 0, 40, 10))
    made = shown("unsharp_mask", image, radius=3, amount=500, threshold=0)
    assert set(made.crop((20, 0, 40, 10)).get_flattened_data()) == {(200, 50, 9, 255)}


def test_an_opaque_picture_is_sharpened_alike_with_and_without_alpha():
    image = noise((60, 40))
    plain, opaque = shown("unsharp_mask", image), shown("unsharp_mask", image.convert("RGBA"))
    assert np.abs(array(plain) - array(opaque)[..., :3]).max() <= 1


def test_alpha_stays():
    image = see_through((31, 20))
    made = shown("unsharp_mask", image, amount=500, threshold=0)
    assert made.getchannel("A").tobytes() == image.getchannel("A").tobytes()


@pytest.mark.parametrize(
    "params", [{"radius": -1}, {"radius": 51}, {"amount": -1}, {"amount": 501}, {"threshold": 256}, {"amount": "60"}]
)
def test_other_parameters_are_refused(params: dict):
    with pytest.raises(InvalidParams):
        change("unsharp_mask", ramps((4, 4)), **params)
