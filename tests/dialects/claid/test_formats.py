"""Outputs of a request as ours: formats, their options, resolution and colours."""

from typing import Any

import pytest
from PIL import Image

from jobs.dialects.claid.formats import to_output
from jobs.dialects.claid.schemas.base import parse
from jobs.dialects.claid.schemas.outputs import Output
from processing.encoders import encode
from processing.picture import Picture, SourceFacts
from tests.images import decode, noise

NOISE = noise((64, 64))


def convert(asked: dict[str, Any] | None) -> dict[str, Any]:
    """Our output, without what is our default anyway."""
    made = to_output(None if asked is None else parse(Output, asked))
    return made.model_dump(exclude_defaults=True)


def write(form: Any) -> bytes:
    picture = Picture((NOISE,), NOISE.size, SourceFacts("png", NOISE.size, "RGB"))
    return encode(picture, to_output(parse(Output, {"format": form}))).data


JPEG = {"format": "jpeg", "quality": 85, "progressive": True, "profile": "source"}


@pytest.mark.parametrize(
    "asked",
    [None, {}, {"format": None}, {"format": "jpeg"}, {"format": {"type": "jpeg"}}, {"metadata": None}],
)
def test_a_result_is_a_progressive_jpeg_where_nothing_else_is_said(asked: Any) -> None:
    assert convert(asked) == JPEG


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"type": "jpeg", "quality": 1, "progressive": False}, {"quality": 1}),
        ("png", {"effort": 6}),
        ({"type": "png", "compression": "fast"}, {"effort": 1}),
        ({"type": "png", "compression": "best"}, {"effort": 9}),
        ("webp", {"lossless": False, "quality": 75}),
        ({"type": "webp", "compression": "lossy"}, {"lossless": False, "quality": 75}),
        ({"type": "webp", "compression": {"type": "lossy"}}, {"lossless": False, "quality": 75}),
        ({"type": "webp", "compression": {"type": "lossy", "quality": 100}}, {"lossless": False, "quality": 100}),
        ({"type": "webp", "compression": "lossless"}, {"lossless": True}),
        ("avif", {"lossless": False, "quality": 50}),
        ({"type": "avif", "compression": {"type": "lossless"}}, {"lossless": True}),
        ("tiff", {"lossless": True}),
        ({"type": "tiff", "compression": "lossy"}, {"lossless": False, "quality": 75}),
    ],
)
def test_each_format_has_its_options_and_defaults(form: Any, expected: dict[str, Any]) -> None:
    name = form if isinstance(form, str) else form["type"]
    assert convert({"format": form}) == {"format": name, "profile": "source", **expected}


@pytest.mark.parametrize("form", ["jpeg", "png", "webp", "avif", "tiff"])
def test_every_format_is_written(form: str) -> None:
    made = decode(write(form))
    assert (made.format, made.size) == (form.upper(), NOISE.size)


@pytest.mark.parametrize(
    "form",
    ["png", {"type": "webp", "compression": "lossless"}, {"type": "avif", "compression": "lossless"}, "tiff"],
)
def test_what_is_lossless_has_every_pixel(form: Any) -> None:
    made: Image.Image = decode(write(form))
    assert made.convert("RGB").tobytes() == NOISE.tobytes()


@pytest.mark.parametrize("name", ["webp", "avif", "tiff"])
def test_lossy_qualities_make_smaller_and_larger_files(name: str) -> None:
    sizes = [
        len(write({"type": name, "compression": {"type": "lossy", "quality": quality}})) for quality in (5, 50, 100)
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2]


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"dpi": 300}, {"dpi": 300, "profile": "source"}),
        ({"dpi": "72"}, {"dpi": 72, "profile": "source"}),
        ({"color_space": "RGB"}, {"profile": "embedded_srgb"}),
        ({"color_space": {"type": "RGB"}, "dpi": None}, {"profile": "embedded_srgb"}),
        ({"color_space": None}, {"profile": "source"}),
    ],
)
def test_resolution_and_colours_are_what_is_asked_for(metadata: dict[str, Any], expected: dict[str, Any]) -> None:
    assert convert({"format": "png", "metadata": metadata}) == {"format": "png", "effort": 6, **expected}


@pytest.mark.parametrize(
    ("space", "press"),
    [
        ("CMYK", "us_web_coated"),
        ({"type": "CMYK"}, "us_web_coated"),
        ({"type": "CMYK", "color_profile": "ISO_Coated"}, "iso_coated"),
        ({"type": "CMYK", "color_profile": "ISO_Uncoated"}, "iso_uncoated"),
        ({"type": "CMYK", "color_profile": "USWeb_Uncoated"}, "us_web_uncoated"),
    ],
)
@pytest.mark.parametrize("form", ["jpeg", "tiff"])
def test_ink_is_that_of_the_press_that_is_asked_for(form: str, space: Any, press: str) -> None:
    output = to_output(parse(Output, {"format": form, "metadata": {"color_space": space, "dpi": 300}}))
    assert (output.profile, output.press, output.dpi) == ("cmyk", press, 300)
    picture = Picture((NOISE,), NOISE.size, SourceFacts("png", NOISE.size, "RGB"))
    assert decode(encode(picture, output).data).mode == "CMYK"
