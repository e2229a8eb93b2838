import numpy as np
import pytest
from PIL import Image

from processing import operations
from processing.base import Context
from processing.errors import InvalidParams, ResultTooLarge
from processing.limits import Limits
from processing.picture import Picture
from tests.images import ramps, see_through
from tests.processing.running import array, change, per_cent, px, shown, source_of

PHOTO = ramps((400, 300))
ALL_SIDES = ("top", "right", "bottom", "left")
RED, BLUE = (255, 0, 0), (0, 0, 255)


def room(**sides: float) -> dict:
    """Padding in per cent."""
    return {side: per_cent(value) for side, value in sides.items()}


def codes(picture: Picture) -> list[str]:
    return [loss.code for loss in picture.losses]


# --- Sizes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({}, (400, 300)),
        ({"width": px(200), "height": px(200)}, (200, 200)),
        ({"width": px(200), "height": px(200), "fit": "bounds"}, (200, 150)),
        ({"width": px(200), "height": px(200), "fit": "cover"}, (267, 200)),
        ({"width": px(200), "height": px(200), "fit": "canvas"}, (200, 200)),
        ({"width": px(600), "height": px(300), "fit": "outpaint"}, (600, 300)),
        ({"width": px(200)}, (200, 300)),
        ({"width": px(800)}, (800, 600)),
        ({"width": px(200), "fit": "canvas"}, (200, 150)),
        ({"outpaint_by": {"width": per_cent(10), "height": per_cent(10)}, "fit": "outpaint"}, (480, 360)),
        ({"outpaint_by": {"height": px(50)}, "fit": "outpaint"}, (400, 400)),
        ({"outpaint_by": {"height": px(50)}, "fit": "outpaint", "width": px(200)}, (200, 200)),
    ],
)
def test_results_have_the_size_that_the_fit_says(params: dict, size: tuple[int, int]):
    assert shown("place", PHOTO, **params).size == size


def test_per_cent_of_the_source_are_those_of_the_source():
    small = change("resize", PHOTO, width=px(40))
    wanted = {"width": {"value": 50, "unit": "%", "of": "source"}, "fit": "bounds"}
    params = operations.parse("place", wanted)
    assert operations.get("place").apply(small, params, Context()).size == (200, 150)


def test_without_parameters_nothing_changes():
    assert shown("place", PHOTO).tobytes() == PHOTO.tobytes()


def test_only_enlarging_is_reported():
    assert codes(change("place", PHOTO, width=px(401), fit="bounds")) == ["enlarged"]
    assert codes(change("place", PHOTO, width=px(399), fit="bounds")) == []


# --- What is kept --------------------------------------------------------------------------------------------------


def test_a_crop_keeps_the_middle():
    made = change("place", PHOTO, width=px(300), height=px(300))
    assert made.frames[0].tobytes() == PHOTO.crop((50, 0, 350, 300)).tobytes()
    assert source_of(made, 0, 0) == (50, 0)


def spotted() -> Image.Image:
    """Grey, with checks near the right end."""
    image = Image.new("RGB", (400, 200), (120, 120, 120))
    checks = np.indices((100, 100)).sum(axis=0) // 10 % 2 * 255
    image.paste(Image.fromarray(checks.astype(np.uint8)).convert("RGB"), (300, 50))
    return image


def test_a_smart_crop_keeps_what_people_look_at():
    made = change("place", spotted(), width=px(100), height=px(100), crop="smart")
    left, top = source_of(made, 0, 0)
    assert made.size == (100, 100)
    assert left >= 150
    assert left + 200 >= 395
    assert top == 0


@pytest.mark.parametrize("side", ["width", "height"])
def test_a_smart_crop_stays_inside(side: str):
    made = change("place", spotted(), **{side: px(33), "crop": "smart"})
    left, top = source_of(made, 0, 0)
    right, bottom = source_of(made, *made.size)
    assert 0 <= left < right <= 400
    assert 0 <= top < bottom <= 200


def test_every_frame_is_cut_alike():
    frames = (spotted(), Image.new("RGB", (400, 200)))
    still = change("place", frames[0], width=px(100), height=px(200), crop="smart")
    film = Picture(frames, (400, 200), still.source, durations_ms=(10, 10))
    params = operations.parse("place", {"width": px(100), "height": px(200), "crop": "smart"})
    made = operations.get("place").apply(film, params, Context())
    assert made.frames[0].tobytes() == still.frames[0].tobytes()
    assert made.frames[1].size == (100, 200)


# --- Canvas and background -----------------------------------------------------------------------------------------


def test_bars_have_the_background_and_the_picture_lies_between_them():
    made = change("place", PHOTO, width=px(200), height=px(200), fit="canvas", background="#ff0000")
    image = made.frames[0]
    assert image.mode == "RGB"
    assert [image.getpixel(place) for place in ((0, 0), (100, 24), (100, 175))] == [RED] * 3
    assert image.crop((0, 25, 200, 175)).tobytes() == shown("resize", PHOTO, width=px(200)).tobytes()
    assert source_of(made, 0, 25) == (0, 0)


def test_without_a_background_bars_are_transparent():
    image = shown("place", PHOTO, width=px(200), height=px(200), fit="canvas")
    assert image.mode == "RGBA"
    assert image.getpixel((0, 0)) == (0, 0, 0, 0)
    assert image.getpixel((100, 100))[3] == 255


def test_a_background_lies_under_transparent_pixels():
    image = shown("place", see_through((400, 300)), background="#0000ff")
    assert image.mode == "RGB"
    assert image.getpixel((0, 0)) == BLUE
    assert array(image)[0, 399].tolist() == array(see_through((400, 300)))[0, 399, :3].tolist()


def test_without_a_background_transparency_stays():
    assert shown("place", see_through((400, 300))).tobytes() == see_through((400, 300)).tobytes()


# --- Padding -------------------------------------------------------------------------------------------------------


def test_padding_keeps_the_size_and_shrinks_the_picture():
    made = change("place", PHOTO, padding=room(**dict.fromkeys(ALL_SIDES, 10)), background="#ff0000")
    assert made.size == (400, 300)
    assert made.frames[0].crop((40, 30, 360, 270)).tobytes() == shown("resize", PHOTO, width=px(320)).tobytes()
    assert source_of(made, 40, 30) == (0, 0)
    assert source_of(made, 360, 270) == (400, 300)


def test_padding_is_measured_on_each_side_for_itself():
    padding = {"top": px(10), "right": per_cent(5), "bottom": px(30), "left": px(40)}
    image = array(shown("place", PHOTO, padding=padding, background="#ff0000"))
    is_ground = (image == RED).all(axis=-1)
    rows, columns = np.flatnonzero(~is_ground.all(axis=1)), np.flatnonzero(~is_ground.all(axis=0))
    assert (rows[0], 300 - 1 - rows[-1]) == (10, 30)
    assert (columns[0], 400 - 1 - columns[-1]) == (40, 20)


@pytest.mark.parametrize(
    ("fit", "inside"),
    [("crop", (180, 100)), ("canvas", (133, 100)), ("bounds", (133, 100)), ("cover", (133, 100))],
)
def test_the_picture_is_fitted_into_what_padding_leaves(fit: str, inside: tuple[int, int]):
    padding = room(left=5, right=5, top=25, bottom=25)
    box = {"width": px(200), "height": px(200)} if fit in ("crop", "canvas") else {"width": px(200)}
    image = array(shown("place", PHOTO, **box, fit=fit, padding=padding, background="#000000"))
    expected = inside if fit in ("crop", "canvas") else (100, 75)
    shows = image.any(axis=-1)
    assert (shows.any(axis=0).sum(), shows.any(axis=1).sum()) == pytest.approx(expected, abs=1)


@pytest.mark.parametrize("size", [(333, 100), (1000, 333), (97, 61)])
def test_padding_of_one_share_leaves_no_line_of_background_beside_the_picture(size: tuple[int, int]):
    padding = room(**dict.fromkeys(ALL_SIDES, 10))
    image = shown("place", Image.new("RGB", size, "white"), padding=padding, background="#000000", fit="bounds")
    shows = array(image).any(axis=-1)
    assert shows.any(axis=1).sum() == size[1] - 2 * int(size[1] * 0.1 + 0.5)
    assert shows.any(axis=0).sum() == size[0] - 2 * int(size[0] * 0.1 + 0.5)


def test_padding_of_an_outpainted_picture_has_the_background():
    padding = room(**dict.fromkeys(ALL_SIDES, 10))
    params = {"width": px(400), "height": px(400), "fit": "outpaint", "padding": padding, "background": "#ff0000"}
    image = shown("place", Image.new("RGB", (100, 50), "white"), **params)
    assert image.getpixel((200, 39)) == RED
    assert image.getpixel((200, 41)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("padding", "message"),
    [
        (room(left=51), "50 %"),
        (room(left=50, right=50), "50 %"),
        ({"left": {"value": -1}}, "greater than or equal to 0"),
        ({"left": {"value": 10, "unit": "em"}}, "Input should be 'px' or '%'"),
        ({"middle": px(10)}, "Extra inputs"),
        ("wide", "object"),
    ],
)
def test_padding_that_is_none_is_refused(padding: object, message: str):
    with pytest.raises(InvalidParams, match=message) as caught:
        change("place", PHOTO, padding=padding)
    assert (caught.value.param or "").startswith("padding")


def test_padding_that_leaves_nothing_is_refused():
    with pytest.raises(InvalidParams, match="nothing of 400×300 pixels would be left") as caught:
        change("place", PHOTO, padding={"left": px(300), "right": px(100)})
    assert caught.value.param == "padding"
    assert shown("place", PHOTO, padding={"left": px(300), "right": px(99)}).size == (400, 300)


# --- Outpainting ---------------------------------------------------------------------------------------------------


def test_outpainting_leaves_the_picture_as_it_is_and_says_what_it_did():
    made = change("place", PHOTO, width=px(600), height=px(300), fit="outpaint")
    assert made.frames[0].crop((100, 0, 500, 300)).tobytes() == PHOTO.tobytes()
    assert source_of(made, 100, 0) == (0, 0)
    assert codes(made) == ["outpainted"]


def test_a_picture_that_fills_the_size_is_not_outpainted():
    assert codes(change("place", PHOTO, width=px(200), height=px(150), fit="outpaint")) == []


def test_outpainting_that_adds_nothing_is_not_reported():
    made = change("place", PHOTO, fit="outpaint", outpaint_by={"width": px(0)})
    assert made.frames[0].tobytes() == PHOTO.tobytes()
    assert codes(made) == []


# --- Limits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "params",
    [
        {"width": px(1001)},
        {"width": px(1001), "height": px(20), "fit": "canvas"},
        {"fit": "outpaint", "outpaint_by": {"width": px(301)}},
    ],
)
def test_results_beyond_the_limits_are_refused(params: dict):
    with pytest.raises(ResultTooLarge):
        change("place", PHOTO, Context(limits=Limits(max_side=1000)), **params)


@pytest.mark.parametrize(
    "params",
    [
        {"width": px(0)},
        {"width": px(-5)},
        {"width": "50%"},
        {"width": px(10), "fit": "stretch"},
        {"width": per_cent(150), "height": per_cent(50), "fit": "bounds"},
        {"width": px(100), "height": per_cent(50)},
        {"fit": "outpaint", "feathering": 101},
        {"fit": "outpaint", "outpaint_by": {"width": {"value": -1}}},
        {"background": "white"},
        {"crop": "left"},
    ],
)
def test_other_parameters_are_refused(params: dict):
    with pytest.raises(InvalidParams):
        change("place", PHOTO, **params)
