"""Pixels in every way that files store them, as eight bits of sRGB."""

from typing import Any

import numpy as np
import pytest
import pyvips
from PIL import Image

from processing.base import Step
from processing.decoders.modes import to_direct
from processing.formats import Output
from tests.images import deep_colors, encode, ramps, see_through, sixteen_bits, tiff
from tests.processing.chains import losses, result, step
from tests.processing.running import array, px

SIZE = (60, 40)
COLOR, GREY = np.asarray(ramps(SIZE)), np.asarray(ramps(SIZE).convert("L"))
ALPHA = np.asarray(see_through(SIZE))[..., 3]
DEEP, DEEP_GREY = deep_colors(SIZE), np.asarray(sixteen_bits(SIZE))
DEEP_ALPHA = np.full((40, 60), 0x8000, np.uint16)


def stack(*bands: Any) -> Any:
    return np.dstack(bands)


def reduced(values: Any) -> Any:
    return np.rint(np.asarray(values, np.float64) / 257)


SHALLOW: dict[str, tuple[bytes, Any]] = {
    "1": (encode(ramps(SIZE).convert("1")), np.asarray(ramps(SIZE).convert("1").convert("L"))),
    "1 tiff": (encode(ramps(SIZE).convert("1"), "TIFF"), np.asarray(ramps(SIZE).convert("1").convert("L"))),
    "L": (encode(Image.fromarray(GREY)), GREY),
    "L white is 0": (tiff(255 - GREY, photometric="miniswhite"), GREY),
    "LA": (encode(Image.fromarray(stack(GREY, ALPHA))), stack(GREY, GREY, GREY, ALPHA)),
    "P": (encode(Image.fromarray(GREY).convert("P")), GREY),
    "PA": (encode(Image.fromarray(GREY).convert("P").convert("PA"), "TIFF"), stack(GREY, GREY, GREY, GREY * 0 + 255)),
    "RGB": (encode(ramps(SIZE)), COLOR),
    "RGBA": (encode(see_through(SIZE)), stack(COLOR, ALPHA)),
    "RGB by planes": (tiff(np.moveaxis(COLOR, 2, 0), photometric="rgb", planarconfig="separate"), COLOR),
    "BMP": (encode(ramps(SIZE), "BMP"), COLOR),
}

ABOUT: dict[str, tuple[bytes, Any, float]] = {
    "La": (
        tiff(np.asarray(Image.fromarray(stack(GREY, ALPHA)).convert("La")), photometric=1, extrasamples=[1]),
        stack(GREY, GREY, GREY, ALPHA),
        2.0,
    ),
    "RGBa": (
        tiff(np.asarray(see_through(SIZE).convert("RGBa")), photometric="rgb", extrasamples=["assocalpha"]),
        stack(COLOR, ALPHA),
        2.0,
    ),
    "YCbCr": (encode(ramps(SIZE).convert("YCbCr"), "TIFF"), COLOR, 1.5),
    "LAB": (tiff(stack(GREY * 0 + 128, GREY * 0, GREY * 0), photometric="cielab"), np.full((40, 60, 3), 120), 2.0),
    "CMYK": (encode(ramps(SIZE).convert("CMYK"), "TIFF"), COLOR, 1.0),
}


def deep_png(values: Any) -> bytes:
    height, width, bands = values.shape
    image = pyvips.Image.new_from_memory(values.tobytes(), width, height, bands, "ushort")
    written: bytes = image.copy(interpretation="grey16" if bands < 3 else "rgb16").pngsave_buffer(bitdepth=16)
    return written


DEEPER: dict[str, tuple[bytes, Any]] = {
    "I;16": (encode(sixteen_bits(SIZE)), DEEP_GREY),
    "I;16 tiff": (tiff(DEEP_GREY, photometric="minisblack"), DEEP_GREY),
    "I;16B tiff": (tiff(DEEP_GREY, photometric="minisblack", byteorder=">"), DEEP_GREY),
    "I;16 white is 0": (tiff(65535 - DEEP_GREY, photometric="miniswhite"), DEEP_GREY),
    "RGB;16 png": (deep_png(DEEP), DEEP),
    "RGBA;16 png": (deep_png(stack(DEEP, DEEP_ALPHA)), stack(DEEP, DEEP_ALPHA)),
    "LA;16 png": (deep_png(stack(DEEP_GREY, DEEP_ALPHA)), stack(DEEP_GREY, DEEP_GREY, DEEP_GREY, DEEP_ALPHA)),
    "RGB;16 tiff": (tiff(DEEP, photometric="rgb"), DEEP),
    "RGB;16B tiff": (tiff(DEEP, photometric="rgb", byteorder=">"), DEEP),
    "RGB;16 by planes": (tiff(np.moveaxis(DEEP, 2, 0), photometric="rgb", planarconfig="separate"), DEEP),
    "RGBA;16 tiff": (
        tiff(stack(DEEP, DEEP_ALPHA), photometric="rgb", extrasamples=["unassalpha"]),
        stack(DEEP, DEEP_ALPHA),
    ),
    "floats": (tiff(DEEP_GREY.astype(np.float32) / 65535, photometric="minisblack"), DEEP_GREY),
    "floats to 255": (tiff(DEEP_GREY.astype(np.float32) / 257, photometric="minisblack"), DEEP_GREY),
}


def shown(data: bytes, *steps: Step) -> Any:
    made = array(result(data, *steps))
    seen = made[..., 3:] > 0 if made.shape[2] == 4 else True
    return np.where(seen, made, 0)


def spread(expected: Any) -> Any:
    """Expected grey as three channels, and nothing where nothing is to be seen."""
    values = np.asarray(expected, np.float64)
    values = stack(values, values, values) if values.ndim == 2 else values
    return np.where(values[..., 3:] > 0, values, 0) if values.shape[2] == 4 else values


@pytest.mark.parametrize("name", SHALLOW)
def test_pixels_of_eight_bits_or_fewer_are_exact(name: str):
    data, expected = SHALLOW[name]
    assert np.array_equal(shown(data), spread(expected))
    assert losses(data) == []


@pytest.mark.parametrize("name", ABOUT)
def test_pixels_in_other_models_are_as_near_as_rounding_lets_them(name: str):
    data, expected, most = ABOUT[name]
    made, wanted = shown(data), spread(expected)
    where = wanted[..., 3:] > 40 if wanted.shape[2] == 4 else np.ones((*wanted.shape[:2], 1), bool)
    assert np.abs(np.where(where, made - wanted, 0)).max() <= most * 3
    assert np.abs(np.where(where, made - wanted, 0)).mean() <= most


@pytest.mark.parametrize("name", DEEPER)
def test_deeper_pixels_are_rounded_and_that_is_reported(name: str):
    data, expected = DEEPER[name]
    assert np.abs(shown(data) - spread(reduced(expected))).max() <= (1 if name.startswith("floats") else 0)
    assert losses(data) == ["depth_reduced"]


def test_inks_of_16_bits_are_rounded_too():
    inks = np.asarray(ramps(SIZE).convert("CMYK")).astype(np.uint16) * 257
    data = tiff(inks, photometric="separated")
    assert np.abs(shown(data) - COLOR).max() <= 1
    assert sorted(losses(data)) == ["depth_reduced", "profile_converted"]


def test_an_avif_of_ten_bits_is_reduced_and_that_is_reported():
    image = pyvips.Image.new_from_memory(DEEP.tobytes(), *SIZE, 3, "ushort").copy(interpretation="rgb16")
    data = image.heifsave_buffer(compression="av1", bitdepth=10, Q=95, subsample_mode="off")
    assert np.abs(shown(data) - spread(reduced(DEEP))).mean() < 2
    assert losses(data) == ["depth_reduced"]
    assert losses(encode(ramps(SIZE), "AVIF")) == []


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_deep_tiff_is_turned_upright(orientation: int):
    stored = np.rot90(DEEP, {3: 2, 6: 1, 8: 3}[orientation])
    data = tiff(stored, photometric="rgb", extratags=[(274, "H", 1, orientation, True)])
    assert np.array_equal(shown(data), reduced(DEEP))
    assert shown(data, step("resize", width=px(30))).shape == (20, 30, 3)


@pytest.mark.parametrize("name", [*SHALLOW, *ABOUT, *DEEPER])
@pytest.mark.parametrize("form", ["jpeg", "webp", "gif", "avif", "tiff"])
def test_every_mode_is_written_in_every_format(name: str, form: Any):
    data = (SHALLOW | ABOUT | DEEPER)[name][0]
    made = result(data, output=Output(format=form, quality=90))
    wanted = array(result(data).convert("RGBA"))
    seen = wanted[..., 3] == 255
    difference = np.abs(array(made.convert("RGBA")) - wanted)[..., :3]
    assert made.size == SIZE
    assert difference[seen].mean() < 8 if seen.any() else True


@pytest.mark.parametrize(
    "mode",
    ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV", "LAB", "I", "I;16", "F"],
)
def test_every_mode_of_pillow_becomes_one_that_operations_know(mode: str):
    made = to_direct(Image.new(mode, (3, 2)))
    assert made.mode in ("L", "LA", "RGB", "RGBA", "CMYK")
    assert made.size == (3, 2)
    assert (made.mode in ("LA", "RGBA")) == (mode in ("LA", "La", "PA", "RGBA", "RGBa"))


def test_floats_that_are_no_numbers_are_black():
    values = np.array([[np.nan, np.inf, -np.inf, 0.5]], np.float32)
    made = np.asarray(to_direct(Image.fromarray(values)))
    assert made.dtype == np.uint8
    assert made[0, 0] == 0
    assert made[0, 2] == 0
