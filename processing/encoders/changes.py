"""What of each frame of an animation differs from the frame before it."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops

STILL_MS = 10
"""Viewers show what is given no more than this for 100 ms: two such frames are not one of twice that."""


@dataclass(frozen=True)
class Change:
    """The part of a frame that is new, where it lies, and how long the frame is shown."""

    image: Image.Image
    corner: tuple[int, int]
    duration_ms: int


def merge_equal(
    frames: Sequence[Image.Image], durations_ms: Sequence[int]
) -> tuple[tuple[Image.Image, ...], tuple[int, ...]]:
    """The frames without those that look like the one before them, which is shown so much longer."""
    kept, shown = [frames[0]], [durations_ms[0]]
    for frame, duration in zip(frames[1:], durations_ms[1:], strict=True):
        if min(duration, shown[-1]) > STILL_MS and find_difference(kept[-1], frame) is None:
            shown[-1] += duration
        else:
            kept.append(frame)
            shown.append(duration)
    return tuple(kept), tuple(shown)


def find_difference(before: Image.Image, after: Image.Image) -> tuple[int, int, int, int] | None:
    """The smallest box that holds every pixel that differs, or None."""
    return ImageChops.difference(before, after).getbbox(alpha_only=False)


def find_changes(frames: Sequence[Image.Image], durations_ms: Sequence[int]) -> list[Change]:
    """The first frame whole, and of each other one the box of what is new; one pixel where nothing is."""
    found = [Change(frames[0], (0, 0), durations_ms[0])]
    for before, after, duration in zip(frames, frames[1:], durations_ms[1:], strict=False):
        box = find_difference(before, after) or (0, 0, 1, 1)
        found.append(Change(after.crop(box), box[:2], duration))
    return found
