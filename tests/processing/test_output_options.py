"""What an output asks of its encoder."""

from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError
from skimage.metrics import structural_similarity

from processing.encoders import Encoded
from processing.errors import ResultTooLarge
from processing.formats import Output, get
from processing.limits import Limits
from processing.pipeline import Variant, run
from tests.images import decode, encode, noise, ramps, see_through
from tests.processing.chains import losses, photo, process, step, variant
from tests.processing.running import array, px

SIZE = (100, 80)
LOSSY: list[Any] = ["jpeg", "webp", "avif"]
EXACT: list[Any] = ["png", "webp", "avif", "tiff"]
PHOTO = encode(photo().crop((100, 0, 356, 192)))


def written(data: bytes, **options: Any) -> Encoded:
    outcome = process(data, variant(output=Output(**options))).outcomes[0]
    assert outcome.encoded is not None, outcome.error
    return outcome.encoded


def likeness(data: bytes) -> float:
    """Structural similarity with the photo: 1 is the same."""
    made: float = structural_similarity(
        np.asarray(decode(data).convert("RGB")), np.asarray(decode(PHOTO)), channel_axis=-1
    )
    return made


# Quality and exactness


@pytest.mark.parametrize("form", [*LOSSY, "tiff"])
def test_more_quality_is_more_bytes_and_more_likeness(form: Any):
    made = [written(PHOTO, format=form, quality=quality, lossless=False).data for quality in (5, 30, 60, 90)]
    sizes, likenesses = [len(data) for data in made], [likeness(data) for data in made]
    assert sizes == sorted(set(sizes))
    assert likenesses == sorted(set(likenesses))
    assert likenesses[-1] > 0.93


def test_default_qualities_look_about_as_good_in_every_format():
    likenesses = [likeness(written(PHOTO, format=form).data) for form in LOSSY]
    assert max(likenesses) - min(likenesses) < 0.02
    assert min(likenesses) > 0.88


def test_newer_formats_take_fewer_bytes_for_it():
    jpeg, webp, avif = (len(written(PHOTO, format=form).data) for form in LOSSY)
    assert avif < webp < jpeg


@pytest.mark.parametrize("form", EXACT)
@pytest.mark.parametrize("effort", [None, 0, 9])
def test_lossless_pixels_are_exact(form: Any, effort: int | None):
    for image in (photo().crop((0, 0, 64, 64)), see_through((64, 48)), noise((1, 1))):
        made = decode(written(encode(image), format=form, lossless=True, effort=effort).data)
        seen = np.asarray(image.convert("RGBA"))[..., 3:] > 0
        assert made.mode == image.mode
        assert np.array_equal(np.where(seen, made.convert("RGBA"), 0), np.where(seen, image.convert("RGBA"), 0))


@pytest.mark.parametrize("form", LOSSY)
def test_lossy_pixels_are_near(form: Any):
    assert np.abs(array(decode(written(PHOTO, format=form, quality=95).data)) - array(decode(PHOTO))).mean() < 3


def test_a_tiff_is_lossless_unless_it_is_told_otherwise():
    exact, lossy = written(PHOTO, format="tiff").data, written(PHOTO, format="tiff", lossless=False).data
    assert decode(exact).tobytes() == decode(PHOTO).tobytes()
    assert len(lossy) < len(exact) / 3
    assert likeness(lossy) > 0.9


def test_a_lossy_tiff_has_no_transparency():
    data, output = encode(see_through(SIZE)), Output(format="tiff", lossless=False, quality=95)
    made = decode(written(data, **output.model_dump(exclude_defaults=True)).data)
    assert made.mode == "RGB"
    assert np.abs(array(made)[:, 0] - 255).max() < 12
    assert losses(data, output=output) == ["alpha_flattened"]


# Options of encoders


def test_a_progressive_jpeg_is_one_and_shows_the_same():
    plain, progressive = (written(PHOTO, format="jpeg", progressive=each).data for each in (False, True))
    assert not decode(plain).info.get("progressive")
    assert decode(progressive).info["progressive"]
    assert decode(plain).tobytes() == decode(progressive).tobytes()


def sampling(jpeg: bytes) -> tuple[int, int]:
    """How many times as wide and high the brightness is stored as the colours."""
    place = max(jpeg.find(b"\xff\xc0"), jpeg.find(b"\xff\xc2"))
    return jpeg[place + 11] >> 4, jpeg[place + 11] & 15


@pytest.mark.parametrize(("asked", "factors"), [("4:4:4", (1, 1)), ("4:2:2", (2, 1)), ("4:2:0", (2, 2))])
@pytest.mark.parametrize("quality", [50, 95])
def test_colours_of_a_jpeg_have_the_resolution_that_is_asked_for(asked: Any, factors: tuple[int, int], quality: int):
    assert sampling(written(PHOTO, format="jpeg", quality=quality, subsampling=asked).data) == factors


@pytest.mark.parametrize(("quality", "factors"), [(80, (2, 2)), (89, (2, 2)), (90, (1, 1)), (100, (1, 1))])
def test_colours_of_a_good_jpeg_have_full_resolution_by_default(quality: int, factors: tuple[int, int]):
    assert sampling(written(PHOTO, format="jpeg", quality=quality).data) == factors


def test_colours_of_an_avif_have_the_resolution_that_is_asked_for():
    stripes = encode(Image.fromarray(np.tile(np.array([[255, 0, 0], [0, 0, 255]], np.uint8), (64, 32, 1))))
    errors = [
        np.abs(
            array(decode(written(stripes, format="avif", quality=80, subsampling=each).data)) - array(decode(stripes))
        ).mean()
        for each in ("4:4:4", "4:2:0")
    ]
    assert errors[0] < errors[1] / 4


@pytest.mark.parametrize(
    "options",
    [
        {"format": "jpeg"},
        {"format": "webp"},
        {"format": "webp", "lossless": True},
        {"format": "avif"},
        {"format": "avif", "lossless": True},
        {"format": "png"},
        {"format": "gif"},
    ],
    ids=str,
)
def test_the_greatest_effort_makes_fewer_bytes_than_none_and_shows_about_the_same(options: Any):
    small = encode(photo().crop((150, 50, 278, 146)))
    none, most = (written(small, effort=effort, **options).data for effort in (0, 9))
    if options["format"] != "gif":
        assert len(most) < len(none)
    assert np.abs(array(decode(most).convert("RGB")) - array(decode(small))).mean() < 8


@pytest.mark.parametrize("form", ["jpeg", "png", "tiff"])
def test_a_resolution_is_named_when_asked_for_and_only_then(form: Any):
    assert decode(written(PHOTO, format=form, dpi=300).data).info["dpi"] == pytest.approx((300, 300), abs=0.01)
    # Of a TIFF that names none Pillow says that it is 1.
    assert decode(written(PHOTO, format=form).data).info.get("dpi", (1, 1)) == (1, 1)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("progressive", [False, True])
def test_noise_is_written_at_every_quality(subsampling: Any, progressive: bool):
    """Of all pictures this takes the most bytes, more than the encoder sets aside for others."""
    data = encode(noise((200, 150)))
    for quality in (0, 75, 89, 90, 95, 96, 100):
        assert written(data, format="jpeg", quality=quality, subsampling=subsampling, progressive=progressive).data


@pytest.mark.parametrize(
    "wrong",
    [
        {"quality": 101},
        {"quality": -1},
        {"quality": 80.5},
        {"effort": 10},
        {"subsampling": "4:1:1"},
        {"target_bytes": 0},
        {"dpi": 0},
        {"dpi": 10_001},
        {"metadata": "keep"},
        {"profile": "p3"},
        {"format": "bmp"},
        {"lossless": 1},
        {"no_such_option": 1},
    ],
    ids=str,
)
def test_options_out_of_range_are_refused(wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        Output(**wrong)


def test_every_option_is_described():
    assert [name for name, field in Output.model_fields.items() if not field.description] == []


# A target of so many bytes


@pytest.mark.parametrize("form", [*LOSSY, "tiff"])
@pytest.mark.parametrize("target", [3000, 6000, 12_000])
def test_a_target_is_met_by_the_highest_quality_that_does(form: Any, target: int):
    options = {"format": form, "lossless": False, "quality": 95}
    if form == "tiff":
        target *= 4
    made = written(PHOTO, target_bytes=target, **options)
    assert len(made.data) <= target
    assert len(made.data) > target * 0.75
    assert losses(PHOTO, output=Output(target_bytes=target, **options)) == []


@pytest.mark.parametrize("form", LOSSY)
def test_a_target_that_is_met_anyway_changes_nothing(form: Any):
    plain = written(PHOTO, format=form)
    assert written(PHOTO, format=form, target_bytes=len(plain.data)).data == plain.data
    assert written(PHOTO, format=form, target_bytes=10**9).data == plain.data


@pytest.mark.parametrize("form", LOSSY)
def test_a_target_that_cannot_be_met_gives_the_smallest_and_is_reported(form: Any):
    made = written(PHOTO, format=form, target_bytes=50)
    assert len(made.data) == len(written(PHOTO, format=form, quality=1).data)
    (loss,) = made.losses
    assert loss.code == "target_missed"
    assert str(len(made.data)) in loss.message


@pytest.mark.parametrize(("form", "lossless"), [("png", None), ("gif", None), ("webp", True), ("tiff", None)])
def test_exact_formats_cannot_be_made_smaller_for_a_target(form: Any, lossless: bool | None):
    plain = written(PHOTO, format=form, lossless=lossless)
    made = written(PHOTO, format=form, lossless=lossless, target_bytes=500)
    assert made.data == plain.data
    assert [loss.code for loss in made.losses] == ["target_missed"]


def test_a_target_is_met_by_animations_too():
    frames = [photo().crop((9 * number, 0, 9 * number + 96, 64)) for number in range(3)]
    data = encode(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=50, lossless=True)
    for form in ("webp", "avif"):
        made = written(data, format=form, quality=95, target_bytes=4000)
        assert len(made.data) <= 4000
        assert decode(made.data).n_frames == 3  # type: ignore[attr-defined]


# Sizes


@pytest.mark.parametrize("form", ["webp", "gif", "avif", "jpeg"])
def test_more_pixels_a_side_than_a_format_has_are_refused(form: Any):
    side = get(form).max_side + 1
    chain = Variant((step("resize", width=px(side), height=px(1)),), Output(format=form))
    outcome = run(encode(ramps((8, 8))), [chain], limits=Limits(max_side=100_000)).outcomes[0]
    assert isinstance(outcome.error, ResultTooLarge)
    assert f"{form} cannot have more than {side - 1} pixels a side" in outcome.error.message


@pytest.mark.parametrize("form", ["webp", "gif", "avif", "jpeg", "png", "tiff"])
def test_as_many_pixels_a_side_as_a_format_has_are_written(form: Any):
    side = min(get(form).max_side, 70_000)
    chain = Variant((step("resize", width=px(side), height=px(2)),), Output(format=form, quality=10, effort=0))
    outcome = run(encode(ramps((8, 8))), [chain], limits=Limits(max_side=100_000)).outcomes[0]
    assert outcome.encoded is not None
    assert outcome.encoded.size == (side, 2)
