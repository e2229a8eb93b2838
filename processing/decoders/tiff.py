"""TIFFs of 16 bits a channel by libvips: Pillow drops the lower half of colours, and takes some white for black."""

from PIL import Image, TiffImagePlugin

from processing import vips

BITS, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339
UNSIGNED, SEPARATED = 1, 5
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
"""Pillow's modes by number of channels."""


def is_deep(image: TiffImagePlugin.TiffImageFile) -> bool:
    """Whether a channel has more than eight bits."""
    return max(image.tag_v2.get(BITS, (1,))) > 8


def decode_deep(data: bytes, image: TiffImagePlugin.TiffImageFile) -> Image.Image | None:
    """The first page, upright, rounded to eight bits; None for what Pillow had better do."""
    tags = image.tag_v2
    if set(tags.get(BITS, ())) != {16} or set(tags.get(SAMPLE_FORMAT, (UNSIGNED,))) != {UNSIGNED}:
        return None
    try:
        pixels = vips.load().Image.tiffload_buffer(data, fail_on="warning").autorot()
        mode = "CMYK" if tags.get(PHOTOMETRIC) == SEPARATED else MODES[pixels.bands]
        if (pixels.width, pixels.height, pixels.bands) != (*image.size, len(mode)):
            return None
        reduced = (pixels * (255 / 65535) + 0.5).cast("uchar")
        return Image.frombytes(mode, image.size, reduced.write_to_memory())
    except (KeyError, vips.load().Error):
        return None
