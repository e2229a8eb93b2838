import pytest
from PIL import Image

from processing.errors import InvalidParams
from tests.images import noise, ramps
from tests.processing.running import change, shown, source_of

CONTENT = noise((64, 30))


def letterbox(*, above: int, below: int, color: tuple[int, int, int] = (0, 0, 0)) -> Image.Image:
    made = Image.new("RGB", (64, above + 30 + below), color)
    made.paste(CONTENT, (0, above))
    return made


@pytest.mark.parametrize(("above", "below"), [(10, 10), (1, 1), (25, 3), (7, 0)])
@pytest.mark.parametrize("color", [(0, 0, 0), (255, 255, 255), (200, 10, 60)])
def test_bars_of_any_colour_are_cut_off(above: int, below: int, color: tuple[int, int, int]):
    made = shown("ulb", letterbox(above=above, below=below, color=color))
    assert made.tobytes() == CONTENT.tobytes()


def test_slightly_noisy_bars_are_still_bars():
    image = letterbox(above=8, below=8, color=(10, 10, 10))
    for x in range(0, 64, 2):
        image.putpixel((x, 0), (11, 10, 9))
        image.putpixel((x, 5), (28, 10, 10))
    assert shown("ulb", image).size == (64, 30)


def test_a_picture_without_bars_stays_as_it_is():
    for image in (ramps((64, 48)), noise((64, 48))):
        assert shown("ulb", image).tobytes() == image.tobytes()


def test_a_first_row_that_is_not_plain_means_no_bars():
    image = letterbox(above=8, below=8)
    image.putpixel((30, 0), (2, 0, 0))
    assert shown("ulb", image).size == (64, 46)


def test_a_bar_below_alone_stays():
    image = letterbox(above=0, below=9)
    assert shown("ulb", image).size == (64, 39)


def test_a_picture_of_one_colour_stays_as_it_is():
    assert shown("ulb", Image.new("RGB", (20, 20), "navy")).size == (20, 20)


def test_bars_at_the_sides_stay():
    image = Image.new("RGB", (84, 50), "black")
    image.paste(CONTENT, (10, 10))
    assert shown("ulb", image).size == (84, 30)


def test_the_map_finds_the_way_back_to_the_source():
    assert source_of(change("ulb", letterbox(above=12, below=3)), 5, 6) == (5, 18)


def test_it_has_no_parameters():
    with pytest.raises(InvalidParams):
        change("ulb", CONTENT, top=1)
