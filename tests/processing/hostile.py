"""Files that were made to do harm: small ones that ask for much, ones that lie, ones that are two things at once."""

import random
import struct
import zlib
from functools import cache

from PIL import Image

from tests import images, pngs
from tests.pngs import chunk

IMAGE, TRAILER = b",", b";"
WORDS = (b"\0", b"\1", b"\x7f", b"\x80", b"\xff", bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff", b"\xff\xda")


def jpeg_claiming(size: tuple[int, int]) -> bytes:
    """A JPEG whose header claims this size, with the pixels of one block behind it."""
    data = bytearray(images.encode(Image.new("RGB", (1, 1)), "JPEG"))
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, size[1], size[0])
    return bytes(data)


def jpeg_with_scans(size: tuple[int, int], scans: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again, so that there are so many of them."""
    data = images.encode(Image.new("L", size, 128), "JPEG", progressive=True, quality=50)
    start, has = data.rindex(b"\xff\xda"), data.count(b"\xff\xda")
    return data[:start] + data[start:-2] * (scans - has + 1) + data[-2:]


def flat_png(size: tuple[int, int]) -> bytes:
    """A true PNG of this size in one colour: a block of rows is packed once and then repeated."""
    width, height = size
    row = bytes(1 + 3 * width)
    rows = max(1, 1_000_000 // len(row))
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(row * rows) + packer.flush(zlib.Z_FULL_FLUSH)
    last = zlib.compressobj(9, wbits=-15)
    rest = last.compress(row * (height % rows)) + last.flush()
    check = 1
    for count in (*[rows] * (height // rows), height % rows):
        check = zlib.adler32(row * count, check)
    pixels = b"\x78\x9c" + packed * (height // rows) + rest + struct.pack(">I", check)
    header = struct.pack(">IIBBBBB", width, height, 8, pngs.COLOR, 0, 0, 0)
    return pngs.SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND")


def png_with(*parts: bytes) -> bytes:
    """A PNG of one pixel with these chunks before its pixels."""
    data = images.encode(Image.new("RGB", (1, 1)))
    place = data.index(b"IDAT") - 4
    return data[:place] + b"".join(parts) + data[place:]


def apng(size: tuple[int, int], frames: int) -> bytes:
    """An animation that claims this canvas; every frame is one pixel of it."""
    pixels = zlib.compress(b"\0\0")
    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, pngs.GREY, 0, 0, 0))]
    parts += [chunk(b"acTL", struct.pack(">II", frames, 0))]
    for number in range(frames):
        control = struct.pack(">IIIIIHHBB", max(0, 2 * number - 1), 1, 1, 0, 0, 1, 10, 0, 0)
        parts += [chunk(b"fcTL", control)]
        parts += [chunk(b"fdAT", struct.pack(">I", 2 * number) + pixels) if number else chunk(b"IDAT", pixels)]
    return pngs.SIGNATURE + b"".join(parts) + chunk(b"IEND")


def gif(size: tuple[int, int], frames: int, *, before: bytes = b"") -> bytes:
    """A GIF with this screen; every frame is one pixel of it."""
    screen = b"GIF89a" + struct.pack("<HHBBB", *size, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = IMAGE + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2D\1\0"
    return screen + before + frame * frames + TRAILER


def webp_claiming(size: tuple[int, int], frames: int = 0, *, parts: bytes = b"") -> bytes:
    """A WebP that claims this canvas and has so many frames of one pixel; without frames it is a still picture."""
    still = images.encode(Image.new("RGB", (1, 1)), "WEBP", lossless=True)[12:]
    width, height = ((side - 1).to_bytes(3, "little") for side in size)
    canvas = b"VP8X" + struct.pack("<II", 10, 2 if frames else 0) + width + height
    frame = b"ANMF" + struct.pack("<I", 16 + len(still)) + bytes(16) + still
    animation = b"ANIM" + struct.pack("<IIH", 6, 0, 0) + frame * frames
    body = b"WEBP" + canvas + (animation if frames else still) + parts
    return b"RIFF" + struct.pack("<I", len(body)) + body


def avif_claiming(size: tuple[int, int]) -> bytes:
    """An AVIF of 16 × 16 pixels that says it had so many."""
    data = bytearray(images.encode(Image.new("RGB", (16, 16)), "AVIF"))
    struct.pack_into(">II", data, data.index(b"ispe") + 8, *size)
    return bytes(data)


def bmp_claiming(size: tuple[int, int]) -> bytes:
    data = bytearray(images.encode(Image.new("RGB", (1, 1)), "BMP"))
    struct.pack_into("<ii", data, 18, *size)
    return bytes(data)


def tiff_claiming(size: tuple[int, int], *, tag: int = 256) -> bytes:
    """A TIFF that claims this size in two tags, from this one on: those of the image, or of its tiles (322)."""
    data = bytearray(images.encode(Image.new("L", (1, 1)), "TIFF"))
    (place,) = struct.unpack_from("<I", data, 4)
    # The first tags of the file are width and height.
    for number in (0, 1):
        struct.pack_into("<HHII", data, place + 2 + 12 * number, tag + number, 4, 1, size[number])
    return bytes(data)


def tiff_with_pages(pages: int, *, is_endless: bool = False) -> bytes:
    """A TIFF with empty pages behind its first; the last of an endless one leads back to the second."""
    data = bytearray(images.encode(images.ramps((16, 16)), "TIFF"))
    data += bytes(len(data) % 2)
    start, (place,) = len(data), struct.unpack_from("<I", data, 4)
    (tags,) = struct.unpack_from("<H", data, place)
    struct.pack_into("<I", data, place + 2 + 12 * tags, start)
    following = [start + 6 * number for number in range(1, pages - 1)] + [start if is_endless else 0]
    return bytes(data) + b"".join(struct.pack("<HI", 0, offset) for offset in following)


@cache
def seeds() -> dict[str, bytes]:
    """A good file of every format, and of each of the ways in which it is usually written."""
    small, clear = images.noise((48, 40)).reduce(2), images.see_through((24, 20))
    frames = [images.noise((24, 20), seed=seed) for seed in range(3)]
    moving = {"save_all": True, "append_images": frames[1:]}
    exif = Image.Exif()
    exif[images.ORIENTATION] = 6
    marked = {"exif": exif, "comment": b"by hand", "icc_profile": images.swapped_profile()}
    return {
        "jpeg": images.encode(small, "JPEG", **marked),
        "jpeg-progressive": images.encode(small, "JPEG", progressive=True, restart_marker_blocks=1),
        "jpeg-cmyk": images.encode(small.convert("CMYK"), "JPEG"),
        "png": images.encode(clear, exif=exif, icc_profile=images.swapped_profile()),
        "png-palette": pngs.write(pngs.draw(pngs.PALETTE, 4, (24, 20)), interlaced=True),
        "png-deep": pngs.write(pngs.draw(pngs.COLOR_ALPHA, 16, (24, 20)), pieces=3),
        "png-animated": images.encode(frames[0], "PNG", **moving),
        "gif": images.encode(frames[0], "GIF", **moving),
        "webp": images.encode(small, "WEBP", exif=exif),
        "webp-lossless": images.encode(clear, "WEBP", lossless=True),
        "webp-animated": images.encode(frames[0], "WEBP", **moving),
        "avif": images.encode(clear, "AVIF"),
        "avif-animated": images.encode(frames[0], "AVIF", **moving),
        "tiff": images.encode(small, "TIFF", compression="tiff_adobe_deflate", exif=exif),
        "tiff-pages": images.encode(frames[0], "TIFF", compression="tiff_lzw", **moving),
        "bmp": images.encode(small.quantize(16), "BMP"),
    }


def mutate(data: bytes, chance: random.Random) -> bytes:
    """The file with one to four things done to it, half of them to its first bytes; a PNG's checksums may be mended."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        _change(made, chance)
    return pngs.seal(bytes(made)) if data.startswith(pngs.SIGNATURE) and chance.random() < 0.75 else bytes(made)


def _change(made: bytearray, chance: random.Random) -> None:
    place = chance.randrange(min(len(made), 200) if chance.random() < 0.5 else len(made)) if made else 0
    length = chance.randint(1, 40)
    how = chance.randrange(6)
    if how == 0 and made:
        made[place] ^= 1 << chance.randrange(8)
    elif how == 1 and made:
        made[place] = chance.randrange(256)
    elif how == 2:
        word = chance.choice(WORDS)
        made[place : place + len(word)] = word
    elif how == 3:
        del made[place : place + length]
    elif how == 4:
        made[place:place] = made[place : place + length] * chance.randint(1, 20)
    else:
        other = chance.randrange(len(made) or 1)
        made[place : place + length] = made[other : other + length]
