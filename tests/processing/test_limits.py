from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

import pytest

from processing import errors
from processing.errors import ImageError
from processing.formats import Output
from processing.limits import Limits, check_source
from tests import images
from tests.pngs import chunk
from tests.processing import hostile
from tests.processing.chains import process, variant

SIZE = (60, 40)

# For each limit: a source, how much it asks for, and the error of one that asks for more than it may.
ASKS: dict[str, tuple[Callable[[], bytes], int, type[ImageError]]] = {
    "max_source_bytes": (lambda: images.encode(images.ramps(SIZE)).ljust(5000, b"\0"), 5000, errors.SourceTooLarge),
    "max_pixels": (lambda: images.encode(images.ramps(SIZE)), 2400, errors.TooManyPixels),
    "max_side": (lambda: images.encode(images.ramps(SIZE)), 60, errors.SideTooLong),
    "max_frames": (lambda: images.animated(SIZE, 3), 3, errors.TooManyFrames),
    "max_total_pixels": (lambda: images.animated(SIZE, 3), 7200, errors.TooManyFramePixels),
    "max_jpeg_scans": (lambda: hostile.jpeg_with_scans(SIZE, 30), 30, errors.TooManyScans),
    "max_png_chunks": (lambda: hostile.png_with(chunk(b"tEXt", b"a\0b") * 47), 50, errors.TooManyChunks),
}


def test_every_limit_is_tried_here():
    assert set(ASKS) == {field.name for field in fields(Limits)}


@pytest.mark.parametrize("name", ASKS)
def test_a_limit_is_the_most_that_is_allowed(name: str):
    make, amount, error = ASKS[name]
    source = make()
    assert check_source(source, Limits(**{name: amount}), frames=None).format
    with pytest.raises(error) as caught:
        check_source(source, Limits(**{name: amount - 1}), frames=None)
    assert f"{amount - 1}" in caught.value.message


def test_each_limit_has_an_error_of_its_own():
    codes = [error.code for _, _, error in ASKS.values()]
    assert len(set(codes)) == len(codes)
    assert set(codes) == {
        "source_too_large",
        "too_many_pixels",
        "side_too_long",
        "too_many_frames",
        "too_many_frame_pixels",
        "too_many_scans",
        "too_many_chunks",
    }


@pytest.mark.parametrize("name", [name for name in ASKS if name not in ("max_frames", "max_total_pixels")])
def test_a_source_over_a_limit_is_refused_whatever_is_asked_of_it(name: str):
    make, amount, error = ASKS[name]
    with pytest.raises(error):
        process(make(), variant(), limits=Limits(**{name: amount - 1}))


OVER: dict[str, tuple[bytes, type[ImageError]]] = {
    "jpeg side": (hostile.jpeg_claiming((16_385, 1)), errors.SideTooLong),
    "jpeg pixels": (hostile.jpeg_claiming((13_300, 13_300)), errors.TooManyPixels),
    "png side": (images.claiming((1, 16_385)), errors.SideTooLong),
    "png pixels": (images.claiming((10_001, 10_000)), errors.TooManyPixels),
    "png without end": (images.claiming((2**31 - 1, 2**31 - 1)), errors.SideTooLong),
    "gif side": (hostile.gif((65_535, 1), 1), errors.SideTooLong),
    "gif pixels": (hostile.gif((16_000, 16_000), 1), errors.TooManyPixels),
    "webp side": (hostile.webp_claiming((16_777_216, 1)), errors.SideTooLong),
    "webp pixels": (hostile.webp_claiming((13_000, 13_000)), errors.TooManyPixels),
    "avif side": (hostile.avif_claiming((65_535, 16)), errors.SideTooLong),
    "avif pixels": (hostile.avif_claiming((13_000, 13_000)), errors.TooManyPixels),
    "tiff side": (hostile.tiff_claiming((2**32 - 1, 1)), errors.SideTooLong),
    "tiff pixels": (hostile.tiff_claiming((16_000, 16_000)), errors.TooManyPixels),
    "tiff tile": (hostile.tiff_claiming((16_000, 16_000), tag=322), errors.TooManyPixels),
    "bmp side": (hostile.bmp_claiming((5, -(2**31))), errors.SideTooLong),
    "bmp pixels": (hostile.bmp_claiming((16_000, 16_000)), errors.TooManyPixels),
    "jpeg scans": (hostile.jpeg_with_scans((64, 64), 101), errors.TooManyScans),
    "png chunks": (hostile.png_with(chunk(b"tEXt", b"k\0v") * 9_998), errors.TooManyChunks),
}


@pytest.mark.parametrize(("source", "error"), OVER.values(), ids=OVER)
def test_what_a_header_claims_is_held_against_the_limits_in_every_format(source: bytes, error: type[ImageError]):
    with pytest.raises(error) as caught:
        process(source, variant())
    assert type(caught.value) is error


def test_a_file_that_is_too_long_is_not_even_looked_at():
    with pytest.raises(errors.SourceTooLarge):
        check_source(b"no picture at all", Limits(max_source_bytes=16))


def test_only_frames_that_are_going_to_be_decoded_count():
    source = hostile.gif((1000, 1000), 300)
    assert check_source(source, Limits()).frames == 300
    assert check_source(source, Limits(), frames=100).frames == 300
    with pytest.raises(errors.TooManyFramePixels):
        check_source(source, Limits(), frames=101)
    with pytest.raises(errors.TooManyFrames):
        check_source(source, Limits(), frames=None)
    assert process(source, variant(output=Output(format="jpeg"))).source.frames == 300


@pytest.mark.parametrize(
    "make", [lambda frames: hostile.apng(SIZE, frames), lambda frames: hostile.webp_claiming(SIZE, frames)]
)
def test_frames_count_in_every_format_that_moves(make: Callable[[int], bytes]):
    assert check_source(make(200), Limits(), frames=None).frames == 200
    with pytest.raises(errors.TooManyFrames):
        check_source(make(201), Limits(), frames=None)


def test_a_document_of_many_pages_is_not_refused_for_those_that_are_left_alone():
    source = hostile.tiff_with_pages(5000)
    assert check_source(source, Limits()).frames == 5000
    outcome = process(source, variant()).outcomes[0]
    assert outcome.encoded is not None
    assert [loss.code for loss in outcome.encoded.losses] == ["frames_dropped"]


def test_a_picture_of_one_frame_is_bound_by_its_pixels_alone():
    source = images.encode(images.ramps(SIZE))
    assert check_source(source, Limits(max_total_pixels=1), frames=None).frames == 1


def test_limits_survive_the_way_to_the_child():
    values: dict[str, Any] = {field.name: number for number, field in enumerate(fields(Limits))}
    assert Limits.from_dict(Limits(**values).to_dict()) == Limits(**values)
    assert asdict(Limits(**values)) == values
