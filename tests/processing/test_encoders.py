from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from processing.base import Step
from processing.decoders import probe
from processing.formats import Output
from tests.images import decode, encode, ramps, see_through
from tests.processing.chains import losses, photo, process, result, step, variant
from tests.processing.running import array, px

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
