"""Boxes to the pixel on a face of known numbers, and what is really seen on photographs."""

from typing import Any, get_args

import pytest
from PIL import Image, ImageDraw, ImageOps

from processing.base import Step
from processing.detectors import faces
from processing.errors import EmptyResult, InvalidParams, StillRecognizable, SubjectNotFound
from processing.formats import Output
from processing.geometry import Box, Size
from processing.limits import Limits
from processing.markers import FaceMarker
from processing.picture import Picture
from processing.pipeline import Outcome, Variant, run
from tests.images import encode, photograph, ramps, turned
from tests.processing.people import FACE, PORTRAIT, person, seeing
from tests.processing.running import change, source_of

PHOTO = ramps(PORTRAIT)
ASTRONAUT = photograph("astronaut", (512, 512))
LINES = {
    "eyes": 103,
    "between_eyes_and_nose": 117,
    "nose": 130,
    "between_nose_and_mouth": 139,
    "mouth": 147,
    "face": 178,
}
"""Across the astronaut's face, read off the picture."""


def crop(marker: FaceMarker = "between_eyes_and_nose", /, image: Image.Image = PHOTO, **params: Any) -> Picture:
    """The crop of somebody of known numbers."""
    return change("unrecognizable_crop", image, seeing(image, person()), marker=marker, **params)


def find(marker: FaceMarker = "between_nose_and_mouth", /, image: Image.Image = ASTRONAUT, **params: Any) -> Picture:
    """The crop by what is really seen."""
    return change("unrecognizable_crop", image, marker=marker, **params)


def run_file(data: bytes, **params: Any) -> Outcome:
    step = Step(operation="unrecognizable_crop", params={"marker": "mouth", **params})
    return run(data, [Variant((step,), Output(format="png"))], limits=Limits()).outcomes[0]


def covers(made: Picture) -> Box:
    left, top = source_of(made, 0, 0)
    right, bottom = source_of(made, *made.size)
    return left, top, right, bottom


def side_by_side(*images: Image.Image, size: Size) -> Image.Image:
    """The images in a row, each standing on the lower border."""
    made = Image.new("RGB", size, (200, 200, 200))
    x = 0
    for image in images:
        made.paste(image, (x, size[1] - image.height))
        x += image.width
    return made


# --- To the pixel --------------------------------------------------------------------------------------------------


def test_ten_per_cent_of_the_height_below_the_line():
    made = crop(margins={"top": 10, "bottom": 0, "left": 100, "right": 100})
    assert covers(made) == (0, 470, 1000, 1500)
    assert made.frames[0].tobytes() == PHOTO.crop((0, 470, 1000, 1500)).tobytes()


@pytest.mark.parametrize(
    ("marker", "top"),
    [
        ("eyes", 300),
        ("between_eyes_and_nose", 320),
        ("nose", 340),
        ("between_nose_and_mouth", 360),
        ("mouth", 380),
        ("face", 420),
    ],
)
def test_everything_below_each_line_is_kept(marker: FaceMarker, top: int):
    assert covers(crop(marker)) == (0, top, 1000, 1500)
    hundred = {"top": 100, "right": 100, "bottom": 100, "left": 100}
    assert covers(crop(marker, margins=hundred)) == (0, top, 1000, 1500)


def test_sides_reach_from_the_middle():
    assert covers(crop("mouth", margins={"left": 50, "right": 25})) == (250, 380, 625, 1500)


def test_a_size_grows_downwards_and_sideways_alone():
    made = crop("mouth", margins={"bottom": 50, "left": 20, "right": 20}, size={"width": 100, "height": 200})
    assert covers(made) == pytest.approx((360, 380, 640, 940))
    made = crop("mouth", margins={"bottom": 90, "left": 20, "right": 20}, size={"width": 100, "height": 200})
    assert covers(made) == pytest.approx((400, 380, 600, 780))
    assert made.size == (100, 200)


@pytest.mark.parametrize("fill", [None, "edge", "#ff5733"])
def test_a_shape_too_tall_never_shows_what_lies_above_the_line(fill: str | None):
    image = PHOTO.copy()
    image.paste((255, 0, 255), (0, 0, 1000, 380))
    made = crop("mouth", image, size="source", fill=fill)
    assert made.size == PORTRAIT
    assert covers(made) == (0, 190, 1000, 1690)
    colors = made.frames[0].convert("RGBA").getcolors(2_000_000)
    assert colors
    assert not any(color[:3] == (255, 0, 255) and color[3] for _, color in colors)


def test_a_face_at_the_lower_border_leaves_nothing():
    only = PHOTO.crop((0, 0, 1000, 420))
    with pytest.raises(EmptyResult):
        change("unrecognizable_crop", only, seeing(only, person()), marker="face")


def test_left_and_right_must_leave_something():
    with pytest.raises(InvalidParams, match="margins"):
        crop(margins={"left": 0, "right": 0})


# --- On photographs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("marker", get_args(FaceMarker))
def test_the_astronaut_is_cut_at_every_line(marker: FaceMarker):
    left, top, right, bottom = covers(find(marker))
    assert (left, right, bottom) == (0, 512, 512)
    assert top == pytest.approx(LINES[marker], abs=4)


@pytest.mark.parametrize("marker", ["between_nose_and_mouth", "mouth", "face"])
def test_no_face_is_found_in_the_result(marker: FaceMarker):
    assert faces.find(find(marker).frames[0]) == ()


def test_of_two_people_the_lower_face_counts():
    both = side_by_side(ASTRONAUT, ASTRONAUT.resize((256, 256)), size=(768, 512))
    _, top, _, _ = covers(find("mouth", both))
    assert top == pytest.approx(256 + 147 / 2, abs=4)
    assert faces.find(both.crop((0, int(top), 768, 512))) == ()


def test_a_face_of_forty_pixels_beside_a_large_one_counts():
    small = ASTRONAUT.resize((220, 220), Image.Resampling.LANCZOS)
    both = side_by_side(photograph("astronaut", (1024, 1024)), small, size=(1300, 1024))
    _, top, _, _ = covers(find("mouth", both))
    assert top == pytest.approx(1024 - 220 + 147 * 220 / 512, abs=4)


def test_a_profile_is_cut_off_too():
    """Half a face, as when somebody looks past the border."""
    made = find("mouth", ASTRONAUT.crop((0, 0, 235, 512)))
    assert covers(made)[1] == pytest.approx(147, abs=14)


@pytest.mark.parametrize("orientation", [2, 3, 6, 8])
def test_somebody_lying_by_exif_is_cut_upright(orientation: int):
    outcome = run_file(turned(ASTRONAUT, orientation))
    assert outcome.encoded is not None
    assert outcome.encoded.covers == pytest.approx((0, 147, 512, 512), abs=4)


def test_somebody_who_lies_is_cut_off_whole():
    lying = ASTRONAUT.rotate(90).resize((512, 512))
    made = find("eyes", lying)
    assert covers(made)[1] == pytest.approx(512 - 179, abs=8)
    assert faces.find(made.frames[0]) == ()


def test_somebody_at_the_upper_border_is_cut():
    made = find("mouth", ASTRONAUT.crop((0, 60, 512, 512)))
    assert covers(made)[1] == pytest.approx(147 - 60, abs=5)


def test_after_an_earlier_step_the_line_is_where_the_face_is_now():
    steps = (
        Step(operation="resize", params={"width": {"value": 256}}),
        Step(operation="flip", params={"direction": "horizontal"}),
        Step(operation="unrecognizable_crop", params={"marker": "mouth"}),
    )
    encoded = run(encode(ASTRONAUT), [Variant(steps, Output(format="png"))], limits=Limits()).outcomes[0].encoded
    assert encoded is not None
    assert encoded.covers == pytest.approx((0, 147, 512, 512), abs=5)
    assert encoded.size == pytest.approx((256, 182), abs=2)


def test_a_face_that_a_step_has_painted_in_is_refused():
    """What was seen in the source does not hold it."""
    mark = {"source": {"kind": "house", "location": "face"}, "gravity": "south", "height": {"value": 180}}
    steps = (
        Step(operation="watermark", params=mark),
        Step(operation="unrecognizable_crop", params={"marker": "mouth"}),
    )
    assets = {"house::face": encode(ASTRONAUT.crop((100, 0, 350, 250)))}
    variant = Variant(steps, Output(format="png"))
    outcome = run(encode(ASTRONAUT), [variant], limits=Limits(), assets=assets).outcomes[0]
    assert isinstance(outcome.error, StillRecognizable)
    assert outcome.error.code == "still_recognizable"


@pytest.mark.parametrize("photo", ["coffee", "chelsea"])
def test_a_cup_and_a_cat_are_refused(photo: str):
    with pytest.raises(SubjectNotFound, match="no face"):
        find("eyes", photograph(photo, (600, 400)))


def test_a_drawn_face_is_cut_as_well():
    drawing = Image.new("RGB", (400, 600), "white")
    pen = ImageDraw.Draw(drawing)
    pen.ellipse((100, 100, 300, 340), outline="black", width=4)
    for x in (160, 240):
        pen.ellipse((x - 15, 190, x + 15, 210), outline="black", width=4)
    pen.line((200, 210, 190, 260, 205, 262), fill="black", width=4)
    pen.arc((160, 250, 240, 300), 20, 160, fill="black", width=4)
    assert covers(find("eyes", drawing))[1] == pytest.approx(200, abs=20)


def test_a_mirrored_picture_is_cut_at_the_same_line():
    assert covers(find("nose", ImageOps.mirror(ASTRONAUT)))[1] == pytest.approx(130, abs=4)


# --- Parameters ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", [{"marker": "chin"}, {"margins": {"top": -1}}, {"margins": {"left": 101}}, {"margins": {"left": "50"}}]
)
def test_wrong_parameters_are_refused(wrong: dict[str, Any]):
    with pytest.raises(InvalidParams):
        change("unrecognizable_crop", PHOTO, **{"marker": "nose", **wrong})


def test_a_face_of_known_numbers_is_not_really_there():
    """Else the boxes above would say nothing of the numbers."""
    assert faces.find(PHOTO) == ()
    assert FACE.box == (440, 240, 560, 420)
