from typing import Any

import numpy as np
import pytest
from PIL import Image

from processing.formats import Output
from tests.images import encode, ramps, swapped_profile
from tests.processing.chains import PNG, losses, result, step

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
