"""Cutting the main object out, with every fill. The drawn mug says exactly what should be there."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from processing import operations
from processing.analysis import Analysis
from processing.base import Context, Step
from processing.decoders import load
from processing.detectors import objects
from processing.errors import InvalidParams, SubjectNotFound
from processing.formats import Output
from processing.limits import Limits
from processing.picture import Picture
from processing.pipeline import Variant, run
from tests.images import encode, film, noise, see_through
from tests.processing.running import array, picture_of, source_of
from tests.processing.subjects import RED, Scene, mug, needs_model, overlap, photo

pytestmark = needs_model

NAME = "remove_background"
ROOM = {"kind": "house", "location": "room.png"}
ROOM_NAME = "house::room.png"
SOFT = slice(1, 255)


@cache
def seen(ground: str = "plain") -> Analysis:
    """What is seen in the scene; looked at once for all tests."""
    return Analysis(picture_of(mug(ground=ground).image))


def cut(scene: Scene | None = None, assets: dict[str, bytes] | None = None, **params: Any) -> Picture:
    """What the operation makes of the mug before a plain wall."""
    image = (scene or mug()).image
    context = Context(analysis=seen(), assets=assets or {})
    return apply(NAME, picture_of(image), context, **params)


def apply(name: str, picture: Picture, context: Context, **params: Any) -> Picture:
    return operations.get(name).apply(picture, operations.parse(name, params), context)


def edge(scene: Scene) -> NDArray[np.bool_]:
    alpha = np.asarray(scene.alpha)
    return (alpha > 0) & (alpha < 255)


def ideal(scene: Scene, color: tuple[int, int, int]) -> NDArray[np.float64]:
    """The object over a colour, by what the scene was made of."""
    share = np.asarray(scene.alpha, float)[..., np.newaxis] / 255
    return np.asarray(scene.colors, float) * share + np.array(color) * (1 - share)


def test_without_a_fill_the_ground_is_transparent_and_the_object_is_not() -> None:
    made = cut().frames[0]
    assert made.mode == "RGBA"
    assert overlap(np.asarray(made.getchannel("A")) >= 128, mug().mask) > 0.97
    assert made.getpixel((10, 10)) == (0, 0, 0, 0)
    assert made.getpixel((200, 200)) == (*mug().colors.getpixel((200, 200)), 255)


@pytest.mark.parametrize("color", ["#ffffff", "#000000", "#ff00ff"])
def test_on_any_colour_the_edges_show_nothing_of_the_old_ground(color: str) -> None:
    made = cut(fill="color", color=color).frames[0]
    wanted = ideal(mug(), tuple(bytes.fromhex(color[1:])))
    assert made.mode == "RGB"
    assert np.abs(array(made) - wanted)[edge(mug())].mean() < 12
    assert np.abs(array(made) - wanted)[~edge(mug())].mean() < 0.5


def test_another_picture_covers_what_was_behind_with_its_middle_in_the_middle() -> None:
    room = Image.new("RGB", (900, 300), "navy")
    room.paste("gold", (300, 0, 600, 300))
    made = cut(assets={ROOM_NAME: encode(room)}, fill="image", image=ROOM).frames[0]
    assert made.mode == "RGB"
    assert made.size == mug().image.size
    assert {made.getpixel(place) for place in ((70, 10), (400, 350), (240, 10))} == {(255, 215, 0)}
    assert made.getpixel((200, 200)) == mug().colors.getpixel((200, 200))


def test_a_see_through_picture_behind_leaves_the_result_see_through() -> None:
    made = cut(assets={ROOM_NAME: encode(see_through((480, 360)))}, fill="image", image=ROOM).frames[0]
    assert made.mode == "RGBA"
    assert made.getpixel((0, 0))[3] == 0
    assert made.getpixel((200, 200))[3] == 255


@pytest.mark.parametrize("kind", ["regular", "lens"])
def test_a_blur_leaves_the_object_sharp_and_no_glow_of_its_colour_around_it(kind: str) -> None:
    made = array(cut(fill="blur", blur=kind, level="high").frames[0])
    scene = mug()
    inside, wall = np.asarray(scene.alpha) == 255, np.asarray(scene.alpha) == 0
    assert np.abs(made - array(scene.image))[inside].mean() < 0.5
    around = wall & (np.asarray(scene.alpha.resize((120, 90), Image.Resampling.BOX).resize((480, 360))) > 0)
    # The mug is far redder than its wall: light of its colour would lift red above blue.
    assert (made[..., 0] - made[..., 2])[around].mean() < 4


def test_stronger_levels_blur_more() -> None:
    scene = mug(ground="gravel")
    looked = Context(analysis=seen("gravel"))
    corner = np.s_[:80, :120]
    rough = [
        array(apply(NAME, picture_of(scene.image), looked, fill="blur", level=level).frames[0])[corner].std()
        for level in ("low", "medium", "high")
    ]
    assert array(scene.image)[corner].std() > rough[0] > rough[1] > rough[2]


def test_a_clipped_result_is_as_large_as_the_object_and_knows_where_it_was() -> None:
    made = cut(clip=True)
    rows, columns = np.nonzero(np.asarray(mug().alpha) > 20)
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert made.size == pytest.approx((box[2] - box[0], box[3] - box[1]), abs=3)
    assert source_of(made, 0, 0) == pytest.approx(box[:2], abs=3)
    assert made.frames[0].size == made.size


def test_the_object_is_cut_out_of_what_a_chain_has_made_of_the_source() -> None:
    context = Context(analysis=seen())
    window = {"width": {"value": 300}, "height": {"value": 300}, "fit": False, "gravity": "southeast"}
    small = apply("resize", apply("crop", picture_of(mug().image), context, **window), context, width={"value": 150})
    made = apply(NAME, small, context).frames[0]
    known = mug().alpha.crop((180, 60, 480, 360)).resize((150, 150), Image.Resampling.BOX)
    assert overlap(np.asarray(made.getchannel("A")) >= 128, np.asarray(known) >= 128) > 0.96


def test_a_turned_picture_is_cut_along_the_turned_object() -> None:
    context = Context(analysis=seen())
    turned = apply("rotate", picture_of(mug().image), context, degrees=30)
    made = apply(NAME, turned, context).frames[0]
    known = apply("rotate", picture_of(mug().alpha.convert("RGB")), context, degrees=30, background="#000000").frames[0]
    assert overlap(np.asarray(made.getchannel("A")) >= 128, array(known)[..., 0] >= 128) > 0.96


def test_colours_that_a_step_has_changed_are_those_of_the_result() -> None:
    context = Context(analysis=seen())
    grey = apply("saturation", picture_of(mug().image), context, factor=0)
    red, green, blue, _ = apply(NAME, grey, context).frames[0].getpixel((200, 200))
    assert red == green == blue


def test_the_source_is_looked_at_once_for_several_variants() -> None:
    step = Step(operation=NAME, params={})
    white = Step(operation=NAME, params={"fill": "color", "color": "#ffffff"})
    made = run(encode(mug().image), [Variant((step,)), Variant((white,))], limits=Limits())
    assert [outcome.error for outcome in made.outcomes] == [None, None]
    # The second has the first one's cut-out: without a look of its own it takes a fraction of the time.
    assert made.outcomes[1].milliseconds < made.outcomes[0].milliseconds


def test_a_cut_out_keeps_its_own_outline_and_colours() -> None:
    source = mug().colors.copy()
    source.putalpha(mug().alpha)
    made = apply(NAME, picture_of(source), Context()).frames[0]
    assert made.tobytes() == source.tobytes()
    blurred = apply(NAME, picture_of(source), Context(), fill="blur").frames[0]
    assert blurred.getchannel("A").tobytes() == mug().alpha.tobytes()


def test_every_frame_of_an_animation_is_cut_like_the_first() -> None:
    data = film((256, 256), photo="astronaut")
    step = Step(operation=NAME, params={"category": "people"})
    made = run(data, [Variant((step,), Output(format="webp"))], limits=Limits()).outcomes[0].encoded
    assert made is not None
    alphas = [np.asarray(frame.getchannel("A")) >= 128 for frame in load(made.data, Limits(), animated=True).frames]
    assert len(alphas) == 3
    assert all((alpha == alphas[0]).all() for alpha in alphas)
    assert 0.3 < alphas[0].mean() < 0.7


def test_without_an_object_it_refuses_or_keeps_the_picture_and_says_so() -> None:
    source = picture_of(noise((200, 150)))
    with pytest.raises(SubjectNotFound):
        apply(NAME, source, Context())
    made = apply(NAME, source, Context(), on_missing="keep")
    assert [loss.code for loss in made.losses] == ["no_subject"]
    assert made.frames == source.frames


def test_an_object_that_was_cropped_away_is_not_there() -> None:
    context = Context(analysis=seen())
    window = {"width": {"value": 60}, "height": {"value": 60}, "fit": False, "gravity": "northwest"}
    corner = apply("crop", picture_of(mug().image), context, **window)
    with pytest.raises(SubjectNotFound):
        apply(NAME, corner, context)


@cache
def pair() -> Image.Image:
    """A mug on the left, a cat on the right."""
    made = Image.new("RGB", (800, 400))
    made.paste(photo("coffee.png").crop((130, 0, 530, 400)))
    made.paste(photo("chelsea.png", (601, 400)).crop((100, 0, 500, 400)), (400, 0))
    return made


@pytest.mark.skipif(bool(objects.missing()), reason=str(objects.missing()))
@pytest.mark.parametrize(("hint", "left", "right"), [("cat", False, True), ("coffee cup", True, False)])
def test_hints_say_which_of_several_things_is_meant(hint: str, left: bool, right: bool) -> None:
    made = apply(NAME, picture_of(pair()), Context(), hints=[hint])
    alpha = np.asarray(made.frames[0].getchannel("A")) >= 128
    assert (alpha[:, :360].mean() > 0.2) == left
    assert (alpha[:, 440:].mean() > 0.2) == right
    assert not made.losses


def test_hints_that_lead_to_nothing_are_reported() -> None:
    made = cut(hints=["unicorn", "dog"])
    assert [loss.code for loss in made.losses] == ["hints_ignored"]
    assert "'unicorn', 'dog'" in made.losses[0].message
    assert made.frames[0].getpixel((200, 200))[3] == 255


@pytest.mark.parametrize(
    "params",
    [
        {"fill": "color"},
        {"fill": "image"},
        {"color": "#ffffff"},
        {"fill": "blur", "image": ROOM},
        {"category": "boats"},
        {"hints": ["a"] * 6},
        {"hints": [""]},
        {"hints": ["x" * 129]},
        {"level": "enormous"},
        {"fill": "color", "color": "white"},
    ],
)
def test_parameters_that_make_no_sense_are_refused(params: dict[str, Any]) -> None:
    with pytest.raises(InvalidParams):
        operations.parse(NAME, params)


def test_the_colour_of_the_drawn_object_is_what_the_tests_take_it_for() -> None:
    red, green, blue = mug().colors.getpixel((200, 200))
    assert red > 4 * blue
    assert RED[1] * 0.8 < green < RED[1] * 1.2
