"""TIFF by Pillow."""

import io
from typing import Any

from PIL.TiffImagePlugin import ImageFileDirectory_v2

from processing import metadata
from processing.encoders.sheet import Sheet

PREDICTOR, HORIZONTAL = 317, 2
XMP = 700
TEXT, BYTES = 2, 1


def write(sheet: Sheet) -> bytes:
    """A TIFF of the first frame."""
    options: dict[str, Any] = {"compression": "jpeg", "quality": sheet.quality}
    tags = _list_credit(sheet)
    if sheet.lossless:
        options = {"compression": "tiff_adobe_deflate"}
        tags[PREDICTOR] = HORIZONTAL
    if sheet.output.dpi:
        options["dpi"] = (sheet.output.dpi, sheet.output.dpi)
    buffer = io.BytesIO()
    sheet.image.save(buffer, "TIFF", tiffinfo=tags, icc_profile=sheet.profile, **options)
    return buffer.getvalue()


def _list_credit(sheet: Sheet) -> ImageFileDirectory_v2:
    tags = ImageFileDirectory_v2()
    for tag, text in ((metadata.ARTIST, sheet.credit.creator), (metadata.COPYRIGHT, sheet.credit.rights)):
        if text:
            tags.tagtype[tag] = TEXT
            tags[tag] = text.encode()
    if sheet.credit:
        tags.tagtype[XMP] = BYTES
        tags[XMP] = metadata.write_xmp(sheet.credit)
    return tags
