"""PNG by libvips: the same pixels, and whatever is not plain is left to Pillow."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from processing import png
from processing.decoders import load
from processing.errors import BrokenImage
from processing.formats import Output
from tests.images import decode, encode, ramps, see_through, sixteen_bits, swapped_profile, turned
from tests.processing.chains import LIMITS, photo, process, result, step, variant
from tests.processing.running import array, per_cent, px

SIZE = (400, 300)


def list_chunks(data: bytes) -> list[bytes]:
    names, place = [], 8
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        names.append(data[place + 4 : place + 8])
        place += length + 12
    return names


def insert(data: bytes, place: int, name: bytes, body: bytes) -> bytes:
    """The file with one more chunk."""
    chunk = struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return data[:place] + chunk + data[place:]


def with_transparency() -> bytes:
    return encode(ramps(SIZE), transparency=(0, 0, 0))


def interlaced() -> bytes:
    data = bytearray(encode(ramps(SIZE)))
    data[28] = 1
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


@pytest.mark.parametrize("make", [ramps, see_through])
def test_plain_pixels_are_exactly_those_of_the_file(make: object):
    image = make(SIZE)  # type: ignore[operator]
    made = png.decode(encode(image), SIZE, None)
    assert made is not None
    assert made.mode == image.mode
    assert made.tobytes() == image.tobytes()


def test_no_more_pixels_are_made_than_are_wanted():
    made = png.decode(encode(ramps(SIZE)), SIZE, (150, 10))
    assert made is not None
    assert made.size == (150, 113)
    assert np.abs(array(made) - array(ramps(SIZE).resize((150, 113), Image.Resampling.LANCZOS))).mean() < 1


@pytest.mark.parametrize(
    "data",
    [
        encode(ramps((255, 256))),
        encode(ramps(SIZE).convert("L")),
        encode(ramps(SIZE).quantize(16)),
        encode(sixteen_bits(SIZE)),
        with_transparency(),
        interlaced(),
        insert(encode(ramps(SIZE)), 33, b"acTL", struct.pack(">II", 1, 0)),
        insert(encode(ramps(SIZE)), len(encode(ramps(SIZE))) - 12, b"tEXt", b"a\0b"),
        encode(ramps(SIZE))[:-12],
        encode(ramps(SIZE))[:2000],
    ],
    ids=["small", "grey", "palette", "deep", "transparency", "interlaced", "animated", "text-behind", "endless", "cut"],
)
def test_what_is_not_plain_is_left_to_pillow(data: bytes):
    assert png.decode(data, decode_size(data), None) is None


def decode_size(data: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(data)).size


def test_a_header_that_lies_is_left_to_pillow():
    assert png.decode(encode(ramps(SIZE)), (300, 400), None) is None


def test_damage_is_what_it_was():
    with pytest.raises(BrokenImage):
        process(encode(ramps(SIZE))[:3000], variant())


def test_a_colour_that_stands_for_transparency_does_so_at_every_size():
    assert result(with_transparency()).getpixel((0, 0))[3] == 0


@pytest.mark.parametrize("place", ["before", "behind"])
@pytest.mark.parametrize("width", [30, 400])
def test_a_picture_is_turned_wherever_the_file_says_so(place: str, width: int):
    data = turned(ramps(SIZE), 6, "PNG")
    if place == "behind":
        start = data.index(b"eXIf") - 4
        end = start + 12 + int.from_bytes(data[start : start + 4], "big")
        data = data[:start] + data[end:-12] + data[start:end] + data[-12:]
    made = process(data, variant(step("resize", width=px(width))))
    assert made.source.size == SIZE
    assert made.outcomes[0].encoded is not None
    shown = decode(made.outcomes[0].encoded.data)
    assert shown.size == (width, width * 3 // 4 + width % 4 // 2)
    assert np.abs(array(shown) - array(ramps(SIZE).resize(shown.size, Image.Resampling.LANCZOS))).mean() < 2


def test_a_reduced_png_is_still_as_large_as_its_source_to_every_step():
    data = encode(ramps((1000, 600)))
    assert load(data, LIMITS, lambda size: (100, 60)).is_reduced
    assert result(data, step("resize", width=per_cent(10)), step("resize", width=per_cent(50))).size == (50, 30)
    half_of_source = step("resize", width={"value": 50, "unit": "%", "of": "source"})
    assert result(data, step("resize", width=per_cent(10)), half_of_source).size == (500, 300)


@pytest.mark.parametrize("make", [ramps, see_through])
def test_what_is_written_has_the_pixels_and_nothing_else(make: object):
    image = make(SIZE)  # type: ignore[operator]
    data = png.encode(image)
    assert data is not None
    assert decode(data).tobytes() == image.tobytes()
    assert set(list_chunks(data)) == {b"IHDR", b"IDAT", b"IEND"}


def test_the_profile_is_written_where_it_is_asked_for():
    data = encode(ramps(SIZE), icc_profile=swapped_profile())
    made = result(data, output=Output(format="png", profile="source"))
    assert made.info["icc_profile"] == swapped_profile()
    assert np.abs(array(made) - array(ramps(SIZE))).max() <= 2
    assert "icc_profile" not in result(data).info


@pytest.mark.parametrize("steps", [[], [step("resize", width=px(300))]])
def test_metadata_of_large_pictures_is_not_written_either(steps: list[object]):
    text = PngInfo()
    text.add_text("Comment", "secret")
    exif = Image.Exif()
    exif[0x010F] = "secret"
    data = encode(ramps(SIZE), exif=exif, pnginfo=text, dpi=(72, 72))
    encoded = process(data, variant(*steps)).outcomes[0].encoded  # type: ignore[arg-type]
    assert encoded is not None
    assert set(list_chunks(encoded.data)) == {b"IHDR", b"IDAT", b"IEND"}


def test_files_are_hardly_larger_than_pillows():
    data = png.encode(photo())
    assert data is not None
    assert len(data) < 1.06 * len(encode(photo()))
