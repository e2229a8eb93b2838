import io
import random
import struct
import time

import pytest
from PIL import Image

from processing import headers
from processing.errors import BrokenImage, TooManyChunks, UnsupportedFormat
from processing.formats import FORMATS
from processing.headers import MAX_BLOCKS, Header
from tests import images, pngs
from tests.pngs import chunk
from tests.processing import hostile

SIZE = (60, 40)
SCAN = b"\xff\xda\0\x08\1\1\0\0\x3f\0"
NOT_PICTURES = {
    "nothing": b"",
    "one byte": b"\xff",
    "page": b"<!DOCTYPE html><html><img src='data:image/png;base64,iVBORw0KGgo='></html>",
    "drawing": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "printout": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    "document": b"%PDF-1.7\n",
    "layers": b"8BPS\0\1" + bytes(40),
    "icon": b"\0\0\1\0\1\0\x10\x10",
    "wavelets": b"\0\0\0\x0cjP  \r\n\x87\n",
    "textures": b"DDS \x7c\0\0\0" + bytes(120),
    "stars": b"SIMPLE  =                    T",
    "letters": b"/* XPM */\nstatic char *a[] = {",
    "map": b"P6\n1 1\n255\n\0\0\0",
    "film": b"\0\0\0\x18ftypisom\0\0\0\0mp42isom" + bytes(40),
    "general container": b"\0\0\0\x18ftypmif1\0\0\0\0mif1jpeg" + bytes(40),
    "sound": b"RIFF\x24\0\0\0WAVEfmt " + bytes(20),
    "words that begin like a bitmap": b"BMW and Mercedes are two makes of car.",
    "archive": b"PK\3\4" + bytes(30),
}


@pytest.mark.parametrize("data", hostile.seeds().values(), ids=hostile.seeds())
def test_format_size_and_frames_are_those_that_the_decoder_finds(data: bytes):
    header, image = headers.read(data), Image.open(io.BytesIO(data))
    # Pillow names the size of a turned TIFF as it is shown.
    size = image.size[::-1] if header.format == "tiff" and image.getexif().get(images.ORIENTATION) == 6 else image.size
    assert (header.size, header.frames) == (size, getattr(image, "n_frames", 1))
    assert header.format == (image.format or "").lower()


def test_every_format_that_is_read_has_a_signature_and_a_reader():
    names = {form.name for form in FORMATS}
    assert names == set(headers.SIGNATURES) == set(headers.READERS)


@pytest.mark.parametrize("data", NOT_PICTURES.values(), ids=NOT_PICTURES)
def test_what_is_not_on_the_list_is_no_picture(data: bytes):
    with pytest.raises(UnsupportedFormat):
        headers.read(data)


@pytest.mark.parametrize("data", hostile.seeds().values(), ids=hostile.seeds())
def test_a_file_that_ends_anywhere_is_read_or_refused(data: bytes):
    whole = headers.read(data)
    for length in range(min(len(data), 700)):
        try:
            assert headers.read(data[:length]).frames <= whole.frames
        except (UnsupportedFormat, BrokenImage):
            continue


def test_no_damage_makes_a_reader_stumble():
    chance, seeds = random.Random(7), list(hostile.seeds().values())
    for number in range(4000):
        try:
            header = headers.read(hostile.mutate(seeds[number % len(seeds)], chance))
        except (UnsupportedFormat, BrokenImage):
            continue
        assert min(header.size) > 0


# JPEG


def count_scans(data: bytes) -> int:
    return headers.read(data).scans


def test_scans_are_counted():
    picture = images.ramps(SIZE)
    assert count_scans(images.encode(picture, "JPEG")) == 1
    assert count_scans(images.encode(picture, "JPEG", progressive=True)) == 10
    assert count_scans(images.encode(picture.convert("L"), "JPEG", progressive=True, restart_marker_blocks=1)) == 6
    assert count_scans(hostile.jpeg_with_scans(SIZE, 345)) == 345


def test_fill_bytes_before_a_scan_do_not_hide_it():
    data = hostile.jpeg_with_scans(SIZE, 50).replace(b"\xff\xda", b"\xff\xff\xff\xda")
    assert images.decode(data).size == SIZE
    assert count_scans(data) == 50


def test_only_scans_that_a_decoder_comes_by_are_counted():
    plain = images.encode(images.noise(SIZE), "JPEG", quality=95, comment=SCAN * 30)
    thumbnail = b"\xff\xe1" + struct.pack(">H", 2 + len(plain)) + plain
    data = plain[:2] + thumbnail + plain[2:] + SCAN * 200
    assert data.count(b"\xff\xda") > 200
    assert count_scans(data) == 1


def test_of_two_sizes_in_a_jpeg_the_larger_counts():
    data = images.encode(images.ramps(SIZE), "JPEG")
    place = data.index(b"\xff\xc0")
    frame = data[place : place + 19]
    larger = frame[:5] + struct.pack(">HH", 9000, 10) + frame[9:]
    assert headers.read(data[:place] + larger + data[place:]).size == (60, 9000)


# PNG


def test_chunks_are_counted_without_long_ones_of_pixels():
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 0, 0, 0, 0))
    short, long, text = chunk(b"IDAT", bytes(1023)), chunk(b"IDAT", bytes(1024)), chunk(b"tEXt", bytes(5000))
    data = pngs.SIGNATURE + header + text * 3 + short * 4 + long * 5 + chunk(b"IEND") + text * 6
    assert headers.read(data).chunks == 1 + 3 + 4 + 1


@pytest.mark.parametrize("shown_first", [False, True])
def test_the_frames_of_an_animated_png_are_those_that_are_there(shown_first: bool):
    frames = [images.noise(SIZE, seed=seed) for seed in range(4)]
    options = {"save_all": True, "append_images": frames[1:], "default_image": shown_first}
    data = images.encode(frames[0], "PNG", **options)
    assert headers.read(data).frames == Image.open(io.BytesIO(data)).n_frames == 4  # type: ignore[attr-defined]
    boasting = data.replace(struct.pack(">II", 4 - shown_first, 0), struct.pack(">II", 5000, 0), 1)
    assert headers.read(pngs.seal(boasting)).frames == 4
    assert headers.read(data.replace(b"acTL", b"abCL")).frames == 1


def test_a_png_that_begins_with_anything_but_its_header_is_broken():
    data = images.encode(images.ramps(SIZE))
    with pytest.raises(BrokenImage):
        headers.read(data[:8] + chunk(b"tEXt", bytes(20)) + data[8:])


# GIF


def test_a_frame_beyond_the_screen_makes_the_canvas_larger():
    data = hostile.gif((10, 20), 2)
    place = data.rindex(b",\0\0")
    grown = data[:place] + b"," + struct.pack("<HHHH", 5, 6, 300, 7) + data[place + 9 :]
    assert headers.read(data) == Header("gif", (10, 20), frames=2, chunks=4)
    assert headers.read(grown).size == (305, 20)


def test_frames_end_at_the_trailer():
    assert headers.read(hostile.gif(SIZE, 3) + hostile.gif(SIZE, 5)).frames == 3


def test_a_word_of_junk_between_blocks_is_passed_over_and_a_flood_is_not():
    assert headers.read(hostile.gif(SIZE, 3, before=bytes(100))).frames == 3
    with pytest.raises(BrokenImage):
        headers.read(hostile.gif(SIZE, 3, before=bytes(100_000)))


# WebP


def test_what_lies_behind_the_end_of_a_webp_does_not_count():
    data = hostile.webp_claiming(SIZE, 3)
    assert headers.read(data).frames == 3
    assert headers.read(data + data[data.index(b"ANMF") :]).frames == 3


def test_the_size_of_each_kind_of_webp_is_found():
    assert headers.read(hostile.webp_claiming((16_000_000, 5))).size == (16_000_000, 5)
    for options in ({"lossless": True}, {"quality": 50}):
        assert headers.read(images.encode(images.ramps((333, 444)), "WEBP", **options)).size == (333, 444)


# TIFF


@pytest.mark.parametrize("is_big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_pages_and_size_are_found_in_either_byte_order_and_with_long_offsets(order: str, is_big: bool):
    count, offset, head = ("Q", "Q", (43, 8, 0)) if is_big else ("H", "I", (42,))
    tags = [(256, 3, 70), (257, 4, 50), (256, 3, 60), (270, 2, 9)]
    first = 16 if is_big else 8
    length = struct.calcsize(f"={count}") + len(tags) * (20 if is_big else 12) + struct.calcsize(f"={offset}")
    data = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}{'HHH' if is_big else 'H'}{offset}", *head, first)
    for page in range(3):
        data += struct.pack(order + count, len(tags))
        for tag, kind, value in tags:
            number = struct.pack(order + ("H" if kind == 3 else "I"), value + page)
            data += struct.pack(order + "HH" + offset, tag, kind, 1) + number.ljust(
                struct.calcsize(f"={offset}"), b"\0"
            )
        data += struct.pack(order + offset, first + length * (page + 1) if page < 2 else 0)
    assert headers.read(data) == Header("tiff", (70, 50), frames=3, chunks=3)


def test_pages_that_lead_back_are_counted_once():
    assert headers.read(hostile.tiff_with_pages(7, is_endless=True)).frames == 7


def test_tiles_that_are_larger_than_their_picture_are_its_size():
    assert headers.read(hostile.tiff_claiming((50_000, 40_000), tag=322)).size[0] == 50_000


def test_a_directory_beyond_all_bytes_is_broken():
    with pytest.raises(BrokenImage):
        headers.read(b"II+\0\x08\0\0\0" + b"\xff" * 8 + bytes(100))


# AVIF and BMP


def test_a_box_beyond_all_bytes_ends_the_walk():
    data = hostile.seeds()["avif-animated"]
    place = data.index(b"tkhd") - 4
    long = data[:place] + b"\0\0\0\1tkhd" + b"\xff" * 8 + data[place + 8 :]
    assert headers.read(long).frames == 1


def test_an_avif_has_no_more_frames_than_bytes():
    data = bytearray(hostile.seeds()["avif-animated"])
    struct.pack_into(">I", data, data.index(b"stsz") + 12, 2**32 - 1)
    assert headers.read(bytes(data)).frames == len(data)


def test_an_avif_of_one_picture_with_a_track_beside_it_has_one_frame():
    data = hostile.seeds()["avif-animated"]
    assert headers.read(data[:8] + b"avif" + data[12:]).frames == 1


def test_a_bitmap_may_run_downwards_or_have_the_short_header():
    assert headers.read(hostile.bmp_claiming((300, -200))).size == (300, 200)
    short = b"BM" + bytes(12) + struct.pack("<IHHHH", 12, 700, 800, 1, 8)
    assert headers.read(short).size == (700, 800)


# What takes long


def flood(name: str) -> bytes:
    """A file with more blocks than are walked through."""
    count, seeds = MAX_BLOCKS + 1, hostile.seeds()
    if name == "jpeg":
        return seeds["jpeg"][:20] + b"\xff\xfe\0\2" * count + seeds["jpeg"][20:]
    if name == "png":
        return hostile.png_with(chunk(b"IDAT") * count)
    if name == "gif":
        return hostile.gif(SIZE, 1, before=b"!\xfe" + b"\1a" * count + b"\0")
    if name == "webp":
        return hostile.webp_claiming((1, 1), parts=b"ABCD\0\0\0\0" * count)
    if name == "avif":
        (place,) = struct.unpack_from(">I", seeds["avif"])
        return seeds["avif"][:place] + b"\0\0\0\x08free" * count + seeds["avif"][place:]
    return hostile.tiff_with_pages(count + 1)


@pytest.mark.parametrize("name", ["jpeg", "png", "gif", "webp", "avif", "tiff"])
def test_a_walk_without_end_is_broken_off(name: str):
    data = flood(name)
    started = time.process_time()
    with pytest.raises(TooManyChunks):
        headers.read(data)
    assert time.process_time() - started < 5


def test_the_pixels_of_a_large_file_are_passed_over_at_once():
    seeds, started = hostile.seeds(), time.process_time()
    escaped = seeds["jpeg"][:-2] + b"\xff\0\xff\xd0" * 5_000_000 + b"\xff\xd9"
    assert headers.read(escaped).scans == 1
    assert headers.read(seeds["jpeg"][:-2] + bytes(50_000_000) + b"\xff\xd9").scans == 1
    assert headers.read(hostile.png_with(chunk(b"IDAT", bytes(50_000_000)))).chunks < 5
    assert time.process_time() - started < 5


def test_a_header_full_of_nothing_is_broken():
    data = hostile.seeds()["jpeg"]
    assert headers.read(data[:20] + bytes(1000) + data[20:]).size == (24, 20)
    with pytest.raises(BrokenImage):
        headers.read(data[:20] + bytes(100_000) + data[20:])
