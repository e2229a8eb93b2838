"""Colours beneath what is transparent: those of the nearest that is seen, so that filters find no edge there."""

from collections.abc import Callable

from PIL import Image

CLEAR_BELOW = 32
"""Below this alpha (of 255) a pixel's own colour counts less and less: its eight bits say little of it."""

HARDER = [min(255, value * 255 // CLEAR_BELOW) for value in range(256)]


def change_visible(image: Image.Image, change: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """The image with its RGB part changed, and its alpha passed through. What is transparent counts as its neighbours.

    For changes that look at neighbours; others need only `channels.change_colors`.
    """
    if image.mode == "RGB":
        return change(image)
    made = change(spread_colors(image))
    made.putalpha(image.getchannel("A"))
    return made


def spread_colors(image: Image.Image) -> Image.Image:
    """The RGB part of an RGBA image, in which what is transparent has taken on colours from around it."""
    levels = [_harden(image)]
    while max(levels[-1].size) > 1:
        levels.append(_harden(_halve(levels[-1])))
    made = levels.pop().convert("RGB")
    for level in reversed(levels):
        below = made.resize(level.size, Image.Resampling.BILINEAR)
        made = Image.composite(level.convert("RGB"), below, level.getchannel("A"))
    return made


def _halve(image: Image.Image) -> Image.Image:
    return image.resize((max(1, image.width // 2), max(1, image.height // 2)), Image.Resampling.BOX)


def _harden(image: Image.Image) -> Image.Image:
    made = image.copy()
    made.putalpha(image.getchannel("A").point(HARDER))
    return made
