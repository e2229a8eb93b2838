"""Animations from one format to another: every frame, for as long, as often."""

import io
from typing import Any

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageSequence

from processing.animations import FOREVER
from processing.base import Step
from processing.decoders import load
from processing.encoders import encode as write
from processing.errors import TooManyFramePixels, TooManyFrames
from processing.formats import Output
from processing.limits import Limits
from processing.picture import Picture
from tests import gifs
from tests.gifs import BLUE, CLEAR, GREEN, RED, Part
from tests.images import encode, noise, ramps, see_through
from tests.processing.chains import LIMITS, losses, photo, process, step, variant
from tests.processing.running import array, per_cent, px

MOVING: list[Any] = ["gif", "png", "webp", "avif"]
SIZE = (60, 40)
DURATIONS = (50, 120, 1000, 70)
EXACT = {"webp": Output(format="webp", lossless=True), "png": Output(format="png"), "gif": Output(format="gif")}


def film(frames: int = 4, mode: str = "RGB") -> list[Image.Image]:
    """A window that moves over a photo, or a shape over nothing, its edges soft."""
    if mode == "RGB":
        return [photo().crop((20 * number, 0, 20 * number + SIZE[0], SIZE[1])) for number in range(frames)]
    mask = see_through(SIZE)
    return [mask.rotate(180 * (number % 2)).crop((0, 0, *SIZE)) for number in range(frames)]


def few_colors(frames: int = 4) -> list[Image.Image]:
    """A square of red and blue that moves over a ground of a hundred colours."""
    ground = noise((10, 10)).resize(SIZE, Image.Resampling.NEAREST)
    made = [ground.copy() for _ in range(frames)]
    for number, frame in enumerate(made):
        frame.paste((255, 0, 0), (10 * number, 5, 10 * number + 10, 25))
        frame.paste((0, 0, 255), (10 * number, 25, 10 * number + 10, 30))
    return made


def save(frames: list[Image.Image], form: str = "webp", **options: Any) -> bytes:
    usual: dict[str, Any] = {"duration": list(DURATIONS[: len(frames)]), "loop": 0}
    exact = {"lossless": True, "exact": True} if form == "webp" else {}
    return encode(frames[0], form.upper(), save_all=True, append_images=frames[1:], **(usual | exact | options))


def run(data: bytes, output: Output, *steps: Step) -> Picture:
    """What a viewer sees of the result."""
    encoded = process(data, variant(*steps, output=output)).outcomes[0].encoded
    assert encoded is not None
    return load(encoded.data, LIMITS, animated=True)


def shown(picture: Picture) -> Any:
    """All frames as one array; what cannot be seen has no colour."""
    made = np.stack([np.asarray(frame.convert("RGBA")).astype(int) for frame in picture.frames])
    return np.where(made[..., 3:] > 0, made, 0)


@pytest.mark.parametrize("form", MOVING)
@pytest.mark.parametrize("source", MOVING)
@pytest.mark.parametrize("plays", [FOREVER, 3])
def test_frames_durations_and_plays_are_kept_from_format_to_format(source: str, form: str, plays: int):
    first = process(save(film(), loop=plays), variant(output=Output(format=source))).outcomes[0].encoded  # type: ignore[arg-type]
    assert first is not None
    made = run(first.data, Output(format=form, quality=90))  # type: ignore[arg-type]
    assert (made.durations_ms, made.plays, made.source.frames) == (DURATIONS, plays, 4)
    for frame, expected in zip(made.frames, film(), strict=True):
        assert np.abs(array(frame) - array(expected)).mean() < 8


@pytest.mark.parametrize("form", MOVING)
def test_an_animation_that_is_played_once_is_played_once(form: Any):
    data = gifs.write((3, 2), [Part([[RED] * 3] * 2), Part([[GREEN] * 3] * 2)])
    assert run(data, Output(format=form)).plays == 1


@pytest.mark.parametrize("form", ["webp", "png"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_lossless_animations_are_exact(form: str, mode: str):
    data = save(film(mode=mode))
    made = run(data, EXACT[form])
    assert np.array_equal(shown(made), shown(load(data, LIMITS, animated=True)))


def test_few_colours_are_exact_in_a_gif_too():
    made = run(save(few_colors()), EXACT["gif"])
    assert np.array_equal(shown(made), shown(load(save(few_colors()), LIMITS, animated=True)))
    assert losses(save(few_colors()), output=EXACT["gif"]) == []


def test_256_colours_are_exact_in_a_still_gif_and_257_are_nearly_so():
    colors = np.arange(257 * 3).reshape(-1, 3) * 7 % 256
    few = Image.fromarray(np.repeat(colors[np.newaxis, :256], 3, axis=0).astype(np.uint8))
    assert np.array_equal(shown(run(encode(few), EXACT["gif"]))[0, ..., :3], np.asarray(few))
    colors[256] = 255
    many = Image.fromarray(np.repeat(colors[np.newaxis], 3, axis=0).astype(np.uint8))
    assert 0 < np.abs(shown(run(encode(many), EXACT["gif"]))[0, ..., :3] - np.asarray(many)).mean() < 4


def test_a_gif_with_transparent_places_may_have_255_colours_besides():
    colors = np.arange(255 * 3).reshape(-1, 3) * 7 % 256
    image = Image.fromarray(np.repeat(colors[np.newaxis], 3, axis=0).astype(np.uint8)).convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 9, 1))
    assert np.array_equal(shown(run(encode(image), EXACT["gif"]))[0], shown(load(encode(image), LIMITS))[0])


@pytest.mark.parametrize("form", MOVING)
def test_what_moves_over_nothing_leaves_no_trail(form: Any):
    frames = []
    for number in range(4):
        frame = Image.new("RGBA", SIZE)
        frame.paste((200, 30, 40, 255), (12 * number, 10, 12 * number + 12, 30))
        frames.append(frame)
    for source in ("webp", "png"):
        made = run(save(frames, source), Output(format=form, lossless=True))
        assert np.abs(shown(made) - np.stack([np.asarray(frame) for frame in frames])).max() <= 2


@pytest.mark.parametrize("form", MOVING)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_other_programs_show_the_same_frames(form: Any, mode: str):
    encoded = process(save(film(mode=mode)), variant(output=Output(format=form))).outcomes[0].encoded
    assert encoded is not None
    mine = shown(load(encoded.data, LIMITS, animated=True))
    assert np.array_equal(shown_by_pillow(encoded.data), mine)
    if form in ("gif", "webp"):
        image = getattr(pyvips.Image, f"{form}load_buffer")(encoded.data, n=-1)
        whole = image if image.bands == 4 else image.bandjoin(255)
        theirs = np.frombuffer(whole.write_to_memory(), np.uint8).reshape(mine.shape)
        assert np.array_equal(np.where(theirs[..., 3:] > 0, theirs, 0), mine)
        assert tuple(image.get("delay")) == DURATIONS


def shown_by_pillow(data: bytes) -> Any:
    with Image.open(io.BytesIO(data)) as image:
        made = np.stack([np.asarray(frame.convert("RGBA")).astype(int) for frame in ImageSequence.Iterator(image)])
    return np.where(made[..., 3:] > 0, made, 0)


def test_what_stands_still_does_not_flicker_in_a_dithered_gif():
    frames = [photo().resize((120, 120)) for _ in range(3)]
    for number, frame in enumerate(frames):
        frame.paste((255, 0, 0), (10 * number, 10 * number, 10 * number + 10, 10 * number + 10))
    pixels = shown(run(save(frames), EXACT["gif"]))
    assert np.array_equal(pixels[0, 40:], pixels[1, 40:])
    assert np.array_equal(pixels[0, 40:], pixels[2, 40:])


@pytest.mark.parametrize("form", MOVING)
def test_frames_that_look_alike_are_shown_as_long_together(form: Any):
    one, other = film(2)
    data = save([one, one, other, one], "png", duration=[50, 70, 100, 200], blend=0, disposal=0)
    split = gifs.write((3, 2), [Part([[RED] * 3] * 2, hundredths=n) for n in (5, 7)] + [Part([[BLUE]], hundredths=10)])
    for source, total in ((data, 420), (split, 220)):
        made = run(source, Output(format=form, lossless=True))
        assert sum(made.durations_ms) == total
        assert made.durations_ms[0] == 120


def test_frames_that_are_all_alike_are_a_still_picture_and_nothing_is_lost():
    parts = [Part([[RED] * 3] * 2)] * 3
    made = run(gifs.write((3, 2), parts), EXACT["gif"])
    assert (len(made.frames), made.durations_ms) == (1, ())
    assert losses(gifs.write((3, 2), parts), output=EXACT["gif"]) == []


@pytest.mark.parametrize(("form", "written"), [("gif", (0, 10, 0)), ("png", (0, 10, 0)), ("webp", (0, 10, 0))])
def test_no_delay_stays_no_delay_and_such_frames_are_not_merged(form: str, written: tuple[int, ...]):
    """Viewers show each for 100 ms: two in one would be half as long."""
    parts = [Part([[color] * 3] * 2, hundredths=n) for color, n in ((RED, 0), (GREEN, 1), (BLUE, 0))]
    assert run(gifs.write((3, 2), parts), EXACT[form]).durations_ms == written
    alike = [Part([[RED] * 3] * 2, hundredths=0)] * 2 + [Part([[GREEN] * 3] * 2)]
    if form != "webp":
        assert run(gifs.write((3, 2), alike), EXACT[form]).durations_ms == (0, 0, 100)


@pytest.mark.parametrize("durations", [[33] * 7, [16, 17] * 4, [25, 15, 45, 66], [9, 9, 9]])
def test_rounding_to_hundredths_loses_no_time(durations: list[int]):
    frames = film(len(durations))
    made = run(save(frames, duration=durations), EXACT["gif"])
    assert abs(sum(made.durations_ms) - sum(durations)) <= 10 * sum(each < 20 for each in durations) + 5
    assert all(abs(new - old) <= 10 for new, old in zip(made.durations_ms, durations, strict=True))


def test_a_delay_in_a_gif_is_never_so_short_that_viewers_take_their_time():
    made = run(save(film(), duration=[11, 12, 13, 14]), EXACT["gif"])
    assert min(made.durations_ms) == 20


@pytest.mark.parametrize(("form", "longest"), [("gif", 655_350), ("png", 7_200_000), ("webp", 7_200_000)])
def test_a_very_long_delay_is_kept_as_far_as_the_format_goes(form: str, longest: int):
    data = save(film(2), duration=[7_200_000, 50])
    assert run(data, EXACT[form]).durations_ms == (longest, 50)


def test_an_avif_animation_says_that_it_cannot_be_exact():
    data, output = save(film()), Output(format="avif", lossless=True)
    made = run(data, output)
    assert np.abs(shown(made) - shown(load(data, LIMITS, animated=True))).max() <= 3
    assert losses(data, output=output) == ["lossless_missed"]


@pytest.mark.parametrize("form", ["jpeg", "tiff"])
def test_other_formats_have_the_first_frame_and_say_so(form: Any):
    made = run(save(film()), Output(format=form, quality=90))
    assert np.abs(array(made.frames[0]) - array(film()[0])).mean() < 4
    assert losses(save(film()), output=Output(format=form)) == ["frames_dropped"]


def test_of_a_tiff_the_first_page_is_kept_and_that_is_said():
    pages = [ramps(SIZE), ramps(SIZE).rotate(180)]
    data = encode(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert process(data, variant()).source.frames == 2
    for form in ("png", "tiff", "gif"):
        assert losses(data, output=Output(format=form)) == ["frames_dropped"]  # type: ignore[arg-type]
    assert run(data, EXACT["png"]).frames[0].tobytes() == pages[0].tobytes()


def test_variants_of_one_film_may_keep_it_or_its_first_frame():
    half = step("resize", width=per_cent(50))
    outputs = [EXACT["gif"], Output(format="jpeg"), EXACT["webp"].model_copy(update={"animated": False})]
    result = process(save(film()), *(variant(half, output=output) for output in outputs))
    pictures = [load(outcome.encoded.data, LIMITS, animated=True) for outcome in result.outcomes if outcome.encoded]
    assert [len(picture.frames) for picture in pictures] == [4, 1, 1]
    reports = [[loss.code for loss in outcome.encoded.losses] for outcome in result.outcomes if outcome.encoded]
    assert reports == [[], ["frames_dropped"], ["frames_dropped"]]
    assert {picture.size for picture in pictures} == {(30, 20)}


@pytest.mark.parametrize("form", MOVING)
def test_a_film_that_is_stored_turned_is_shown_upright(form: Any):
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = film(3)
    stored = [frame.transpose(Image.Transpose.ROTATE_90) for frame in upright]
    for source in ("png", "webp"):
        made = run(save(stored, source, exif=exif), Output(format=form, quality=95))
        assert made.size == SIZE
        assert all(np.abs(array(new) - array(old)).mean() < 8 for new, old in zip(made.frames, upright, strict=True))


def test_limits_are_those_of_what_is_decoded():
    data = save(film())
    assert run(data, EXACT["gif"]).source.frames == 4
    for tight, error in ((Limits(max_frames=3), TooManyFrames), (Limits(max_total_pixels=9599), TooManyFramePixels)):
        with pytest.raises(error):
            process(data, variant(output=EXACT["gif"]), limits=tight)
        still = process(data, variant(output=Output(format="jpeg")), limits=tight).outcomes[0]
        assert still.error is None


def test_transparency_in_a_palette_is_kept_from_gif_to_gif():
    source = gifs.write((3, 2), [Part([[RED, CLEAR, GREEN]] * 2), Part([[CLEAR, BLUE, CLEAR]] * 2)])
    made = run(source, EXACT["gif"])
    assert np.array_equal(shown(made), shown(load(source, LIMITS, animated=True)))


def test_half_transparent_pixels_become_one_or_the_other_in_a_gif():
    data = encode(see_through((256, 4)))
    made = run(data, EXACT["gif"])
    alpha = np.asarray(made.frames[0].getchannel("A"))
    assert np.array_equal(alpha, np.where(np.asarray(see_through((256, 4)))[..., 3] >= 128, 255, 0))
    assert losses(data, output=EXACT["gif"]) == ["alpha_hardened"]


def test_hard_edges_of_transparency_lose_nothing_in_a_gif():
    hard = Image.new("RGBA", SIZE, (10, 200, 30, 255))
    hard.paste((0, 0, 0, 0), (0, 0, 30, 20))
    assert losses(encode(hard), output=EXACT["gif"]) == []
    assert np.array_equal(shown(run(encode(hard), EXACT["gif"]))[0], np.asarray(hard))


@pytest.mark.parametrize("form", MOVING)
def test_a_picture_that_cannot_be_seen_is_written(form: Any):
    frames = [Image.new("RGBA", SIZE), Image.new("RGBA", SIZE, (9, 9, 9, 255)), Image.new("RGBA", SIZE)]
    made = run(save(frames), Output(format=form))
    assert [frame.getchannel("A").getextrema() for frame in made.frames] == [(0, 0), (255, 255), (0, 0)]
    assert run(encode(frames[0]), Output(format=form)).frames[0].getchannel("A").getextrema() == (0, 0)


def test_photographs_are_dithered_rather_than_banded_in_a_gif():
    """The mean of 4×4 pixels comes nearer to the source's than without."""
    image = photo().resize((256, 256))
    quick = run(encode(image), Output(format="gif", effort=0)).frames[0]
    fine = run(encode(image), EXACT["gif"]).frames[0]
    errors = [np.abs(array(made.reduce(4)) - array(image.reduce(4))).mean() for made in (fine, quick)]
    assert errors[0] < 1.5
    assert errors[0] < errors[1] * 0.8


def test_a_film_is_resized_and_written_on_frame_by_frame():
    made = run(save(film()), EXACT["webp"], step("resize", width=px(30)), step("filter", filter="negate"))
    alone = [
        run(encode(frame), EXACT["webp"], step("resize", width=px(30)), step("filter", filter="negate"))
        for frame in film()
    ]
    assert np.array_equal(shown(made), np.concatenate([shown(each) for each in alone]))


def test_a_picture_in_memory_is_written_as_it_is():
    picture = load(save(film()), LIMITS, animated=True)
    before = [frame.tobytes() for frame in picture.frames]
    for form in MOVING:
        assert write(picture, Output(format=form)).size == SIZE
    assert [frame.tobytes() for frame in picture.frames] == before
