import numpy as np
import pytest
from PIL import Image
from skimage import data

from processing import operations
from processing.base import Context
from processing.errors import InvalidParams, ResultTooLarge
from processing.limits import Limits
from processing.operations.upscale import CHOICES
from processing.picture import Picture
from processing.upscaling import CLEAN, DRAWING, GENTLE, MODERATE, STRONG, Network, double
from tests.images import ramps, see_through
from tests.processing.quality import compress, measure_psnr, measure_ssim
from tests.processing.running import array, change, per_cent, picture_of, px, shown, source_of

UPSCALE = operations.get("upscale")
REASON = UPSCALE.missing()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

ORIGINAL = Image.fromarray(data.astronaut()).crop((120, 0, 360, 240))
SMALL = ORIGINAL.resize((120, 120), Image.Resampling.LANCZOS)


def plain(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image.resize(size, Image.Resampling.LANCZOS)


# --- Sizes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({"scale": 2}, (120, 80)),
        ({"scale": 1.5}, (90, 60)),
        ({"scale": 4}, (240, 160)),
        ({"scale": 3}, (180, 120)),
        ({"scale": 8}, (480, 320)),
        ({"scale": 1}, (60, 40)),
        ({}, (60, 40)),
        ({"width": px(90), "fit": "bounds"}, (90, 60)),
        ({"width": per_cent(200), "height": per_cent(200), "fit": "bounds"}, (120, 80)),
        ({"width": px(100), "height": px(100)}, (150, 100)),
        ({"width": px(100), "height": px(100), "fit": "canvas"}, (100, 67)),
        ({"width": px(90)}, (90, 60)),
        ({"width": px(30)}, (60, 40)),
        ({"width": px(30), "height": px(10), "fit": "bounds"}, (60, 40)),
        ({"width": px(9000), "fit": "bounds"}, (480, 320)),
    ],
)
def test_pictures_become_as_large_as_place_would_make_them_and_never_smaller(params: dict, size: tuple[int, int]):
    assert shown("upscale", ramps((60, 40)), **params).size == size


@pytest.mark.parametrize("fit", ["crop", "cover", "bounds", "canvas"])
def test_nothing_is_left_for_place_to_enlarge(fit: str):
    box = {"width": px(173), "height": px(97), "fit": fit}
    large = change("upscale", ramps((60, 40)), **box)
    placed = operations.get("place").apply(large, operations.parse("place", box), Context())
    assert placed.size == shown("place", ramps((60, 40)), **box).size
    scaled = large.frames[0] if fit != "crop" else large.frames[0].crop((0, 9, 173, 106))
    inside = placed.frames[0].convert("RGB")
    assert inside.crop((13, 0, 159, 97)).tobytes() == scaled.tobytes() if fit == "canvas" else inside == scaled


def test_the_map_finds_the_way_back_to_the_source():
    assert source_of(change("upscale", ramps((60, 40)), scale=4), 120, 80) == (30, 20)


def test_enlarging_is_reported_and_standing_still_is_not():
    assert [loss.code for loss in change("upscale", ramps((60, 40)), scale=2).losses] == ["enlarged"]
    still = change("upscale", ramps((60, 40)), width=px(60))
    assert (still.losses, still.frames[0].tobytes()) == ((), ramps((60, 40)).tobytes())


# --- Quality -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("network", ["photo", "smart_enhance", "smart_resize", "faces"])
@pytest.mark.parametrize(("quality", "gain"), [(None, 1.0), (90, 0.5), (75, 0.7), (50, 0.9)])
def test_photographs_come_closer_to_what_they_were_than_by_plain_scaling(network: str, quality: int, gain: float):
    small = compress(SMALL, quality) if quality else SMALL
    made, scaled = shown("upscale", small, network=network, scale=2), plain(small, ORIGINAL.size)
    assert measure_psnr(ORIGINAL, made) > measure_psnr(ORIGINAL, scaled) + gain
    assert measure_ssim(ORIGINAL, made) > measure_ssim(ORIGINAL, scaled)


@pytest.mark.parametrize("quality", [None, 75])
def test_four_times_as_large_is_better_than_plain_scaling_too(quality: int | None):
    small = plain(ORIGINAL, (60, 60))
    small = compress(small, quality) if quality else small
    made = shown("upscale", small, scale=4)
    assert measure_psnr(ORIGINAL, made) > measure_psnr(ORIGINAL, plain(small, ORIGINAL.size)) + 0.3


def drawing() -> Image.Image:
    """Outlined shapes, as in a comic, drawn large and scaled down."""
    y, x = np.mgrid[0:960, 0:960]
    made = np.full((960, 960, 3), (250, 240, 210), np.uint8)
    for cx, cy, radius, color in [
        (300, 300, 200, (230, 60, 60)),
        (600, 500, 260, (60, 120, 220)),
        (400, 700, 180, (250, 200, 40)),
    ]:
        far = np.hypot(x - cx, y - cy)
        made[far < radius + 12] = (20, 20, 20)
        made[far < radius] = color
    return Image.fromarray(made).resize((240, 240), Image.Resampling.LANCZOS)


@pytest.mark.parametrize("quality", [90, 75])
def test_drawings_that_were_compressed_gain_most_by_their_own_network(quality: int):
    small = compress(plain(drawing(), (120, 120)), quality)
    art, photo = (shown("upscale", small, network=network, scale=2) for network in ("digital_art", "photo"))
    assert measure_psnr(drawing(), art) > measure_psnr(drawing(), photo) + 0.5
    assert measure_psnr(drawing(), photo) > measure_psnr(drawing(), plain(small, (240, 240))) + 1


def test_clean_drawings_gain_by_their_own_network():
    small = plain(drawing(), (120, 120))
    made = shown("upscale", small, network="digital_art", scale=2)
    assert measure_psnr(drawing(), made) > measure_psnr(drawing(), plain(small, (240, 240))) + 5


# --- Which network -------------------------------------------------------------------------------------------------

PHOTO = Image.fromarray(data.coffee()).crop((200, 100, 360, 220))


@pytest.mark.parametrize(
    ("network", "quality", "expected"),
    [
        ("photo", None, GENTLE),
        ("photo", 75, MODERATE),
        ("photo", 30, STRONG),
        ("smart_enhance", None, MODERATE),
        ("smart_enhance", 30, STRONG),
        ("smart_resize", None, CLEAN),
        ("smart_resize", 75, MODERATE),
        ("faces", None, GENTLE),
        ("faces", 30, MODERATE),
        ("digital_art", 30, DRAWING),
    ],
)
def test_the_network_fits_how_strongly_a_picture_was_compressed(network: str, quality: int | None, expected: Network):
    image = compress(PHOTO, quality) if quality else PHOTO
    made = shown("upscale", image, network=network, scale=2)
    assert made.tobytes() == double(image, expected).tobytes()


def test_the_second_doubling_is_for_clean_pictures():
    twice = double(double(SMALL, GENTLE), CLEAN)
    assert shown("upscale", SMALL, scale=4).tobytes() == twice.tobytes()
    art = double(double(SMALL, DRAWING), DRAWING)
    assert shown("upscale", SMALL, scale=4, network="digital_art").tobytes() == art.tobytes()


def test_less_than_twice_is_scaled_down_from_twice():
    assert shown("upscale", SMALL, scale=1.5).tobytes() == plain(double(SMALL, GENTLE), (180, 180)).tobytes()


def test_every_frame_takes_the_network_of_the_first():
    clean, poor = PHOTO, compress(PHOTO, 20)
    film = Picture((clean, poor), clean.size, picture_of(clean).source, durations_ms=(10, 10))
    made = UPSCALE.apply(film, operations.parse("upscale", {"scale": 2}), Context())
    assert [frame.tobytes() for frame in made.frames] == [double(each, GENTLE).tobytes() for each in (clean, poor)]


# --- Transparency --------------------------------------------------------------------------------------------------


def test_alpha_is_scaled_by_itself():
    image = see_through((64, 48))
    made = shown("upscale", image, scale=2)
    assert made.mode == "RGBA"
    assert made.getchannel("A").tobytes() == plain(image.getchannel("A"), (128, 96)).tobytes()


@pytest.mark.parametrize("hidden", [(0, 0, 0), (255, 255, 255), (0, 255, 0)])
def test_hidden_colours_do_not_show_at_the_edge_of_a_cut_out(hidden: tuple[int, int, int]):
    image = Image.new("RGBA", (64, 64), (*hidden, 0))
    image.paste((180, 120, 60, 255), (20, 20, 44, 44))
    made = array(shown("upscale", image, scale=2))
    assert np.abs(made[made[..., 3] > 8][:, :3] - (180, 120, 60)).max() <= 6


# --- Limits --------------------------------------------------------------------------------------------------------


def test_results_beyond_the_limits_are_refused():
    with pytest.raises(ResultTooLarge):
        change("upscale", ramps((60, 40)), Context(limits=Limits(max_side=200)), scale=4)


def test_what_would_keep_the_networks_busy_for_too_long_is_refused():
    with pytest.raises(ResultTooLarge, match="the limit is 100"):
        change("upscale", Image.new("RGB", (5100, 5000)), scale=1.1)


@pytest.mark.parametrize(
    "params",
    [
        {"scale": 0.5},
        {"scale": 9},
        {"scale": 2, "width": px(100)},
        {"network": "v2"},
        {"width": px(0)},
        {"width": per_cent(200), "height": per_cent(150), "fit": "bounds"},
        {"tile": 100},
    ],
)
def test_other_parameters_are_refused(params: dict):
    with pytest.raises(InvalidParams):
        change("upscale", SMALL, **params)


def test_every_choice_begins_where_nothing_was_compressed():
    assert {choice[0][0] for choice in CHOICES.values()} == {0}
    assert all(list(choice) == sorted(choice, key=lambda each: each[0]) for choice in CHOICES.values())
