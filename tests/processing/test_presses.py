"""Results for a press, read back by two programs."""

import io
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms
from skimage import data

from processing import presses
from processing.child import Child
from processing.formats import Output
from processing.limits import Limits
from processing.pipeline import Variant
from tests.images import decode, encode, film, noise, see_through
from tests.processing.chains import losses, process, variant
from tests.processing.running import array
from tests.profiles import cmyk_profile, differ, lab_of

PHOTO = Image.fromarray(data.coffee()).resize((120, 80)).point(lambda value: 40 + value * 3 // 5)
"""Soft colours, which any press can print."""

JPEG = Output(format="jpeg", profile="cmyk", quality=95)
OUTPUTS = {
    "jpeg": JPEG,
    "jpeg that is shown coarsely first": Output(format="jpeg", profile="cmyk", quality=95, progressive=True),
    "tiff": Output(format="tiff", profile="cmyk"),
    "lossy tiff": Output(format="tiff", profile="cmyk", lossless=False, quality=95),
}


INTENT, BLACK = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
BY_VIPS = {"embedded": True, "intent": "relative", "black_point_compensation": True}


def write(image: Image.Image, output: Output) -> bytes:
    encoded = process(encode(image), variant(output=output)).outcomes[0].encoded
    assert encoded is not None
    return encoded.data


def by_pillow(data: bytes) -> Image.Image:
    """The colours that Pillow with lcms shows."""
    image = decode(data)
    profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    how = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), "CMYK", "RGB", INTENT, BLACK)
    made = ImageCms.applyTransform(image, how)
    assert made is not None
    return made


def by_vips(data: bytes) -> Image.Image:
    """The colours that libvips shows."""
    image = pyvips.Image.new_from_buffer(data, "").icc_transform("srgb", **BY_VIPS)
    return Image.frombytes("RGB", (image.width, image.height), image.write_to_memory())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder that profiles are looked for in."""
    monkeypatch.setattr(presses, "FOLDERS", (tmp_path / "own", tmp_path))
    (tmp_path / "own").mkdir()
    return tmp_path


# --- What is written -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
@pytest.mark.parametrize("show", [by_pillow, by_vips])
def test_other_programs_show_the_colours_of_the_picture(output: Output, show):
    shown = show(write(PHOTO, output))
    assert shown.size == PHOTO.size
    assert differ(lab_of(shown), lab_of(PHOTO)).mean() < 2


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
def test_programs_agree_on_the_inks(output: Output):
    data = write(PHOTO, output)
    image = pyvips.Image.new_from_buffer(data, "")
    inks = np.frombuffer(image.write_to_memory(), np.uint8).reshape(image.height, image.width, 4)
    assert decode(data).mode == "CMYK"
    assert np.abs(array(decode(data)) - inks).max() <= 2


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
def test_paper_takes_no_ink_and_black_takes_much(output: Output):
    image = Image.new("RGB", (64, 32), "white")
    image.paste((0, 0, 0), (32, 0, 64, 32))
    inks = array(decode(write(image, output)))
    assert inks[16, 8].max() <= 3
    assert inks[16, 56, 3] > 150
    assert inks[16, 56].sum() > 350


def test_no_ink_is_stored_coarser_than_the_others():
    image = decode(write(PHOTO, Output(format="jpeg", profile="cmyk", quality=60, subsampling="4:2:0")))
    assert {layer[1:3] for layer in image.layer} == {(1, 1)}


@pytest.mark.parametrize("quality", [90, 100])
def test_pure_noise_finds_room(quality: int):
    assert decode(write(noise((300, 200)), Output(format="jpeg", profile="cmyk", quality=quality))).size == (300, 200)


@pytest.mark.parametrize("output", [JPEG, Output(format="tiff", profile="cmyk")], ids=["jpeg", "tiff"])
def test_transparency_is_laid_over_the_background(output: Output):
    image = see_through((64, 48))
    assert losses(encode(image), output=output) == ["alpha_flattened"]
    assert array(decode(write(image, output)))[:, :2].max() <= 6


def test_of_a_film_the_first_frame_is_printed():
    encoded = process(film((60, 40)), variant(output=JPEG)).outcomes[0].encoded
    assert encoded is not None
    assert decode(encoded.data).mode == "CMYK"


@pytest.mark.parametrize("form", ["png", "webp", "avif"])
def test_formats_without_inks_are_srgb_and_say_so(form):
    image = decode(write(PHOTO, Output(format=form, profile="cmyk", lossless=None)))
    assert image.mode == "RGB"
    assert b"sRGB" in image.info["icc_profile"].replace(b"\0", b"")


def test_a_target_of_bytes_counts_the_profile():
    encoded = process(encode(PHOTO), variant(output=JPEG.model_copy(update={"target_bytes": 1000}))).outcomes[0].encoded
    assert encoded is not None
    assert "target_missed" in [loss.code for loss in encoded.losses]


def test_the_locked_process_prints_too():
    child = Child(memory_bytes=1 << 30)
    try:
        made = child.run(encode(PHOTO), [Variant((), JPEG)], limits=Limits(), assets={}, seconds=60)
    finally:
        child.close()
    encoded = made.outcomes[0].encoded
    assert encoded is not None
    assert encoded.data == write(PHOTO, JPEG)


# --- Which press ---------------------------------------------------------------------------------------------------

NAMED = Output(format="jpeg", profile="cmyk", press="iso_coated")


def embedded(output: Output) -> bytes:
    profile: bytes = decode(write(PHOTO, output)).info["icc_profile"]
    return profile


def another_profile() -> bytes:
    """The general one, told from it by its time."""
    return presses.read_general()[:24] + b"\x07\xd0" + presses.read_general()[26:]


def test_a_press_that_is_not_installed_is_stood_in_for_and_reported(folder: Path):
    assert losses(encode(PHOTO), output=NAMED) == ["press_missing"]
    assert embedded(NAMED) == presses.read_general()


def test_the_general_press_is_always_there(folder: Path):
    assert losses(encode(PHOTO), output=JPEG) == []
    assert b"Chemical proof" in embedded(JPEG)


@pytest.mark.parametrize("name", ["FOGRA39L_coated.icc", "deeper/ISOcoated_v2_eci.ICC"])
def test_a_press_is_found_by_the_names_of_its_files(folder: Path, name: str):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(another_profile())
    assert losses(encode(PHOTO), output=NAMED) == []
    assert embedded(NAMED) == another_profile()
    assert presses.find("us_web_coated") is None


def test_the_administrators_own_folder_goes_first(folder: Path):
    (folder / "FOGRA39L_coated.icc").write_bytes(presses.read_general())
    (folder / "own" / "ISOcoated_v2_eci.icc").write_bytes(another_profile())
    assert presses.find("iso_coated") == another_profile()


@pytest.mark.parametrize(
    "data", [b"", b"no profile", cmyk_profile(), bytes(6_000_000)], ids=["empty", "text", "one way", "long"]
)
def test_files_that_cannot_be_printed_with_are_passed_over(folder: Path, data: bytes):
    (folder / "own" / "FOGRA39L_coated.icc").write_bytes(data)
    assert presses.find("iso_coated") is None
    (folder / "FOGRA39L_coated.icc").write_bytes(another_profile())
    assert presses.find("iso_coated") == another_profile()


def test_a_printed_source_is_converted_by_way_of_srgb_and_reported():
    source = encode(PHOTO.convert("CMYK"), "JPEG", quality=95)
    assert losses(source, output=JPEG) == ["profile_converted"]


def test_every_file_name_is_in_the_documentation():
    page = Path(presses.__file__).with_name("detectors").joinpath("README.md").read_text().lower()
    assert [name for names in presses.NAMES.values() for name in names if f"`{name}.icc`" not in page] == []
