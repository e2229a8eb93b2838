"""What every reader tells."""

from dataclasses import dataclass

from processing.errors import BrokenImage

Size = tuple[int, int]

MAX_BLOCKS = 500_000
"""Where a walk stops counting. The longest file that is taken by default has 400,000 when a usual program wrote it: a
GIF of 100 MB in blocks of 255 bytes."""

MAX_JUNK_BYTES = 65_536
"""How much that belongs to nothing may stand between the blocks of a file: decoders pass over it byte by byte."""


@dataclass(frozen=True)
class Header:
    """What a file declares. A lie in it is found out by the decoder.

    size: width and height in pixels as they are stored, of the largest canvas that decoding any frame may need.
    frames: of an animation, or pages of a TIFF, as many as the file has or claims, at least 1.
    scans: of a JPEG, each of which goes over all pixels; 0 for other formats.
    chunks: the pieces that the file is cut into, counted up to MAX_BLOCKS.
    """

    format: str
    size: Size
    frames: int = 1
    scans: int = 0
    chunks: int = 1


def cover(*sizes: Size) -> Size:
    """The smallest size that each of these fits in."""
    return max(size[0] for size in sizes), max(size[1] for size in sizes)


def check_junk(name: str, junk_bytes: int) -> int:
    """How many bytes of a file belong to nothing so far. Raises BrokenImage where they are too many."""
    if junk_bytes > MAX_JUNK_BYTES:
        raise BrokenImage(f"the {name} data are full of what belongs to nothing")
    return junk_bytes
