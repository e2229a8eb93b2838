"""The pictures of PngSuite (by Willem van Schaik; pypng brings them along) against the pixels that pypng finds in them.

pypng reads PNG in plain Python: it shares no code with the libraries that read it here.
"""

import io

import numpy as np
import png
import pngsuite
import pytest
from numpy.typing import NDArray

from tests.processing.chains import result


def read_pixels(data: bytes) -> NDArray[np.uint8]:
    """Red, green, blue and alpha, rounded to eight bits; gamma plays no part, nor how many bits are significant."""
    reader = png.Reader(file=io.BytesIO(data))
    reader.preamble()
    reader.sbit = None
    width, height, rows, _ = reader.asRGBA8()
    return np.array([list(row) for row in rows], np.uint8).reshape(height, width, 4)


@pytest.mark.parametrize("name", sorted(pngsuite.png))
def test_the_suite_s_pictures_are_read_as_another_decoder_reads_them(name: str) -> None:
    data = pngsuite.png[name]
    assert np.array_equal(np.asarray(result(data).convert("RGBA")), read_pixels(data))


def test_the_suite_has_every_kind_of_picture() -> None:
    heads = [data[24:29] for data in pngsuite.png.values()]
    assert {head[1] for head in heads} == {0, 2, 3, 4, 6}
    assert {head[0] for head in heads} == {1, 2, 4, 8, 16}
    assert {head[4] for head in heads} == {0, 1}
    assert any(b"tRNS" in data for data in pngsuite.png.values())
