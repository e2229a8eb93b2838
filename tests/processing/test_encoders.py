from typing import Any

import numpy as np
import pytest
from PIL import Image

from processing.decoders import probe
from processing.formats import Output
from tests.images import decode, encode, ramps, see_through
from tests.processing.chains import losses, photo, process, result, variant
from tests.processing.running import array

SIZE = (100, 80)


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


@pytest.mark.parametrize(("form", "expected"), [("WEBP", "webp"), ("PNG", "png"), ("GIF", "jpeg"), ("BMP", "jpeg")])
def test_a_format_that_may_not_be_kept_becomes_the_first_that_may(form: str, expected: str):
    output = Output(formats=("jpeg", "png", "webp"))
    outcome = process(encode(ramps(SIZE), form), variant(output=output)).outcomes[0]
    assert outcome.encoded is not None
    assert outcome.encoded.format.name == expected


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
