"""HEIC, which lies in the same container as AVIF: see ISO/IEC 23008-12."""

from dataclasses import replace

from processing.headers import avif
from processing.headers.header import Header


def read(data: bytes) -> Header:
    """The largest size that a picture or a tile has. Of a sequence there is a still picture."""
    return replace(avif.read(data), format="heic", frames=1)
