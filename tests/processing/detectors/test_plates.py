import math

import pytest
from PIL import Image, ImageDraw

from processing import fonts
from processing.detectors import plates
from processing.detectors.plates import Plate
from tests.processing.detectors import scenes


def lettered(text: str, *, angle: float = 0, size: tuple[int, int] = (900, 600)) -> Image.Image:
    """A photograph with a plate of 240×60 pixels in its middle that says this, turned against the clock."""
    scene = scenes.photo("grass").resize(size)
    plate = Image.new("RGBA", (240, 60), "white")
    pen = ImageDraw.Draw(plate)
    pen.rectangle((1, 1, 238, 58), outline="black", width=3)
    font = fonts.find_faces("Arial-Bold")[0].at(40)
    pen.text((120, 30), text, fill="black", font=font, anchor="mm")
    turned = plate.rotate(angle, Image.Resampling.BICUBIC, expand=True)
    scene.paste(turned, ((size[0] - turned.width) // 2, (size[1] - turned.height) // 2), turned)
    return scene


def the_one(image: Image.Image) -> Plate:
    (found,) = plates.find(image)
    return found


def test_plates_can_be_found_here() -> None:
    assert plates.missing() is None


@pytest.mark.parametrize("text", ["AB 123 CD", "5AU-5341", "BRA2E19"])
def test_what_reads_as_a_plate_is_found_whole(text: str) -> None:
    plate = the_one(lettered(text))
    assert plate.text_like
    assert plate.confidence > 0.6
    left, top, right, bottom = plate.box
    assert left < 355
    assert right > 545
    assert top < 285
    assert bottom > 315
    assert right - left < 300


@pytest.mark.parametrize("text", ["TAXI", "SALE", "Motors"])
def test_words_without_a_digit_are_no_plate_away_from_cars(text: str) -> None:
    assert plates.find(lettered(text)) == ()


def test_a_turned_plate_has_turned_corners() -> None:
    corners = the_one(lettered("AB 123 CD", angle=12)).corners
    (x, y), (right, up) = corners[0], corners[1]
    assert math.degrees(math.atan2(y - up, right - x)) == pytest.approx(12, abs=4)


def test_the_box_is_the_upright_one_around_the_corners() -> None:
    plate = the_one(lettered("AB 123 CD", angle=12))
    xs, ys = [x for x, _ in plate.corners], [y for _, y in plate.corners]
    assert plate.box == (min(xs), min(ys), max(xs), max(ys))


def test_places_are_in_pixels_of_the_picture_that_was_given() -> None:
    small = the_one(lettered("AB 123 CD"))
    large = the_one(lettered("AB 123 CD").resize((3600, 2400)))
    assert [value / 4 for value in large.box] == pytest.approx(small.box, abs=10)


@pytest.mark.parametrize(
    ("text", "is_plate"),
    [
        ("5AU-5341", True),
        ("ab 123·cd", True),
        ("1234", True),
        ("ABCD", False),
        ("123", False),
        ("A123456789", False),
        ("Call 555 123 4567", False),
        ("", False),
        ("粤B12345", False),
    ],
)
def test_a_plate_says_four_to_nine_letters_and_digits(text: str, is_plate: bool) -> None:
    assert plates.is_plate_text(text) is is_plate


@pytest.mark.parametrize(
    ("corners", "is_on"),
    [
        (((450, 500), (550, 500), (550, 530), (450, 530)), True),
        (((450, 310), (550, 310), (550, 340), (450, 340)), False),
        (((450, 500), (470, 500), (470, 530), (450, 530)), False),
        (((250, 500), (750, 500), (750, 580), (250, 580)), False),
        (((10, 500), (110, 500), (110, 530), (10, 530)), False),
    ],
    ids=["bumper", "roof", "upright", "whole side", "beside"],
)
def test_a_text_counts_where_a_car_has_its_plate(corners: plates.Corners, is_on: bool) -> None:
    assert plates._is_on_car(plates.Text(corners, "Motors", 0.9), (200, 300, 800, 600)) is is_on


def test_a_plate_is_larger_than_its_text() -> None:
    grown = plates._grow(((100, 100), (200, 100), (200, 120), (100, 120)))
    assert grown == ((85, 92), (215, 92), (215, 128), (85, 128))


@pytest.mark.parametrize("size", [(1, 1), (5000, 3), (3, 5000), (40, 30)])
def test_pictures_of_any_shape_are_read(size: tuple[int, int]) -> None:
    assert plates.find(Image.new("RGB", size, "white")) == ()


def test_a_photograph_without_text_has_no_plate() -> None:
    assert plates.find(scenes.photo("chelsea")) == ()
