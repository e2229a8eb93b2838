"""How much one picture may cost."""

from dataclasses import asdict, dataclass
from typing import Any

from processing import headers
from processing.errors import (
    SideTooLong,
    SourceTooLarge,
    TooManyChunks,
    TooManyFramePixels,
    TooManyFrames,
    TooManyPixels,
    TooManyScans,
)
from processing.headers import Header, Size

MEGA = 1_000_000


@dataclass(frozen=True)
class Limits:
    """Bounds on one source and on what is made of it; each is checked before the work that it bounds.

    max_source_bytes: the encoded source.
    max_pixels: width × height of a source, and of every result.
    max_side: the longer side in pixels, of a source and of every result.
    max_frames: frames of one animation that are decoded. Those that are left alone don't count, nor do the pages of a
        TIFF behind the first.
    max_total_pixels: width × height × frames of what is decoded of an animation.
    max_jpeg_scans: how often a JPEG may go over its pixels. A progressive one has about ten scans.
    max_png_chunks: pieces of a PNG. Those with 1 kB of pixels or more don't count: the bytes of the file bound them.
    """

    max_source_bytes: int = 100 * MEGA
    max_pixels: int = 100 * MEGA
    max_side: int = 16_384
    max_frames: int = 200
    max_total_pixels: int = 100 * MEGA
    max_jpeg_scans: int = 100
    max_png_chunks: int = 10_000

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Limits":
        return cls(**values)


def check_source(data: bytes, limits: Limits, *, frames: int | None = 1) -> Header:
    """Refuse a source that would cost too much, from its bytes alone; what its header says where it would not.

    frames: how many of its frames are going to be decoded, if it has so many; None for all.
    Raises UnsupportedFormat and BrokenImage, and for each limit the error of its own that is imported above.
    """
    if len(data) > limits.max_source_bytes:
        raise SourceTooLarge(f"the source has {len(data)} bytes; the limit is {limits.max_source_bytes}")
    header = headers.read(data)
    check_size(header.size, limits)
    _check_frames(header, limits, header.frames if frames is None else min(frames, header.frames))
    if header.scans > limits.max_jpeg_scans:
        raise TooManyScans(f"the jpeg has {header.scans} scans; the limit is {limits.max_jpeg_scans}")
    if header.format == "png" and header.chunks > limits.max_png_chunks:
        raise TooManyChunks(f"the png has {header.chunks} chunks; the limit is {limits.max_png_chunks}")
    return header


def check_size(size: Size, limits: Limits) -> None:
    """Raise SideTooLong or TooManyPixels for a source that is too large."""
    what = f"the source has {size[0]}×{size[1]} pixels"
    if max(size) > limits.max_side:
        raise SideTooLong(f"{what}; the limit is {limits.max_side} pixels a side")
    if size[0] * size[1] > limits.max_pixels:
        raise TooManyPixels(f"{what}; the limit is {limits.max_pixels} pixels in all")


def _check_frames(header: Header, limits: Limits, frames: int) -> None:
    if frames > limits.max_frames:
        raise TooManyFrames(f"the source has {frames} frames; the limit is {limits.max_frames}")
    pixels = header.size[0] * header.size[1] * frames
    if frames > 1 and pixels > limits.max_total_pixels:
        raise TooManyFramePixels(
            f"the {frames} frames of the source have {pixels} pixels together; the limit is {limits.max_total_pixels}"
        )
