import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from processing import headers
from processing.decoders import heic
from processing.errors import UnsupportedFormat
from tests.images import encode, ramps
from tests.processing.chains import losses, process, result, variant
from tests.processing.running import array

SIZE = (64, 48)


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def claiming(size: tuple[int, int], *, brand: bytes = b"heic") -> bytes:
    """A HEIC that claims this size, without pixels."""
    extent = box(b"ispe", bytes(4), *(side.to_bytes(4, "big") for side in size))
    properties = box(b"iprp", box(b"ipco", extent))
    return box(b"ftyp", brand, bytes(4), b"mif1heic") + box(b"meta", bytes(4), properties)


@pytest.fixture
def uninstalled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As where no package for HEIC is installed."""
    monkeypatch.setattr(heic, "PACKAGES", ("no_such_package_for_heic",))
    heic.find_package.cache_clear()
    yield
    heic.find_package.cache_clear()


@pytest.fixture
def package() -> Any:
    """The package that can also write HEIC, for it takes pictures to read some."""
    return pytest.importorskip("pillow_heif", reason="pillow-heif is not installed", exc_type=ImportError)


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1"])
def test_heic_is_told_by_its_brand_and_its_size_is_read(brand: bytes):
    header = headers.read(claiming((400, 300), brand=brand))
    assert (header.format, header.size, header.frames) == ("heic", (400, 300), 1)


def test_where_no_package_reads_heic_the_error_says_how_to_get_one(uninstalled: None):
    with pytest.raises(UnsupportedFormat, match="pip install pi-heif"):
        process(claiming(SIZE), variant())


def test_heic_is_read_where_a_package_is_installed(package: Any):
    package.register_heif_opener()
    exif = Image.Exif()
    exif[0x010F] = "some maker"
    data = encode(ramps(SIZE), "HEIF", quality=95, exif=exif)
    made = result(data)
    assert np.abs(array(made) - array(ramps(SIZE))).mean() < 4
    assert losses(data) == ["metadata_stripped"]
    assert process(data, variant()).source.format == "heic"
    assert b"some maker" not in encode(made)


def test_a_heic_that_is_damaged_is_refused(package: Any):
    package.register_heif_opener()
    buffer = io.BytesIO()
    ramps(SIZE).save(buffer, "HEIF")
    with pytest.raises(Exception, match="heic") as caught:
        process(buffer.getvalue()[:-200], variant())
    assert getattr(caught.value, "code", "") == "broken_image"
