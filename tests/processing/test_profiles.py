from typing import Any

import numpy as np
import pytest
from PIL import Image

from processing import profiles
from processing.formats import Output
from tests.images import decode, encode, ramps, swapped_profile
from tests.processing.chains import PNG, losses, photo, process, result, step, variant
from tests.profiles import (
    DISPLAY_P3,
    INKS,
    cmyk_profile,
    curved,
    differ,
    grey_profile,
    in_p3,
    lab_of,
    print_inks,
    rgb_profile,
)

SIZE = (100, 80)
RED, GREEN = (255, 0, 0), (0, 255, 0)


def close(color: Any, expected: tuple[int, int, int]) -> bool:
    return bool(np.abs(np.array(color[:3]) - expected).max() <= 2)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_colours_are_worked_on_in_srgb(mode: str):
    """Red of a device whose red is green."""
    data = encode(Image.new(mode, SIZE, RED), icc_profile=swapped_profile())
    made = result(data)
    assert close(made.getpixel((0, 0)), GREEN)
    assert "icc_profile" not in made.info
    assert losses(data) == ["profile_converted"]


@pytest.mark.parametrize("form", ["png", "webp", "tiff"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_sources_profile_is_kept_when_asked_for(form: Any, mode: str):
    data = encode(Image.new(mode, SIZE, (*RED, 200)[: len(mode)]), icc_profile=swapped_profile())
    output = Output(format=form, quality=100, profile="source")
    made = result(data, output=output)
    assert made.mode == mode
    assert close(made.getpixel((0, 0)), RED)
    assert made.info["icc_profile"] == swapped_profile()
    assert losses(data, output=output) == []


def test_a_step_between_sees_srgb_though_the_profile_is_kept():
    data = encode(Image.new("RGB", SIZE, RED), icc_profile=swapped_profile())
    add_green = step("colorize", red=0, green=0, blue=255)
    assert close(result(data, add_green).getpixel((0, 0)), (0, 255, 255))
    kept = result(data, add_green, output=PNG.model_copy(update={"profile": "source"}))
    assert close(kept.getpixel((0, 0)), (255, 0, 255))


def test_a_profile_that_is_no_profile_is_ignored():
    made = result(encode(Image.new("RGB", SIZE, RED), icc_profile=b"nothing like a profile" * 10))
    assert made.getpixel((0, 0)) == RED
    assert "icc_profile" not in made.info


def test_a_picture_without_a_profile_gets_none():
    assert "icc_profile" not in result(encode(ramps(SIZE)), output=PNG.model_copy(update={"profile": "source"})).info


def swatches() -> Image.Image:
    """Colours from all over sRGB, at random."""
    return Image.fromarray(np.random.default_rng(5).integers(0, 256, (60, 80, 3), dtype=np.uint8))


@pytest.mark.parametrize("make", [swatches, photo])
def test_wide_colours_look_the_same_in_srgb(make: Any):
    image = make()
    made = result(encode(in_p3(image), icc_profile=rgb_profile("p3")))
    difference = differ(lab_of(made), lab_of(image))
    assert difference.mean() < 0.5
    assert np.percentile(difference, 99) < 2


@pytest.mark.parametrize("make", [swatches, photo])
@pytest.mark.parametrize("form", ["png", "tiff"])
def test_colours_of_srgb_survive_the_way_to_it_and_back(make: Any, form: Any):
    image = in_p3(make())
    data = encode(image, icc_profile=rgb_profile("p3"))
    output = Output(format=form, profile="source")
    made = result(data, output=output)
    assert differ(lab_of(made, DISPLAY_P3), lab_of(image, DISPLAY_P3)).mean() < 1
    assert made.info["icc_profile"] == rgb_profile("p3")
    assert losses(data, output=output) == []


def test_colours_beyond_srgb_become_the_nearest_that_it_has():
    assert close(result(encode(Image.new("RGB", SIZE, GREEN), icc_profile=rgb_profile("p3"))).getpixel((0, 0)), GREEN)


@pytest.mark.parametrize("form", ["jpeg", "webp", "avif", "png", "tiff"])
def test_a_profile_is_kept_in_every_format_that_has_profiles(form: Any):
    data = encode(photo(), icc_profile=rgb_profile("adobe"))
    made = result(data, output=Output(format=form, quality=95, profile="source"))
    assert made.info["icc_profile"] == rgb_profile("adobe")
    assert np.abs(np.asarray(made.convert("RGB")).astype(int) - np.asarray(photo())).mean() < 3


def test_a_format_that_cannot_name_a_profile_is_in_srgb():
    data = encode(Image.new("RGB", SIZE, RED), icc_profile=swapped_profile())
    output = Output(format="gif", profile="source")
    assert close(result(data, output=output).convert("RGB").getpixel((0, 0)), GREEN)
    assert losses(data, output=output) == ["profile_converted"]


def test_a_lossless_avif_has_the_profile_too():
    image = in_p3(photo().crop((0, 0, 96, 64)))
    data = encode(image, icc_profile=rgb_profile("p3"))
    made = result(data, output=Output(format="avif", lossless=True, profile="source"))
    assert made.info["icc_profile"] == rgb_profile("p3")
    assert differ(lab_of(made, DISPLAY_P3), lab_of(image, DISPLAY_P3)).mean() < 1


def test_a_profile_that_says_what_srgb_says_changes_nothing():
    data = encode(ramps(SIZE), icc_profile=rgb_profile("srgb"))
    assert result(data).tobytes() == ramps(SIZE).tobytes()
    assert losses(data) == []


@pytest.mark.parametrize("form", ["jpeg", "webp", "avif", "png", "tiff"])
def test_srgb_is_named_when_asked_for_by_the_same_bytes_each_time(form: Any):
    output = Output(format=form, profile="embedded_srgb")
    first, second = (process(encode(ramps(SIZE)), variant(output=output)).outcomes[0].encoded for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.data == second.data
    profile = decode(first.data).info["icc_profile"]
    assert profile == profiles.write_srgb()
    assert not profiles.differs(profile)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF"])
def test_grey_is_what_its_profile_says(form: str):
    """Of light in a straight line."""
    data = encode(Image.linear_gradient("L"), form, icc_profile=grey_profile(1.0))
    expected = curved(np.asarray(decode(data)) / 255) * 255
    assert np.abs(np.asarray(result(data)) - expected[..., np.newaxis]).max() <= 1
    assert losses(data) == ["profile_converted"]


def test_grey_with_alpha_and_deep_grey_are_what_their_profile_says():
    clear = Image.merge("LA", [Image.new("L", SIZE, 128), Image.new("L", SIZE, 77)])
    assert result(encode(clear, icc_profile=grey_profile(1.0))).getpixel((0, 0)) == (188, 188, 188, 77)
    deep = Image.fromarray(np.full((8, 9), 128 * 257, np.uint16))
    assert result(encode(deep, icc_profile=grey_profile(1.0))).getpixel((0, 0)) == (188, 188, 188)


@pytest.mark.parametrize("mode", ["RGB", "P", "CMYK"])
def test_a_profile_for_other_pixels_is_ignored(mode: str):
    image = Image.new("RGB", SIZE, RED).convert(mode)
    form = "JPEG" if mode == "CMYK" else "PNG"
    data = encode(image, form, icc_profile=grey_profile(1.0))
    assert close(result(data).getpixel((0, 0)), RED)
    output = PNG.model_copy(update={"profile": "source"})
    assert "icc_profile" not in result(data, output=output).info


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_inks_are_what_their_profile_says(form: str):
    inks = np.random.default_rng(3).integers(0, 256, (8, 8, 4), dtype=np.uint8)
    image = Image.fromarray(inks, "CMYK").resize((64, 64), Image.Resampling.NEAREST)
    options = {"quality": 100, "subsampling": 0} if form == "JPEG" else {}
    data = encode(image, form, icc_profile=cmyk_profile(), **options)
    expected = Image.fromarray((print_inks(np.asarray(image) / 255) * 255).round().astype(np.uint8))
    assert differ(lab_of(result(data)), lab_of(expected)).mean() < 1
    assert losses(data) == ["profile_converted"]


def test_a_layer_of_cyan_is_not_the_cyan_of_a_screen():
    image = Image.new("CMYK", SIZE, (255, 0, 0, 0))
    ink = tuple(round(part * 255) for part in INKS[0])
    assert close(result(encode(image, "TIFF", icc_profile=cmyk_profile())).getpixel((0, 0)), ink)
    assert close(result(encode(image, "TIFF")).getpixel((0, 0)), (0, 255, 255))


def ink_patches() -> Image.Image:
    image = Image.new("CMYK", (64, 16))
    for number, inks in enumerate([(255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 255, 0), (0, 0, 0, 255)]):
        image.paste(inks, (16 * number, 0, 16 * number + 16, 16))
    return image


def check_patches(data: bytes) -> None:
    made = result(data)
    assert close(made.getpixel((8, 8)), (0, 255, 255))
    assert close(made.getpixel((24, 8)), (255, 0, 255))
    assert close(made.getpixel((40, 8)), (255, 255, 0))
    assert close(made.getpixel((56, 8)), (0, 0, 0))


def test_inks_of_a_jpeg_are_not_taken_for_light_whether_or_not_adobe_is_named():
    data = encode(ink_patches(), "JPEG", quality=100)
    start = data.index(b"Adobe") - 4
    assert data[start : start + 2] == b"\xff\xee"
    check_patches(data)
    check_patches(data[:start] + data[start + 16 :])


def test_inks_that_a_jpeg_keeps_as_brightness_and_two_colours_are_read():
    *colors, black = ink_patches().split()
    stored = [band.point(lambda value: 255 - value) for band in Image.merge("RGB", colors).convert("YCbCr").split()]
    data = encode(Image.merge("CMYK", [*stored, black]), "JPEG", quality=100, subsampling=0)
    mark = data.index(b"Adobe") + 11
    assert data[mark] == 0
    check_patches(data[:mark] + b"\2" + data[mark + 1 :])
