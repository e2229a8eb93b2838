"""The pixels of PNG both ways by libvips, which takes a third to two thirds of Pillow's time.

Each function gives None for what Pillow had better do.
"""

from PIL import Image

from processing import vips
from processing.geometry import Size

LEVEL = 4
"""About as many bytes as Pillow writes: 4 % more of a photo, fewer of a drawing. Level 6 saves 1 % for a third more."""

HEADER_BYTES, RESOLUTION_BYTES = 33, 21
MAX_CHUNKS = 100_000
PLAIN_KINDS = {(8, 2): "RGB", (8, 6): "RGBA"}
"""Pillow's modes by bits a channel and colour type."""

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
"""Pillow's modes by number of channels."""


def decode(data: bytes, size: Size, wanted: Size | None) -> Image.Image | None:
    """A plain PNG that its header says to be of this size, with no more pixels than serve the wanted size.

    What is damaged is for Pillow to judge.
    """
    mode = _find_plain_mode(data)
    if mode is None or size[0] * size[1] < vips.MIN_PIXELS:
        return None
    # Of transparent pixels only premultiplied ones can be scaled.
    reduced = vips.choose_size(size, wanted) if mode == "RGB" else None
    try:
        image = vips.load().Image.pngload_buffer(data, access="sequential", fail_on="warning")
        if (image.width, image.height, image.bands, image.format) != (*size, len(mode), "uchar"):
            return None
        pixels = vips.scale_in_steps(image, reduced) if reduced else image
        return Image.frombytes(mode, reduced or size, pixels.write_to_memory())
    except vips.load().Error:
        return None


def decode_deep(data: bytes, size: Size) -> Image.Image | None:
    """A PNG of 16 bits a channel, rounded to eight, or of two or four in which a shade of grey is transparent.

    Of the first Pillow drops the lower half; in both it looks for the transparent sample among scaled ones.
    """
    if not _is_deep(data):
        return None
    try:
        image = vips.load().Image.pngload_buffer(data, access="sequential", fail_on="warning")
        if image.format == "ushort":
            image = (image * (255 / 65535) + 0.5).cast("uchar")
        return Image.frombytes(MODES[image.bands], size, image.write_to_memory())
    except vips.load().Error:
        return None


def _is_deep(data: bytes) -> bool:
    """As `decode_deep` says. How the picture is turned stands before its pixels, or Pillow has to find it."""
    depth, kind = data[24], data[25]
    if depth != 16 and (kind, depth) not in ((0, 2), (0, 4)):
        return False
    names = _list_chunks(data)
    behind = names[names.index(b"IDAT") :] if b"IDAT" in names else []
    return bool(behind) and b"eXIf" not in behind and (depth == 16 or b"tRNS" in names)


def encode(image: Image.Image, level: int = LEVEL) -> bytes | None:
    """An RGB or RGBA image as a PNG with nothing but its pixels. level: of compression, 0 to 9."""
    if image.width * image.height < vips.MIN_PIXELS:
        return None
    try:
        data = vips.wrap(image).pngsave_buffer(compression=level, filter="all", keep="none")
    except vips.load().Error:
        return None
    # libvips names a resolution, whatever it is told to keep.
    has_resolution = data[HEADER_BYTES + 4 : HEADER_BYTES + 8] == b"pHYs"
    rest = data[HEADER_BYTES + RESOLUTION_BYTES * has_resolution :]
    return bytes(data[:HEADER_BYTES] + rest)


def _find_plain_mode(data: bytes) -> str | None:
    """RGB or RGBA; None where pixels are interlaced, or other chunks have a say in them: transparency, animation.

    Nor is it plain when there is anything behind the pixels, for that may be how they are turned.
    """
    mode = PLAIN_KINDS.get((data[24], data[25])) if data[12:16] == b"IHDR" else None
    if mode is None or data[28]:
        return None
    names = _list_chunks(data)
    pixels = names.count(b"IDAT")
    is_plain = names[-pixels - 1 :] == [b"IDAT"] * pixels + [b"IEND"] and not {b"tRNS", b"acTL"} & set(names)
    return mode if pixels and is_plain else None


def _list_chunks(data: bytes) -> list[bytes]:
    """The names of the chunks behind the header, up to a limit; see https://www.w3.org/TR/png-3/#5Chunk-layout."""
    names: list[bytes] = []
    place = HEADER_BYTES
    while place < len(data) and names[-1:] != [b"IEND"] and len(names) < MAX_CHUNKS:
        names.append(data[place + 4 : place + 8])
        place += int.from_bytes(data[place : place + 4], "big") + 12
    return names
