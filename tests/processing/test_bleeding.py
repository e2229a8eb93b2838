import numpy as np
import pytest
from PIL import Image, ImageFilter

from processing.bleeding import change_visible, spread_colors
from tests.images import ramps
from tests.processing.running import array


def cut_out() -> Image.Image:
    """A red disc, with black and green hidden around it."""
    image = Image.new("RGBA", (90, 60), (0, 0, 0, 0))
    image.paste((0, 255, 0, 0), (0, 0, 90, 20))
    image.paste((200, 30, 40, 255), (30, 15, 60, 45))
    return image


def test_what_is_transparent_takes_on_the_colours_beside_it():
    made = spread_colors(cut_out())
    assert made.mode == "RGB"
    assert np.abs(array(made) - (200, 30, 40)).max() <= 2


def test_what_is_seen_keeps_its_colour():
    image = ramps((64, 48)).convert("RGBA")
    image.paste((9, 9, 9, 0), (40, 0, 64, 48))
    made = spread_colors(image)
    assert made.crop((0, 0, 40, 48)).tobytes() == ramps((64, 48)).crop((0, 0, 40, 48)).tobytes()
    assert np.abs(array(made)[:, 40] - array(made)[:, 39]).max() < 40


def test_colours_come_from_the_nearer_side():
    image = Image.new("RGBA", (100, 10), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 10, 10))
    image.paste((0, 0, 255, 255), (90, 0, 100, 10))
    made = array(spread_colors(image))
    assert made[5, 15, 0] > made[5, 15, 2]
    assert made[5, 84, 2] > made[5, 84, 0]


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 1), (5, 3)])
def test_a_picture_with_nothing_to_see_is_no_error(size: tuple[int, int]):
    assert spread_colors(Image.new("RGBA", size, (10, 20, 30, 0))).size == size


def test_a_change_sees_no_edge_where_alpha_ends():
    image = cut_out()
    made = change_visible(image, lambda colors: colors.filter(ImageFilter.GaussianBlur(8)))
    assert made.getchannel("A").tobytes() == image.getchannel("A").tobytes()
    visible = array(made)[array(image)[..., 3] == 255]
    assert np.abs(visible[:, :3] - (200, 30, 40)).max() <= 2


def test_an_opaque_image_is_changed_as_it_is():
    made = change_visible(ramps((20, 20)), lambda colors: colors.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    assert made.getpixel((0, 0)) == ramps((20, 20)).getpixel((19, 0))
