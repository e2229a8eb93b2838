"""What the 15 transformations make of a picture, from the request to the file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from PIL import Image, ImageChops

from tests.dialects.slashed.calls import create, get, run
from tests.dialects.slashed.results import make, make_all, open_result, reason, state
from tests.images import encode, ramps, rows_of
from tests.processing.golden import GOLDEN

pytestmark = [pytest.mark.django_db]

EMPTY, TOO_LARGE, NO_MARK = "empty_result", "result_too_large", "missing_asset"
SAME = (480, 360)
CROP = {"type": "crop", "gravity": "southeast", "xoffset": -20, "yoffset": "-10px", "fit": False}
SIZES: list[tuple[dict[str, Any], tuple[int, int] | str]] = [
    # annotation
    ({"type": "annotation", "text": "Test text", "size": 10}, SAME),
    ({"type": "annotation", "text": "a", "size": 20, "xoffset": "-5%", "yoffset": "10px"}, SAME),
    ({"type": "annotation", "text": "far away", "xoffset": 10**9, "yoffset": -(10**9)}, SAME),
    ({"type": "annotation", "text": "x", "font": "No Such Font", "size": 500}, SAME),
    # blur
    ({"type": "blur", "sigma": 218, "radius": 465}, SAME),
    ({"type": "blur", "sigma": 0, "radius": 0}, SAME),
    ({"type": "blur", "sigma": 2.5, "radius": 0}, SAME),
    ({"type": "blur", "sigma": 10**30, "radius": 10**30}, SAME),
    # crop
    ({"type": "crop", "width": "750", "height": "500", "yoffset": "300", "xoffset": "500", "fit": True}, (750, 500)),
    ({"type": "crop", "width": "500", "height": "800", "yoffset": "100", "xoffset": "200", "fit": "crop"}, (500, 800)),
    ({"type": "crop", "width": 100, "height": 100}, (100, 100)),
    ({"type": "crop", "width": 100}, (100, 75)),
    ({"type": "crop", "height": "50%"}, (240, 180)),
    ({"type": "crop", "width": 100, "height": 100, "fit": False}, (100, 100)),
    ({"type": "crop", "width": 1000, "height": 100, "fit": False}, (480, 100)),
    ({"type": "crop", "width": 1000, "height": 1000, "fit": False}, SAME),
    ({**CROP, "width": 100, "height": 50}, (80, 40)),
    ({**CROP, "width": 20, "height": 50}, EMPTY),
    ({**CROP, "width": 100, "height": 50, "xoffset": 10**9}, EMPTY),
    ({"type": "crop", "width": 100, "height": 50, "xoffset": 10**9}, (100, 50)),
    ({"type": "crop", "width": 20000, "height": 20000}, TOO_LARGE),
    # fitmethod: the photo is 4:3
    ({"type": "fitmethod", "fit_type": "cropbox", "width": 550, "height": 300, "opacity": 0}, (550, 300)),
    ({"type": "fitmethod", "fit_type": "stretch", "width": 200, "height": 200}, (200, 200)),
    ({"type": "fitmethod", "fit_type": "box", "width": 200, "height": 200}, (200, 150)),
    ({"type": "fitmethod", "fit_type": "box", "width": 960, "height": 960}, (960, 720)),
    ({"type": "fitmethod", "fit_type": "letterbox", "width": 200, "height": 200}, (200, 200)),
    ({"type": "fitmethod", "fit_type": "outside", "width": 200, "height": 200}, (267, 200)),
    ({"type": "fitmethod", "fit_type": "outside", "width": 200}, (200, 150)),
    ({"type": "fitmethod", "fit_type": "letterbox", "height": "10%"}, (48, 36)),
    # resize
    ({"type": "resize", "width": 500, "height": 300}, (500, 300)),
    ({"type": "resize", "width": "50%"}, (240, 180)),
    ({"type": "resize", "height": "100w"}, (640, 480)),
    ({"type": "resize", "width": "100h"}, (360, 270)),
    ({"type": "resize", "width": "100h", "height": "100w"}, (360, 480)),
    ({"type": "resize", "width": 100.5}, (101, 76)),
    ({"type": "resize", "width": 0.1}, (1, 1)),
    ({"type": "resize", "height": 7}, (9, 7)),
    ({"type": "resize", "width": 1, "height": 1}, (1, 1)),
    ({"type": "resize", "width": 16385, "height": 10}, TOO_LARGE),
    ({"type": "resize", "width": 16384, "height": 10}, (16384, 10)),
    ({"type": "resize", "width": "100000000000%"}, TOO_LARGE),
    ({"type": "resize", "width": 10**30}, TOO_LARGE),
    # rotate
    ({"type": "rotate", "degrees": 0}, SAME),
    ({"type": "rotate", "degrees": 360}, SAME),
    ({"type": "rotate", "degrees": "90"}, (360, 480)),
    ({"type": "rotate", "degrees": 180}, SAME),
    ({"type": "rotate", "degrees": 270}, (360, 480)),
    ({"type": "rotate", "degrees": 20}, (574, 502)),
    ({"type": "rotate", "degrees": 33.33}, (599, 565)),
    ({"type": "rotate", "degrees": 0.01}, SAME),
    # ulb, enhance: no bars in the photo
    ({"type": "ulb"}, SAME),
    ({"type": "enhance"}, SAME),
    # watermark: never another size
    ({"type": "watermark", "source": "watermark.png", "gravity": "middle", "width": 200, "height": 200}, SAME),
    ({"type": "watermark", "Source": "/watermark.png", "width": "200%"}, SAME),
    ({"type": "watermark", "source": "watermark.png", "height": "100w", "gravity": "southeast"}, SAME),
    ({"type": "watermark", "source": "nothing.png"}, NO_MARK),
    # zoom
    ({"type": "zoom", "width": "200", "height": "200", "level": 0}, (200, 200)),
    ({"type": "zoom", "width": 200, "height": 200, "level": 2}, (360, 360)),
    ({"type": "zoom", "width": 100, "height": 100, "level": 3.2}, (350, 350)),
    ({"type": "zoom", "width": 200, "level": 4}, (480, 360)),
    ({"type": "zoom", "width": 1000, "level": 10}, (1000, 750)),
    ({"type": "zoom", "width": 10, "height": 10, "level": 10}, (100, 100)),
    # every filter
    *[
        ({"type": "filter", "filter": name}, SAME)
        for name in ("bw", "sepia", "negate", "grayscale", "edgedetect", "emboss", "blurgaussian", "meanremoval")
    ],
    ({"type": "filter", "filter": "blurselective"}, SAME),
    ({"type": "filter", "filter": "smooth"}, SAME),
]


@pytest.fixture
def exact(shop: Path) -> Path:
    """The storage, with a picture in it whose pixels are known: 40 × 30, red rises to the right and green down."""
    (shop / "exact.png").write_bytes(encode(ramps((40, 30))))
    return shop


def pixels(image: Image.Image | str) -> np.ndarray[Any, Any]:
    assert isinstance(image, Image.Image)
    return np.asarray(image.convert("RGB")).astype(int)


def test_every_transformation_has_the_size_of_the_contract(client: Client, shop: Path) -> None:
    found = make_all(client, shop, [[transformation] for transformation, _ in SIZES])
    sizes = [image if isinstance(image, str) else image.size for image in found]
    wrong = [(sent, is_, wanted) for (sent, wanted), is_ in zip(SIZES, sizes, strict=True) if is_ != wanted]
    assert not wrong


def test_the_golden_pixels_of_the_contract_come_out_to_the_bit(client: Client, shop: Path) -> None:
    (shop / "golden.png").write_bytes(encode(rows_of(GOLDEN["input"])))
    results = GOLDEN["results"]
    chains = [[to_transformation(each["operation"], each["params"])] for each in results]
    found = make_all(client, shop, chains, source="golden.png")
    for each, image in zip(results, found, strict=True):
        assert np.array_equal(pixels(image), pixels(rows_of(each["pixels"]))), each


def to_transformation(operation: str, params: dict[str, Any]) -> dict[str, Any]:
    """SlashedCloud's spelling of a known result's parameters."""
    if operation == "brightness":
        return {"type": operation, "bright_level": params["level"]}
    return {"type": operation, **params}


def test_each_transformation_works_on_the_result_of_the_one_before(client: Client, exact: Path) -> None:
    half, quarter = {"type": "resize", "width": "50%"}, {"type": "rotate", "degrees": 90}
    assert make(client, exact, half, half, quarter, source="exact.png").size == (8, 10)
    assert make(client, exact, quarter, {"type": "resize", "height": "50w"}, source="exact.png").size == (11, 15)


def test_no_transformation_leaves_every_pixel(client: Client, exact: Path) -> None:
    assert np.array_equal(pixels(make(client, exact, source="exact.png")), pixels(ramps((40, 30))))


@pytest.mark.parametrize(
    ("direction", "mirrored"),
    [("x", True), ("horizontal", True), ("y", False), ("vertical", False)],
)
def test_x_mirrors_left_and_right_and_y_top_and_bottom(
    client: Client, exact: Path, direction: str, mirrored: bool
) -> None:
    made = pixels(make(client, exact, {"type": "flip", "direction": direction}, source="exact.png"))
    before = pixels(ramps((40, 30)))
    assert np.array_equal(made, before[:, ::-1] if mirrored else before[::-1])


def test_a_picture_is_turned_clockwise(client: Client, exact: Path) -> None:
    made = pixels(make(client, exact, {"type": "rotate", "degrees": 90}, source="exact.png"))
    assert np.array_equal(made, np.rot90(pixels(ramps((40, 30))), -1))


@pytest.mark.parametrize(
    ("level", "value"),
    [(255, 255), (-255, 0), (0, None), ("0.9", None), ("-0.9", None)],
)
def test_brightness_is_added_without_its_fraction(client: Client, exact: Path, level: Any, value: int | None) -> None:
    made = pixels(make(client, exact, {"type": "brightness", "bright_level": level}, source="exact.png"))
    before = pixels(ramps((40, 30)))
    assert np.array_equal(made, before if value is None else np.full_like(before, value))


@pytest.mark.parametrize("blur", [{"sigma": 0, "radius": 5}, {"sigma": "0.000001", "radius": 0}])
def test_a_blur_of_nothing_changes_nothing(client: Client, exact: Path, blur: dict[str, Any]) -> None:
    made = make(client, exact, {"type": "blur", **blur}, source="exact.png")
    assert np.array_equal(pixels(made), pixels(ramps((40, 30))))


def test_a_blur_without_end_leaves_the_mean_of_everything(client: Client, exact: Path) -> None:
    made = pixels(make(client, exact, {"type": "blur", "sigma": 1e9, "radius": 1e9}, source="exact.png"))
    assert np.abs(made - pixels(ramps((40, 30))).mean(axis=(0, 1))).max() <= 1


def test_a_crop_lies_where_its_gravity_and_offsets_say(client: Client, exact: Path) -> None:
    window = {"type": "crop", "width": 10, "height": 8, "fit": False}
    places = {
        ("northwest", 0, 0): (0, 0),
        ("northwest", 3, 2): (3, 2),
        ("southeast", 0, 0): (30, 22),
        ("southeast", 3, 2): (27, 20),
        ("center", 0, 0): (15, 11),
        ("center", 3, -2): (18, 9),
        ("north", "10%", "10%"): (19, 3),
        ("west", 1, 1): (1, 12),
        ("middle", "-25%", 0): (5, 11),
    }
    chains = [[{**window, "gravity": g, "xoffset": x, "yoffset": y}] for g, x, y in places]
    before = pixels(ramps((40, 30)))
    for image, (left, top) in zip(make_all(client, exact, chains, source="exact.png"), places.values(), strict=True):
        assert np.array_equal(pixels(image), before[top : top + 8, left : left + 10])


def test_a_fitting_crop_is_shifted_back_inside(client: Client, exact: Path) -> None:
    window = {"type": "crop", "width": 20, "height": 30, "gravity": "west", "fit": True}
    made = make(client, exact, {**window, "xoffset": 5000}, source="exact.png")
    assert np.array_equal(pixels(made), pixels(ramps((40, 30)))[:, 20:])


def test_letterbox_bars_have_their_colour_and_opacity(client: Client, shop: Path) -> None:
    box = {"type": "fitmethod", "fit_type": "letterbox", "width": 200, "height": 200}
    red = {**box, "color": "#ff0000"}
    opaque, half, clear, plain = make_all(
        client, shop, [[{**red, "opacity": 10}], [{**red, "opacity": 5}], [{**red, "opacity": 0}], [box]]
    )
    for image, bar in ((opaque, (255, 0, 0, 255)), (half, (255, 0, 0, 128)), (plain, (0, 0, 0, 255))):
        assert isinstance(image, Image.Image)
        for place in ((0, 0), (100, 24), (100, 175), (199, 199)):
            assert image.convert("RGBA").getpixel(place) == bar
        assert image.convert("RGBA").getpixel((100, 100))[3] == 255
    assert isinstance(clear, Image.Image)
    assert clear.getpixel((0, 0))[3] == 0


def test_letterbox_bars_that_are_not_opaque_lie_over_white_in_a_jpeg(client: Client, shop: Path) -> None:
    box = {"type": "fitmethod", "fit_type": "letterbox", "width": 200, "height": 200, "color": "#000000", "opacity": 5}
    made = make(client, shop, box, destination="/out/1.jpg")
    assert all(abs(value - 127) <= 6 for value in made.getpixel((100, 5)))


def test_letterbox_bars_move_with_gravity(client: Client, shop: Path) -> None:
    box = {"type": "fitmethod", "fit_type": "letterbox", "width": 200, "height": 200, "color": "#00ff00"}
    made = make(client, shop, {**box, "gravity": "north"})
    assert made.getpixel((100, 151)) == made.getpixel((100, 199)) == (0, 255, 0)
    assert made.getpixel((100, 0)) != (0, 255, 0)


def test_ulb_cuts_the_bars_above_and_below(client: Client, shop: Path) -> None:
    made = make(client, shop, {"type": "ulb"}, source="/letterbox.png")
    assert made.size == (320, 180)
    assert np.array_equal(pixels(made), pixels(open_result(shop, "letterbox.png"))[30:210])


def test_a_text_is_written_in_its_colour_and_only_where_it_belongs(client: Client, shop: Path) -> None:
    (shop / "grey.png").write_bytes(encode(Image.new("RGB", (200, 100), "#808080")))
    text = {"type": "annotation", "font": "Arial", "color": "#ff0000", "text": "Test\ntext", "size": 20}
    made = make(client, shop, {**text, "gravity": "southeast", "xoffset": 10, "yoffset": "10%"}, source="grey.png")
    box = ImageChops.difference(made.convert("RGB"), Image.new("RGB", made.size, "#808080")).getbbox()
    assert box is not None
    assert box[0] > 130
    assert 40 < box[1] < box[3] <= 90
    assert box[2] <= 191
    assert (255, 0, 0) in [color for _, color in made.convert("RGB").getcolors(2**16)]


def test_a_watermark_is_laid_over_by_its_own_alpha(client: Client, shop: Path) -> None:
    (shop / "black.png").write_bytes(encode(Image.new("RGB", (300, 300))))
    mark = {"type": "watermark", "source": "watermark.png", "gravity": "southeast", "xoffset": 10, "yoffset": 20}
    made = pixels(make(client, shop, mark, source="black.png"))
    assert not made[:80].any()
    assert not made[:, :90].any()
    assert not made[:, 290:].any()
    assert not made[280:].any()
    assert made[180, 289, 0] > 240
    assert made[180, 100, 0] < 20


def test_a_watermark_keeps_its_proportions_and_is_cut_off_at_the_edges(client: Client, shop: Path) -> None:
    (shop / "black.png").write_bytes(encode(Image.new("RGB", (300, 100))))
    mark = {"type": "watermark", "source": "watermark.png", "width": "50%", "gravity": "northeast", "xoffset": -75}
    made = make(client, shop, mark, source="black.png")
    assert made.size == (300, 100)
    assert made.convert("RGB").getbbox()[0] >= 225


# --- What fails ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "said"), [("/broken.jpg", "not a picture"), ("/missing.jpg", "missing.jpg"), ("/480x360", "480x360")]
)
def test_a_source_that_cannot_be_read_fails_the_process(client: Client, shop: Path, source: str, said: str) -> None:
    job = run(create(client, {"type": "enhance"}, source=source, destination="/out/never.png"))
    assert state(client, job) == "FAILED"
    assert said in reason(client, job)
    assert not (shop / "out").exists()


def test_a_source_that_only_begins_like_a_picture_fails_the_process(client: Client, shop: Path) -> None:
    (shop / "half.png").write_bytes(encode(ramps((300, 300)))[:2000])
    assert state(client, run(create(client, source="half.png"))) == "FAILED"


@pytest.mark.parametrize(
    "bad",
    [
        {"type": "watermark", "source": "missing.png"},
        {"type": "watermark", "source": "broken.jpg"},
        {"type": "crop", "width": 10, "height": 10, "xoffset": 5000, "fit": False, "gravity": "northwest"},
        {"type": "resize", "width": 20000, "height": 20000},
    ],
)
def test_an_output_that_fails_fails_the_process_and_the_others_are_kept(
    client: Client, shop: Path, bad: dict[str, Any]
) -> None:
    chains = ([], [{"type": "ulb"}, bad], [{"type": "flip", "direction": "x"}])
    jobs = [{"destination": f"/out/{n}.png", "transformations": chain} for n, chain in enumerate(chains)]
    job = run(create(client, jobs=jobs))
    assert state(client, job) == "FAILED"
    assert reason(client, job)
    assert sorted(path.name for path in (shop / "out").iterdir()) == ["0.png", "2.png"]


def test_a_destination_that_cannot_be_written_fails_the_process(client: Client, shop: Path) -> None:
    jobs = [{"destination": "/watermark.png/below/a/file.png"}, {"destination": "/out/1.png"}]
    job = run(create(client, jobs=jobs))
    assert state(client, job) == "FAILED"
    assert (shop / "out/1.png").exists()


def test_an_existing_file_is_overwritten(client: Client, shop: Path) -> None:
    make(client, shop, {"type": "resize", "width": 10}, destination="/watermark.png")
    assert open_result(shop, "watermark.png").size == (10, 8)


def test_a_process_that_failed_says_so_in_its_documented_body(client: Client, shop: Path) -> None:
    job = run(create(client, source="/broken.jpg"))
    assert set(get(client, f"/request/{job.public_id}").json()) == {"status", "updated_at"}
