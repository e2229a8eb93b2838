"""BMP: see https://learn.microsoft.com/windows/win32/gdi/bitmap-header-types."""

import struct

from processing.headers.header import Header

SHORT_HEADER = 12


def read(data: bytes) -> Header:
    """The size alone: there is nothing else. A negative height means that rows run down."""
    (header_bytes,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if header_bytes == SHORT_HEADER else "<ii", data, 18)
    return Header("bmp", (width, abs(height)))
