import random
import struct
from typing import Any

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from processing import animations, chunks
from processing.animations import FOREVER, Animation, avif
from processing.geometry import Size
from tests.gifs import BLUE, CLEAR, COLORS, GREEN, RED, Part, write
from tests.images import decode, encode, noise

SIZE = (24, 16)
KEEP, BACKGROUND, PREVIOUS = range(1, 4)
FULL = [[RED] * 3] * 2


def read(form: str, data: bytes, size: Size = SIZE, count: int | None = None) -> Animation:
    return animations.read(form, data, size, count=count, decode_png=lambda still, _size: decode(still))


def read_gif(*parts: Part, size: Size = (3, 2), **options: Any) -> Animation:
    return read("gif", write(size, parts, **options), size)


def words(image: Image.Image) -> list[str]:
    """The rows of a GIF's frame as letters."""
    letters = {COLORS[RED]: "r", COLORS[GREEN]: "g", COLORS[BLUE]: "b", COLORS[CLEAR]: "."}
    pixels = np.asarray(image.convert("RGBA"))
    return ["".join(letters[tuple(int(value) for value in pixel)] for pixel in row) for row in pixels]


def film(frames: int = 4, mode: str = "RGBA") -> list[Image.Image]:
    return [noise(SIZE, mode=mode, seed=number) for number in range(frames)]


def save(frames: list[Image.Image], form: str, **options: Any) -> bytes:
    return encode(frames[0], form, save_all=True, append_images=frames[1:], **options)


@pytest.mark.parametrize(("disposal", "top"), [(0, "gbb"), (KEEP, "gbb"), (BACKGROUND, "gb."), (PREVIOUS, "gbr")])
def test_what_a_frame_of_a_gif_leaves_behind_is_as_it_says(disposal: int, top: str):
    second = Part([[GREEN, BLUE]], corner=(1, 0), disposal=disposal)
    shown = read_gif(Part(FULL), second, Part([[GREEN, BLUE]])).frames
    assert [words(frame) for frame in shown] == [["rrr", "rrr"], ["rgb", "rrr"], [top, "rrr"]]


def test_a_gif_begins_transparent_where_its_first_frame_is_not():
    made = read_gif(Part([[GREEN]], corner=(1, 1)))
    assert words(made.frames[0]) == ["...", ".g."]
    assert made.frames[0].mode == "RGBA"


def test_transparent_pixels_of_a_gif_show_what_was_there():
    made = read_gif(Part(FULL), Part([[CLEAR, BLUE, CLEAR], [CLEAR] * 3]))
    assert words(made.frames[1]) == ["rbr", "rrr"]
    assert {frame.mode for frame in made.frames} == {"RGB"}


def test_a_frame_of_a_gif_is_cut_off_at_the_edges():
    assert words(read_gif(Part(FULL), Part([[GREEN] * 5] * 5, corner=(2, 1))).frames[1]) == ["rrr", "rrg"]


def test_every_frame_of_a_gif_may_have_its_own_palette():
    other = Part([[RED]], palette=(0, 255, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3))
    assert words(read_gif(Part(FULL), other).frames[1]) == ["grr", "rrr"]


def test_a_gif_of_random_parts_is_shown_as_another_decoder_shows_it():
    source = random.Random(7)
    for _ in range(60):
        size = (source.randint(1, 12), source.randint(1, 9))
        parts = [scatter(source, size, first=number == 0) for number in range(source.randint(1, 5))]
        data = write(size, parts)
        mine = np.stack([np.asarray(frame.convert("RGBA")) for frame in read("gif", data, size).frames])
        assert np.array_equal(without_hidden(mine), without_hidden(shown_by_vips(data, mine.shape)))


def scatter(source: random.Random, size: Size, *, first: bool) -> Part:
    width, height = size if first else (source.randint(1, size[0]), source.randint(1, size[1]))
    corner = source.randint(0, size[0] - width), source.randint(0, size[1] - height)
    pixels = [[source.randrange(4) for _ in range(width)] for _ in range(height)]
    return Part(pixels, corner, disposal=source.randrange(4))


def shown_by_vips(data: bytes, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    image = pyvips.Image.gifload_buffer(data, n=-1)
    whole = image if image.bands == 4 else image.bandjoin(255)
    return np.frombuffer(whole.write_to_memory(), np.uint8).reshape(shape)


def without_hidden(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pixels without the colours of what is transparent."""
    return np.where(pixels[..., 3:] > 0, pixels, 0)


@pytest.mark.parametrize(("repeats", "plays"), [(None, 1), (0, FOREVER), (1, 2), (65535, 65536)])
def test_a_gif_is_played_once_more_than_it_says_that_it_repeats(repeats: int | None, plays: int):
    assert read_gif(Part(FULL), repeats=repeats).plays == plays


def test_a_control_block_of_a_gif_speaks_of_the_next_frame_alone():
    data = write((3, 2), [Part(FULL, hundredths=7), Part(FULL, hundredths=0)])
    start = data.rindex(b"!\xf9\x04")
    assert read("gif", data[:start] + data[start + 8 :], (3, 2)).durations_ms == (70, 0)


def test_a_gif_that_ends_within_a_frame_is_broken_and_one_without_an_end_is_not():
    data = write((3, 2), [Part(FULL), Part(FULL)])
    assert len(read("gif", data[:-1], (3, 2)).frames) == 2
    with pytest.raises(OSError, match="truncated"):
        read("gif", data[:-5], (3, 2))


@pytest.mark.parametrize("blend", list(PngImagePlugin.Blend))
@pytest.mark.parametrize("disposal", list(PngImagePlugin.Disposal))
def test_frames_of_a_png_are_laid_over_or_take_the_place_as_they_say(blend: Any, disposal: Any):
    """By the formula of source-over, on whole frames."""
    frames = film(3)
    data = save(frames, "PNG", duration=40, blend=[0, blend, blend], disposal=[0, disposal, 0])
    made = read("png", data)
    below = {0: made.frames[1], 1: Image.new("RGBA", SIZE), 2: made.frames[0]}[disposal]
    for shown, under, frame in ((made.frames[1], frames[0], frames[1]), (made.frames[2], below, frames[2])):
        expected = lay_over(under, frame) if blend else np.asarray(frame, np.float64)
        assert np.abs(np.asarray(shown) - expected).max() <= 1.5


def lay_over(below: Image.Image, above: Image.Image) -> NDArray[np.float64]:
    under, over = (np.asarray(image, np.float64) for image in (below, above))
    a, b = over[..., 3:] / 255, under[..., 3:] / 255
    alpha = a + b * (1 - a)
    colors = (over[..., :3] * a + under[..., :3] * b * (1 - a)) / np.where(alpha, alpha, 1)
    return np.concatenate([colors, alpha * 255], axis=-1)


def test_the_still_picture_of_a_png_is_no_frame_when_it_is_told_apart():
    frames = film(3)
    data = save(frames, "PNG", duration=40, default_image=True)
    made = read("png", data)
    assert [frame.tobytes() for frame in made.frames] == [frame.tobytes() for frame in frames[1:]]


@pytest.mark.parametrize(("delay", "per", "milliseconds"), [(1, 4, 250), (3, 0, 30), (0, 9, 0), (1, 3, 333)])
def test_a_delay_in_a_png_is_a_fraction_of_a_second(delay: int, per: int, milliseconds: int):
    assert read("png", with_control(delay=delay, per=per)).durations_ms[0] == milliseconds


@pytest.mark.parametrize("place", [{"x": 1}, {"y": 1}, {"width": 0}, {"height": 1 << 31}])
def test_a_frame_of_a_png_that_reaches_beyond_the_picture_is_refused(place: dict[str, int]):
    with pytest.raises(ValueError, match="beyond"):
        read("png", with_control(**place))


def with_control(
    *, width: int = SIZE[0], height: int = SIZE[1], x: int = 0, y: int = 0, delay: int = 1, per: int = 1
) -> bytes:
    """An animated PNG whose first frame says this."""
    data = save(film(2), "PNG", duration=40)
    body = struct.pack(">IIIIIHHBB", 0, width, height, x, y, delay, per, 0, 0)
    start = data.index(b"fcTL") - 4
    return data[:start] + chunks.make(b"fcTL", body) + data[start + len(body) + 12 :]


@pytest.mark.parametrize("form", ["PNG", "WEBP", "AVIF", "GIF"])
def test_durations_are_read_in_milliseconds(form: str):
    durations = [50, 120, 1000, 70]
    made = read(form.lower(), save(film(mode="RGB"), form, duration=durations, loop=0))
    assert made.durations_ms == tuple(durations)
    assert made.plays == FOREVER


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_so_many_plays_are_read(form: str):
    assert read(form.lower(), save(film(), form, duration=40, loop=3)).plays == 3


@pytest.mark.parametrize("form", ["PNG", "WEBP", "AVIF", "GIF"])
def test_no_more_frames_are_read_than_are_asked_for(form: str):
    assert len(read(form.lower(), save(film(), form, duration=40), count=2).frames) == 2


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("plays", [1, 2, 7, FOREVER])
def test_how_often_an_avif_is_played_is_written_and_read(plays: int, mode: str):
    data = avif.write_plays(save(film(mode=mode), "AVIF", duration=[30, 40, 50, 60]), plays)
    made = read("avif", data)
    assert (made.plays, made.durations_ms, len(made.frames)) == (plays, (30, 40, 50, 60), 4)
    assert made.frames[0].mode == mode


def test_an_avif_does_not_tell_when_it_was_written():
    first, second = (avif.write_plays(save(film(), "AVIF", duration=40), FOREVER) for _ in range(2))
    assert first == second
    assert b"mvhd\1\0\0\0" + bytes(16) in first
