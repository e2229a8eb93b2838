from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from processing import base, operations
from processing.base import Context, Example, Operation, Step
from processing.errors import (
    BrokenImage,
    EmptyResult,
    InvalidParams,
    TooManyPixels,
    UnavailableOperation,
    UnknownOperation,
    UnsupportedFormat,
)
from processing.formats import Output
from processing.limits import Limits
from processing.picture import Picture, load, probe
from processing.pipeline import Result, Variant, run
from tests.images import (
    STORED,
    animated,
    claiming,
    decode,
    encode,
    noise,
    ramps,
    see_through,
    sixteen_bits,
    swapped_profile,
    turned,
)
from tests.processing.running import array, per_cent, px

LIMITS = Limits()
PNG = Output(format="png")
SIZE = (100, 80)


def step(operation: str, **params: Any) -> Step:
    return Step(operation=operation, params=params)


def variant(*steps: Step, output: Output = PNG) -> Variant:
    return Variant(steps, output)


def process(data: bytes, *variants: Variant, limits: Limits = LIMITS) -> Result:
    return run(data, variants, limits=limits)


def result(data: bytes, *steps: Step, output: Output = PNG) -> Image.Image:
    """The only result, decoded."""
    outcome = process(data, variant(*steps, output=output)).outcomes[0]
    assert outcome.encoded is not None, outcome.error
    return decode(outcome.encoded.data)


def losses(data: bytes, *steps: Step, output: Output = PNG) -> list[str]:
    encoded = process(data, variant(*steps, output=output)).outcomes[0].encoded
    assert encoded is not None
    return [loss.code for loss in encoded.losses]


def photo() -> Image.Image:
    return Image.open(Path(skimage.__file__).with_name("data") / "astronaut.png").convert("RGB")


class Counting(Operation):
    """Count how often it is applied."""

    class Params(base.Params):
        label: str = ""

    examples = [Example({})]
    calls: list[str] = []
    reason: str | None = None

    @classmethod
    def missing(cls) -> str | None:
        return cls.reason

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        Counting.calls.append(params.label)
        return picture.lose(f"counted_{params.label}", "counted")


@pytest.fixture
def counting() -> Iterator[type[Counting]]:
    """One more operation, called `counting`."""
    Counting.calls, Counting.reason = [], None
    operations.all()["counting"] = Counting
    yield Counting
    del operations.all()["counting"]


# Chains and variants


def test_a_chain_hands_each_result_to_the_next_step():
    made = result(encode(ramps(SIZE)), step("resize", width=per_cent(50)), step("resize", width=per_cent(50)))
    assert made.size == (25, 20)


def test_results_come_in_the_order_of_their_variants():
    widths = [30, 10, 20]
    outcomes = process(encode(ramps(SIZE)), *(variant(step("resize", width=px(width))) for width in widths)).outcomes
    assert [outcome.encoded.size[0] for outcome in outcomes if outcome.encoded] == widths


def test_steps_that_variants_have_in_common_run_once(counting: type[Counting]):
    shared = [step("counting", label="a"), step("counting", label="b")]
    made = process(
        encode(ramps(SIZE)),
        variant(*shared),
        variant(*shared, step("counting", label="c")),
        variant(*shared, step("counting", label="d")),
        variant(step("counting", label="b")),
    )
    assert sorted(counting.calls) == ["a", "b", "b", "c", "d"]
    reports = [[loss.code[-1] for loss in outcome.encoded.losses] for outcome in made.outcomes if outcome.encoded]
    assert reports == [["a", "b"], ["a", "b", "c"], ["a", "b", "d"], ["b"]]


def test_steps_that_differ_in_one_parameter_are_not_shared(counting: type[Counting]):
    process(encode(ramps(SIZE)), variant(step("counting")), variant(step("counting", label="a")))
    assert sorted(counting.calls) == ["", "a"]


def test_a_variant_is_not_touched_by_what_another_does_next():
    resize = step("resize", width=px(50))
    alone = result(encode(ramps(SIZE)), resize)
    outcomes = process(encode(ramps(SIZE)), variant(resize), variant(resize, step("filter", filter="negate"))).outcomes
    assert outcomes[0].encoded is not None
    assert decode(outcomes[0].encoded.data).tobytes() == alone.tobytes()


def test_no_steps_only_encode_again():
    assert result(encode(ramps(SIZE))).tobytes() == ramps(SIZE).tobytes()


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (step("vignette"), UnknownOperation),
        (step("resize"), InvalidParams),
        (step("crop", width=px(5), x=px(500), fit=False), EmptyResult),
    ],
)
def test_an_error_is_its_own_variants_alone(bad: Step, error: type[Exception]):
    good = variant(step("flip", direction="vertical"))
    outcomes = process(encode(ramps(SIZE)), good, variant(bad), good).outcomes
    assert [type(outcome.error) for outcome in outcomes] == [type(None), error, type(None)]
    assert outcomes[1].encoded is None
    assert outcomes[0].encoded
    assert outcomes[2].encoded


def test_a_failing_shared_step_fails_all_that_share_it():
    bad = step("crop", width=px(5), x=px(500), fit=False)
    outcomes = process(encode(ramps(SIZE)), variant(bad), variant(bad, step("enhance")), variant()).outcomes
    assert [type(outcome.error) for outcome in outcomes] == [EmptyResult, EmptyResult, type(None)]


def test_an_operation_whose_model_is_missing_says_so(counting: type[Counting]):
    counting.reason = "no model file"
    error = process(encode(ramps(SIZE)), variant(step("counting"))).outcomes[0].error
    assert isinstance(error, UnavailableOperation)
    assert "no model file" in error.message
    assert counting.calls == []


# Decoding


def test_a_jpeg_that_only_gets_smaller_gives_what_a_full_decode_gives():
    data, resize = encode(photo(), "JPEG", quality=90), step("resize", width=px(50))
    full = process(data, variant(resize), variant()).outcomes[0]
    assert full.encoded is not None
    reduced = result(data, resize)
    assert reduced.size == (50, 50)
    assert np.abs(array(reduced) - array(decode(full.encoded.data))).mean() < 1.5


def test_a_jpeg_is_decoded_to_hardly_more_pixels_than_are_needed():
    picture = load(encode(photo(), "JPEG"), LIMITS, lambda size: (100, 100))
    assert picture.is_reduced
    assert picture.frames[0].size == (128, 128)
    assert picture.size == picture.in_full().frames[0].size == (512, 512)


@pytest.mark.parametrize("orientation", [1, 6])
def test_per_cent_are_of_the_whole_source_however_it_is_decoded(orientation: int):
    data = turned(photo().crop((0, 0, 511, 383)), orientation)
    assert result(data, step("resize", width=per_cent(10))).size == (51, 38)
    assert result(data, step("crop", width=per_cent(10), height=per_cent(20))).size == (51, 77)
    twice = [step("resize", width=per_cent(10)), step("resize", width={"value": 50, "unit": "%", "of": "source"})]
    assert result(data, *twice).size == (256, 191)


def test_a_step_that_needs_every_pixel_gets_every_pixel():
    data = encode(photo(), "JPEG", quality=95)
    wanted = [step("resize", width=px(20)), step("filter", filter="negate")]
    made = process(data, variant(*wanted), variant(step("filter", filter="negate"))).outcomes[1]
    assert made.encoded is not None
    assert np.array_equal(array(decode(made.encoded.data)), 255 - array(decode(data)))


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_pictures_are_turned_upright(orientation: int, form: str):
    made = result(turned(ramps(SIZE), orientation, form))
    assert made.size == SIZE
    assert np.abs(array(made) - array(ramps(SIZE))).mean() < 3


@pytest.mark.parametrize("orientation", STORED)
def test_pictures_decoded_at_a_reduced_scale_are_turned_upright(orientation: int):
    made = result(turned(ramps((400, 320)), orientation), step("resize", width=px(40)))
    assert np.abs(array(made) - array(ramps((40, 32)))).mean() < 4


def test_a_png_that_tells_its_orientation_behind_its_pixels_is_turned_upright():
    data = turned(ramps(SIZE), 6, "PNG")
    start = data.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(data[start : start + 4], "big")
    late = data[:start] + data[end:-12] + data[start:end] + data[-12:]
    made = result(late, step("resize", width=per_cent(50)))
    assert made.size == (50, 40)
    assert process(late, variant()).source.size == SIZE


def test_what_the_source_was_is_told():
    facts = process(turned(ramps(SIZE), 6), variant()).source
    assert (facts.format, facts.size, facts.mode, facts.frames) == ("jpeg", SIZE, "RGB", 1)
    assert probe(turned(ramps(SIZE), 6)) == facts


def test_only_the_first_frame_is_kept_and_that_is_reported():
    assert result(animated(SIZE)).getpixel((0, 0)) == (0, 0, 128)
    assert losses(animated(SIZE)) == ["frames_dropped"]


def test_sixteen_bits_become_eight_by_rounding():
    deep = sixteen_bits(SIZE)
    made = array(result(encode(deep)))[..., 0]
    assert np.array_equal(made, np.rint(np.asarray(deep) / 257))
    assert losses(encode(deep)) == ["depth_reduced"]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", UnsupportedFormat),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", UnsupportedFormat),
        (encode(noise(SIZE))[:2000], BrokenImage),
        (encode(noise(SIZE), "JPEG")[:3000], BrokenImage),
        (claiming((20_000, 10)), TooManyPixels),
        (claiming((15_000, 15_000)), TooManyPixels),
        (claiming((3000, 3000)), BrokenImage),
    ],
)
def test_sources_that_cannot_be_used_are_refused(data: bytes, error: type[Exception]):
    with pytest.raises(error):
        process(data, variant())


def test_limits_count_pixels_and_sides():
    data = encode(ramps(SIZE))
    assert process(data, variant(), limits=Limits(max_pixels=8000, max_side=100)).outcomes[0].error is None
    for tight in (Limits(max_pixels=7999), Limits(max_side=99)):
        with pytest.raises(TooManyPixels):
            process(data, variant(), limits=tight)


# Encoding


@pytest.mark.parametrize("form", ["jpeg", "png", "webp", "gif", "avif", "tiff"])
def test_every_format_is_written(form: Any):
    outcome = process(encode(ramps(SIZE)), variant(output=Output(format=form, quality=90))).outcomes[0]
    assert outcome.encoded is not None
    assert outcome.encoded.format.name == form
    assert probe(outcome.encoded.data).format == form
    made = decode(outcome.encoded.data).convert("RGB")
    assert np.abs(array(made) - array(ramps(SIZE))).mean() < 8


@pytest.mark.parametrize(("form", "expected"), [("JPEG", "jpeg"), ("WEBP", "webp"), ("PNG", "png"), ("BMP", "png")])
def test_without_a_format_the_sources_is_kept_where_it_can_be_written(form: str, expected: str):
    outcome = process(encode(ramps(SIZE), form), variant(output=Output())).outcomes[0]
    assert outcome.encoded is not None
    assert outcome.encoded.format.name == expected


@pytest.mark.parametrize("form", ["jpeg", "webp", "avif"])
def test_quality_makes_files_larger_and_zero_is_a_quality(form: Any):
    data = encode(photo())
    variants = [variant(output=Output(format=form, quality=quality)) for quality in (0, 30, None, 100)]
    sizes = [len(outcome.encoded.data) for outcome in process(data, *variants).outcomes if outcome.encoded]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 4


def test_transparent_pixels_are_laid_over_white_where_the_format_has_no_alpha():
    clear = encode(Image.new("RGBA", SIZE, (0, 0, 0, 0)))
    output = Output(format="jpeg", quality=95)
    assert result(clear, output=output).getpixel((50, 40)) == (255, 255, 255)
    assert losses(clear, output=output) == ["alpha_flattened"]
    red = result(clear, output=replace_background(output, "#ff0000")).getpixel((50, 40))
    assert np.abs(np.array(red) - (255, 0, 0)).max() <= 3


def replace_background(output: Output, color: str) -> Output:
    return output.model_copy(update={"background": color})


@pytest.mark.parametrize("form", ["png", "webp", "tiff"])
def test_alpha_is_kept_where_the_format_has_it(form: Any):
    made = result(encode(see_through(SIZE)), output=Output(format=form, quality=100))
    assert made.mode == "RGBA"
    assert np.abs(array(made)[..., 3] - array(see_through(SIZE))[..., 3]).max() <= 2


def test_a_palette_with_transparency_keeps_it():
    palette = Image.new("P", SIZE, 1)
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.paste(0, (0, 0, 50, 80))
    made = result(encode(palette, transparency=0))
    assert made.getpixel((0, 0))[3] == 0
    assert made.getpixel((99, 0)) == (0, 0, 255, 255)


@pytest.mark.parametrize("form", ["jpeg", "png", "webp", "tiff", "gif", "avif"])
@pytest.mark.parametrize("steps", [[], [step("resize", width=px(50))], [step("filter", filter="sepia")]])
def test_metadata_is_never_written(form: Any, steps: list[Step]):
    for data in talkative_files():
        outcome = process(data, variant(*steps, output=Output(format=form))).outcomes[0]
        assert outcome.encoded is not None
        assert b"secret" not in outcome.encoded.data
        assert not dict(decode(outcome.encoded.data).getexif()).keys() & {0x010F, 0x0112, 0x8769, 0x8825}


def talkative_files() -> list[bytes]:
    """Files that say `secret` wherever their format lets them."""
    exif = Image.Exif()
    exif[0x010F] = "secret maker"
    exif.get_ifd(0x8825)[29] = "secret date"
    text = PngInfo()
    text.add_text("Comment", "secret text")
    text.add_itxt("XML:com.adobe.xmp", "secret xmp")
    image = ramps(SIZE)
    return [
        encode(image, "JPEG", exif=exif, comment=b"secret comment", xmp=b"<x>secret</x>", dpi=(72, 72)),
        encode(image, "PNG", exif=exif, pnginfo=text),
        encode(image, "WEBP", exif=exif, xmp=b"<x>secret</x>"),
        encode(image, "GIF", comment=b"secret comment"),
        encode(image, "TIFF", tiffinfo={270: "secret description", 315: "secret artist"}),
    ]


# Colour profiles


RED, GREEN = (255, 0, 0), (0, 255, 0)


def close(color: Any, expected: tuple[int, int, int]) -> bool:
    return bool(np.abs(np.array(color[:3]) - expected).max() <= 2)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_colours_are_worked_on_in_srgb(mode: str):
    """Red of a device whose red is green."""
    data = encode(Image.new(mode, SIZE, RED), icc_profile=swapped_profile())
    made = result(data)
    assert close(made.getpixel((0, 0)), GREEN)
    assert "icc_profile" not in made.info
    assert losses(data) == ["profile_converted"]


@pytest.mark.parametrize("form", ["png", "webp", "tiff"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_sources_profile_is_kept_when_asked_for(form: Any, mode: str):
    data = encode(Image.new(mode, SIZE, (*RED, 200)[: len(mode)]), icc_profile=swapped_profile())
    output = Output(format=form, quality=100, profile="source")
    made = result(data, output=output)
    assert made.mode == mode
    assert close(made.getpixel((0, 0)), RED)
    assert made.info["icc_profile"] == swapped_profile()
    assert losses(data, output=output) == []


def test_a_step_between_sees_srgb_though_the_profile_is_kept():
    data = encode(Image.new("RGB", SIZE, RED), icc_profile=swapped_profile())
    add_green = step("colorize", red=0, green=0, blue=255)
    assert close(result(data, add_green).getpixel((0, 0)), (0, 255, 255))
    kept = result(data, add_green, output=PNG.model_copy(update={"profile": "source"}))
    assert close(kept.getpixel((0, 0)), (255, 0, 255))


def test_a_profile_that_is_no_profile_is_ignored():
    made = result(encode(Image.new("RGB", SIZE, RED), icc_profile=b"nothing like a profile" * 10))
    assert made.getpixel((0, 0)) == RED
    assert "icc_profile" not in made.info


def test_a_picture_without_a_profile_gets_none():
    assert "icc_profile" not in result(encode(ramps(SIZE)), output=PNG.model_copy(update={"profile": "source"})).info


def test_times_are_told_for_decoding_and_for_each_variant():
    made = process(encode(ramps(SIZE)), variant(), variant(step("blur", sigma=3)))
    assert made.decode_milliseconds > 0
    assert all(outcome.milliseconds > 0 for outcome in made.outcomes)
