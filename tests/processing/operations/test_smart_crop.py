import pytest
from PIL import Image

from processing.base import Context, Step
from processing.errors import InvalidParams, ResultTooLarge
from processing.formats import Output
from processing.geometry import Box, Size
from processing.limits import Limits
from processing.picture import Picture
from processing.pipeline import Variant, run
from tests.images import encode, noise, photograph, ramps, see_through, turned
from tests.processing.people import PORTRAIT, person, seeing
from tests.processing.running import change, per_cent, px, source_of

ASTRONAUT = photograph("astronaut", (512, 512))
FACE = (179, 70, 271, 178)
"""Where the astronaut's face is, read off the picture."""


def crop(image: Image.Image, size: Size, context: Context | None = None) -> Picture:
    return change("smart_crop", image, context, width=px(size[0]), height=px(size[1]))


def covers(made: Picture) -> Box:
    left, top = source_of(made, 0, 0)
    right, bottom = source_of(made, *made.size)
    return left, top, right, bottom


def holds(outer: Box, inner: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


@pytest.mark.parametrize("size", [(100, 300), (300, 100), (200, 200), (512, 512), (700, 300), (1, 1), (7, 90)])
def test_the_result_has_exactly_the_size_asked_for(size: Size):
    assert crop(ASTRONAUT, size).size == size


@pytest.mark.parametrize("size", [(250, 512), (512, 220), (100, 200), (200, 90)])
def test_the_astronauts_face_is_whole(size: Size):
    assert holds(covers(crop(ASTRONAUT, size)), FACE)


@pytest.mark.parametrize("left", [0, 688])
def test_a_face_at_either_side_is_found(left: int):
    image = Image.new("RGB", (1200, 512), (180, 180, 180))
    image.paste(ASTRONAUT, (left, 0))
    box = covers(crop(image, (300, 300)))
    assert holds(box, (FACE[0] + left, FACE[1], FACE[2] + left, FACE[3]))


def test_two_faces_that_fit_are_both_shown():
    image = Image.new("RGB", (1600, 512), (180, 180, 180))
    image.paste(ASTRONAUT, (250, 0))
    image.paste(ASTRONAUT, (850, 0))
    left, _, right, _ = covers(crop(image, (900, 512)))
    assert left <= FACE[0] + 250
    assert right >= FACE[2] + 850


def test_of_two_faces_that_do_not_fit_the_larger_is_shown():
    image = Image.new("RGB", (1600, 512), (180, 180, 180))
    image.paste(ASTRONAUT.resize((300, 300)), (0, 212))
    image.paste(ASTRONAUT, (1000, 0))
    assert holds(covers(crop(image, (512, 512))), (FACE[0] + 1000, FACE[1], FACE[2] + 1000, FACE[3]))


def test_of_a_body_that_does_not_fit_the_head_is_shown():
    photo = ramps(PORTRAIT)
    made = crop(photo, (1000, 500), seeing(photo, person()))
    assert covers(made) == (0, 200, 1000, 700)
    made = crop(photo, (1000, 1300), seeing(photo, person()))
    assert covers(made) == (0, 150, 1000, 1450)


def test_without_people_the_main_object_is_shown():
    image = Image.new("RGBA", (1200, 400))
    image.paste((200, 30, 30, 255), (900, 100, 1100, 300))
    assert covers(crop(image, (400, 400))) == (800, 0, 1200, 400)
    assert covers(crop(image, (100, 100))) == (800, 0, 1200, 400)


def test_the_cup_is_shown():
    left, _, right, _ = covers(crop(photograph("coffee", (600, 400)), (400, 400)))
    assert (left + right) / 2 == pytest.approx(278, abs=12)


def test_where_nothing_is_seen_a_window_is_still_cut():
    for image in (noise((120, 60)), Image.new("RGB", (120, 60), "gray"), Image.new("RGBA", (120, 60))):
        made = crop(image, (30, 30))
        assert made.size == (30, 30)
        left, top, right, bottom = covers(made)
        assert holds((0, 0, 120, 60), (left, top, right, bottom))


def test_enlarging_is_reported():
    assert [loss.code for loss in crop(ASTRONAUT, (600, 300)).losses] == ["enlarged"]
    assert crop(ASTRONAUT, (512, 300)).losses == ()


def test_shares_are_of_the_picture_and_a_missing_side_keeps_the_proportions():
    image = photograph("coffee", (300, 200))
    assert change("smart_crop", image, width=per_cent(50), height=per_cent(100)).size == (150, 200)
    assert change("smart_crop", image, width=px(150)).size == (150, 100)


def test_what_lies_by_exif_is_looked_at_upright():
    step = Step(operation="smart_crop", params={"width": px(512), "height": px(220)})
    variant = Variant((step,), Output(format="png"))
    for data in (encode(ASTRONAUT), turned(ASTRONAUT, 6)):
        encoded = run(data, [variant], limits=Limits()).outcomes[0].encoded
        assert encoded is not None
        assert holds(encoded.covers, FACE)


def test_alpha_is_kept():
    made = crop(see_through((60, 40)), (20, 20))
    assert made.frames[0].mode == "RGBA"


def test_a_window_beyond_the_limits_is_refused():
    context = Context(limits=Limits(max_pixels=10_000))
    with pytest.raises(ResultTooLarge):
        crop(ASTRONAUT, (101, 100), context)


def test_a_size_is_required():
    with pytest.raises(InvalidParams, match="width or height"):
        change("smart_crop", ASTRONAUT)
