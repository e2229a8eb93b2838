import numpy as np
import pytest
from PIL import Image

from processing.errors import InvalidParams
from processing.noise import WEIGHTS
from tests.images import noise, ramps, see_through
from tests.processing.running import array, change, shown

GREY = 100


def grey_with_one_pixel(value: int) -> Image.Image:
    image = Image.new("RGB", (9, 9), (GREY,) * 3)
    image.putpixel((4, 4), (value,) * 3)
    return image


@pytest.mark.parametrize(("value", "becomes"), [(110, 101), (115, 102), (118, 118), (200, 200)])
def test_a_pixel_close_to_its_neighbours_joins_them_and_an_outlier_stays(value: int, becomes: int):
    made = shown("enhance", grey_with_one_pixel(value))
    assert made.getpixel((4, 4)) == (becomes,) * 3


@pytest.mark.parametrize("size", [(12, 9), (5, 1), (30, 40)])
def test_every_pixel_is_what_the_definition_says(size: tuple[int, int]):
    image = soft_noise(size)
    assert np.array_equal(np.asarray(shown("enhance", image)), enhance_pixel_by_pixel(image))


def soft_noise(size: tuple[int, int]) -> Image.Image:
    """Noise on a ramp, so that some neighbours count and others do not."""
    rough = array(noise(size)) // 12
    return Image.fromarray((array(ramps(size)) // 2 + rough).astype(np.uint8))


def enhance_pixel_by_pixel(image: Image.Image) -> np.ndarray:
    source = np.asarray(image) / 255
    made = np.asarray(image).copy()
    for y in range(image.height):
        for x in range(2, image.width - 2):
            made[y, x] = mean_of_likes(source, x, y)
    return made


def mean_of_likes(source: np.ndarray, x: int, y: int) -> np.ndarray:
    total, sums = 0.0, np.zeros(3)
    for row, weights in enumerate(WEIGHTS):
        for column, weight in enumerate(weights):
            other = source[min(max(y + row - 2, 0), len(source) - 1), x + column - 2]
            if distance(other, source[y, x]) < 0.04:
                total += weight
                sums += weight * other
    return np.floor(sums / total * 255 + 1e-6)


def distance(n: np.ndarray, c: np.ndarray) -> float:
    squares = (n - c) ** 2
    return (2 + (n[0] + c[0]) / 2) * squares[0] + 4 * squares[1] + (3 - (n[2] + c[2]) / 2) * squares[2]


def test_noise_becomes_less_and_an_edge_stays_sharp():
    image = Image.new("RGB", (40, 20), (60,) * 3)
    image.paste((190,) * 3, (20, 0, 40, 20))
    noisy = Image.fromarray((array(image) + array(noise((40, 20))) // 20).astype(np.uint8))
    made = array(shown("enhance", noisy))
    assert made[:, 2:20].std() < array(noisy)[:, 2:20].std() / 2
    assert made[:, 20].mean() - made[:, 19].mean() > 120


def test_a_picture_too_narrow_for_the_block_stays_as_it_is():
    image = noise((4, 30))
    assert shown("enhance", image).tobytes() == image.tobytes()


def test_alpha_stays():
    image = see_through((31, 20))
    assert shown("enhance", image).getchannel("A").tobytes() == image.getchannel("A").tobytes()


def test_it_has_no_parameters():
    with pytest.raises(InvalidParams):
        change("enhance", ramps((4, 4)), amount=1)
