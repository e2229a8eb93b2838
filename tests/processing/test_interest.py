import pytest
from PIL import Image, ImageDraw

from processing.base import Context
from processing.interest import choose_corner
from tests.processing.running import picture_of


def spotted(size: tuple[int, int], spot: tuple[int, int], mode: str = "RGB") -> Image.Image:
    """A grey picture with something colourful around one place."""
    image = Image.new(mode, size, (128, 128, 128) if mode == "RGB" else (128, 128, 128, 255))
    side = min(size) // 6
    for step in range(5):
        color = ("red", "white", "navy", "gold", "green")[step]
        near = side - step * side // 5
        ImageDraw.Draw(image).ellipse((spot[0] - near, spot[1] - near, spot[0] + near, spot[1] + near), fill=color)
    return image


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize(("size", "spot"), [((600, 200), (520, 100)), ((600, 200), (80, 90)), ((200, 600), (90, 500))])
def test_the_window_holds_what_stands_out(size: tuple[int, int], spot: tuple[int, int], mode: str):
    x, y = choose_corner(picture_of(spotted(size, spot, mode)), (200, 200), Context())
    assert x < spot[0] - 30 < spot[0] + 30 < x + 200
    assert y < spot[1] - 30 < spot[1] + 30 < y + 200


@pytest.mark.parametrize(
    ("size", "window"),
    [((600, 200), (200, 200)), ((1, 1), (1, 1)), ((3, 1), (1, 1)), ((5000, 20), (5000, 1.5)), ((20, 4000), (0.5, 0.7))],
)
def test_the_window_stays_in_the_picture(size: tuple[int, int], window: tuple[float, float]):
    x, y = choose_corner(picture_of(Image.effect_noise(size, 90).convert("RGB")), window, Context())
    assert 0 <= x <= size[0] - window[0]
    assert 0 <= y <= size[1] - window[1]


def test_what_is_invisible_draws_no_look():
    image = spotted((600, 200), (520, 100), "RGBA")
    image.paste(spotted((200, 200), (100, 100)).resize((100, 100)), (20, 50))
    assert choose_corner(picture_of(image), (200, 200), Context())[0] > 300
    image.putalpha(Image.new("L", (400, 200), 255).crop((0, 0, 600, 200)))
    assert choose_corner(picture_of(image), (200, 200), Context())[0] < 100


def test_a_window_as_large_as_the_picture_begins_at_its_corner():
    assert choose_corner(picture_of(spotted((300, 200), (250, 100))), (300, 200), Context()) == (0, 0)
