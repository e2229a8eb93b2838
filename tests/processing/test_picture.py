from typing import Any

import numpy as np
import pytest

from processing.decoders import load, probe
from processing.errors import BrokenImage, SideTooLong, TooManyPixels, UnsupportedFormat
from processing.formats import Output
from processing.limits import Limits
from tests.images import ORIENTATION, STORED, animated, claiming, decode, encode, noise, ramps, sixteen_bits, turned
from tests.processing.chains import LIMITS, losses, photo, process, result, step, variant
from tests.processing.running import array, per_cent, px

SIZE = (100, 80)


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
@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("form", ["jpeg", "png", "webp", "gif", "avif", "tiff"])
def test_pictures_are_turned_upright_and_need_no_turning_any_more(orientation: int, source: str, form: Any):
    made = result(turned(ramps(SIZE), orientation, source), output=Output(format=form, quality=95))
    assert made.size == SIZE
    assert np.abs(array(made.convert("RGB")) - array(ramps(SIZE))).mean() < 5
    assert made.getexif().get(ORIENTATION, 1) == 1


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


@pytest.mark.parametrize("output", [Output(format="jpeg"), Output(format="png", animated=False)])
def test_only_the_first_frame_is_kept_where_no_others_can_be_and_that_is_reported(output: Output):
    made = result(animated(SIZE), output=output)
    assert np.abs(array(made) - (0, 0, 128)).max() <= 2
    assert getattr(made, "n_frames", 1) == 1
    assert losses(animated(SIZE), output=output) == ["frames_dropped"]


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
        (claiming((20_000, 10)), SideTooLong),
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
    for tight, error in ((Limits(max_pixels=7999), TooManyPixels), (Limits(max_side=99), SideTooLong)):
        with pytest.raises(error):
            process(data, variant(), limits=tight)
