"""How results are written: format, quality, transparency, orientation, profile, metadata."""

import io
from pathlib import Path

import numpy as np
import pytest
from django.test import Client
from PIL import Image, ImageCms

from tests.dialects.slashed.calls import create, run
from tests.dialects.slashed.results import make, open_result, read_result, state
from tests.images import animated, encode, noise, ramps, turned

pytestmark = [pytest.mark.django_db]

PNG_SOURCE, JPEG_SOURCE = "/watermark.png", "/480x360/1.jpg"
FORMATS = [
    ("/out/1.jpg", "JPEG"),
    ("/out/1.jpeg", "JPEG"),
    ("/out/1.JPG", "JPEG"),
    ("/out/1.png", "PNG"),
    ("/out/1.PnG", "PNG"),
    ("/out/1.webp", "WEBP"),
    ("/out/1.gif", "GIF"),
    ("/out/1.avif", "AVIF"),
    ("/out/1.tif", "TIFF"),
    ("/out/1.tiff", "TIFF"),
    ("/out.gif/1.png", "PNG"),
    ("/out/1.png.jpg", "JPEG"),
]


def write(client: Client, folder: Path, jobs: dict[str, object], *, source: str = JPEG_SOURCE) -> dict[str, bytes]:
    """The files of a process that wrote each destination in this quality."""
    sent = [{"destination": destination, "quality": quality} for destination, quality in jobs.items()]
    job = run(create(client, source=source, jobs=sent))
    assert state(client, job) == "FINISHED"
    return {destination: read_result(folder, destination) for destination in jobs}


@pytest.mark.parametrize("source", [PNG_SOURCE, JPEG_SOURCE])
def test_the_extension_of_the_destination_is_the_format(client: Client, shop: Path, source: str) -> None:
    jobs = {destination: 70 for destination, _ in FORMATS}
    files = write(client, shop, jobs, source=source)
    found = {destination: Image.open(io.BytesIO(data)).format for destination, data in files.items()}
    assert found == dict(FORMATS)


@pytest.mark.parametrize("destination", ["/out/picture", "/out/picture.xyz", "/out/picture.", "/out.jpg/picture"])
@pytest.mark.parametrize(("source", "form"), [(PNG_SOURCE, "PNG"), (JPEG_SOURCE, "JPEG")])
def test_without_a_known_extension_a_result_keeps_its_source_s_format(
    client: Client, shop: Path, source: str, form: str, destination: str
) -> None:
    (data,) = write(client, shop, {destination: 70}, source=source).values()
    assert Image.open(io.BytesIO(data)).format == form


@pytest.mark.parametrize("extension", ["jpg", "webp", "avif"])
def test_more_quality_is_more_bytes_and_0_is_no_default(client: Client, shop: Path, extension: str) -> None:
    (shop / "noise.png").write_bytes(encode(noise((200, 150))))
    jobs = {f"/out/{quality}.{extension}": quality for quality in (0, "1", 70, 100)}
    sizes = [len(data) for data in write(client, shop, jobs, source="noise.png").values()]
    assert sizes[0] <= sizes[1] < sizes[2] < sizes[3]
    assert sizes[0] < sizes[2] / 2


def test_the_default_quality_is_70_as_a_number_or_a_string(client: Client, shop: Path) -> None:
    jobs = {"/out/none.jpg": None, "/out/number.jpg": 70, "/out/text.jpg": "70", "/out/less.jpg": 69}
    default, *same, less = write(client, shop, jobs).values()
    assert [data == default for data in same] == [True, True]
    assert less != default


@pytest.mark.parametrize("extension", ["png", "gif"])
def test_formats_without_a_quality_ignore_it(client: Client, shop: Path, extension: str) -> None:
    jobs = {f"/out/{quality}.{extension}": quality for quality in (0, 70, 100)}
    assert len(set(write(client, shop, jobs).values())) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_source_is_put_upright(client: Client, shop: Path, orientation: int) -> None:
    (shop / "turned.jpg").write_bytes(turned(ramps((60, 40)), orientation))
    made = make(client, shop, source="turned.jpg")
    assert made.size == (60, 40)
    difference = np.abs(np.asarray(made.convert("RGB")).astype(int) - np.asarray(ramps((60, 40))))
    assert difference.mean() < 3


def test_a_per_cent_of_a_turned_source_is_one_of_the_upright_picture(client: Client, shop: Path) -> None:
    (shop / "turned.jpg").write_bytes(turned(ramps((600, 400)), 6))
    assert make(client, shop, {"type": "resize", "width": "10%"}, source="turned.jpg").size == (60, 40)


@pytest.mark.parametrize("destination", ["/out/1.jpg", "/out/1.png", "/out/1.webp"])
def test_metadata_is_dropped_and_the_colour_profile_kept(client: Client, shop: Path, destination: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010E] = "a secret description"
    exif[0x0112] = 6
    source = encode(ramps((60, 40)), "JPEG", exif=exif, icc_profile=profile, comment=b"a secret comment")
    (shop / "told.jpg").write_bytes(source)
    make(client, shop, source="told.jpg", destination=destination)
    data = read_result(shop, destination)
    made = Image.open(io.BytesIO(data))
    assert made.info["icc_profile"] == profile
    assert b"secret" not in data
    assert not made.getexif()


def test_transparent_pixels_are_laid_over_white_in_a_jpeg(client: Client, shop: Path) -> None:
    made = make(client, shop, source=PNG_SOURCE, destination="/out/1.jpg")
    assert made.mode == "RGB"
    assert all(value > 245 for value in made.getpixel((0, 100)))
    kept = make(client, shop, source=PNG_SOURCE, destination="/out/1.png")
    assert kept.getpixel((0, 100))[3] == 0


@pytest.mark.parametrize(
    ("destination", "source", "corner"),
    [
        ("/out/1.jpg", "opaque.png", (0, 0, 0)),
        ("/out/1.jpg", "opaque.jpg", (0, 0, 0)),
        ("/out/1", "opaque.jpg", (0, 0, 0)),
        ("/out/1.png", "opaque.png", None),
        ("/out/1.webp", "opaque.jpg", None),
        ("/out/1", "opaque.png", None),
    ],
)
def test_corners_are_black_in_a_jpeg_and_transparent_elsewhere(
    client: Client, shop: Path, destination: str, source: str, corner: tuple[int, ...] | None
) -> None:
    (shop / "opaque.png").write_bytes(encode(Image.new("RGB", (60, 60), "white")))
    (shop / "opaque.jpg").write_bytes(encode(Image.new("RGB", (60, 60), "white"), "JPEG"))
    made = make(client, shop, {"type": "rotate", "degrees": 45}, source=source, destination=destination)
    assert made.size == (85, 85)
    found = made.getpixel((1, 1))
    if corner is None:
        assert found[3] == 0
    else:
        assert all(abs(value - wanted) < 12 for value, wanted in zip(found, corner, strict=True))
    assert made.convert("RGB").getpixel((42, 42)) == (255, 255, 255)


def test_a_transparent_source_turned_into_a_jpeg_has_black_corners_and_white_where_it_was_clear(
    client: Client, shop: Path
) -> None:
    (shop / "clear.png").write_bytes(encode(Image.new("RGBA", (60, 60), (255, 0, 0, 0))))
    made = make(client, shop, {"type": "rotate", "degrees": 45}, source="clear.png", destination="/out/1.jpg")
    assert max(made.getpixel((1, 1))) < 12
    assert min(made.getpixel((42, 42))) > 243


@pytest.mark.parametrize(("extension", "frames"), [("gif", 3), ("webp", 3), ("png", 3), ("avif", 3), ("jpg", 1)])
def test_an_animation_keeps_its_pictures_where_the_format_has_them(
    client: Client, shop: Path, extension: str, frames: int
) -> None:
    (shop / "film.gif").write_bytes(animated((40, 30)))
    made = make(client, shop, source="film.gif", destination=f"/out/film.{extension}")
    assert (made.size, getattr(made, "n_frames", 1)) == ((40, 30), frames)


@pytest.mark.parametrize("extension", ["gif", "png", "webp", "avif", "tiff"])
def test_what_is_transparent_stays_so_where_the_format_can(client: Client, shop: Path, extension: str) -> None:
    picture = Image.new("RGBA", (40, 30))
    picture.paste(ramps((20, 10)), (10, 10))
    (shop / "block.png").write_bytes(encode(picture))
    made = make(client, shop, source="block.png", destination=f"/out/1.{extension}").convert("RGBA")
    assert made.getpixel((0, 0))[3] == 0
    assert made.getpixel((20, 15))[3] == 255


def test_nothing_but_the_destinations_appears_in_the_storage(client: Client, shop: Path) -> None:
    before = {path for path in shop.rglob("*") if path.is_file()}
    write(client, shop, {"/out/a.jpg": 70, "/out/deep/b.png": 70})
    after = {path for path in shop.rglob("*") if path.is_file()}
    assert after - before == {shop / "out/a.jpg", shop / "out/deep/b.png"}


def test_a_destination_of_the_longest_name_is_written(client: Client, shop: Path) -> None:
    destination = "/".join(["x" * 200] * 4) + "/1.png"
    assert make(client, shop, destination=destination).size == (480, 360)
    assert open_result(shop, destination).format == "PNG"
