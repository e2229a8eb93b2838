"""What a picture's bytes say of themselves, read before any pixel is decoded.

The format is found by content, from the list of those that are read here; no name and no content type is asked. Each
format has a reader that walks the file by its lengths, in time that grows with the number of blocks and not of bytes.
A reader is no judge of the rest: what is broken behind the size is for the decoder to refuse.
"""

import re
import struct
from collections.abc import Callable

from processing.errors import BrokenImage, TooManyChunks, UnsupportedFormat
from processing.headers import avif, bmp, gif, heic, jpeg, png, tiff, webp
from processing.headers.header import MAX_BLOCKS, Header, Size

__all__ = ["MAX_BLOCKS", "Header", "Size", "read", "sniff"]

SIGNATURES = {
    "jpeg": rb"\xff\xd8\xff",
    "png": rb"\x89PNG\r\n\x1a\n",
    "gif": rb"GIF8[79]a",
    "webp": rb"RIFF.{4}WEBPVP8[ LX]",
    # A general container must name AVIF or HEIC among what it is compatible with: others begin in the same way.
    "avif": rb".{4}ftyp(?:avi[fs]|m[is]f1.{4}(?:.{4}){0,31}?avi[fs])",
    "heic": rb".{4}ftyp(?:hei[cx]|m[is]f1.{4}(?:.{4}){0,31}?hei[cx])",
    "tiff": rb"II[*+]\0|MM\0[*+]",
    # Two letters are little to go by: the size of the header must be one that there is.
    "bmp": rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0",
}
_PATTERNS = {name: re.compile(pattern, re.DOTALL) for name, pattern in SIGNATURES.items()}

READERS: dict[str, Callable[[bytes], Header]] = {
    "jpeg": jpeg.read,
    "png": png.read,
    "gif": gif.read,
    "webp": webp.read,
    "avif": avif.read,
    "heic": heic.read,
    "tiff": tiff.read,
    "bmp": bmp.read,
}


def sniff(data: bytes) -> str:
    """The name of the format that the bytes begin like. Raises UnsupportedFormat."""
    for name, pattern in _PATTERNS.items():
        if pattern.match(data):
            return name
    raise UnsupportedFormat("the source is not a picture in a format that is read here")


def read(data: bytes) -> Header:
    """What the header tells, and what a walk through the file counts.

    Raises UnsupportedFormat, BrokenImage, or TooManyChunks where the walk would not end soon.
    """
    name = sniff(data)
    try:
        header = READERS[name](data)
    except (struct.error, IndexError):
        raise BrokenImage(f"the {name} data end within the header") from None
    if header.chunks >= MAX_BLOCKS:
        raise TooManyChunks(f"the {name} is cut into {MAX_BLOCKS} pieces or more")
    if min(header.size) < 1:
        raise BrokenImage(f"the {name} data name no size")
    return header
