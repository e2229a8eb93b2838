from difflib import SequenceMatcher
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from processing import fonts, operations
from processing.base import Context, Step
from processing.detectors import plates
from processing.errors import InvalidParams, SubjectNotFound
from processing.formats import Output
from processing.limits import Limits
from processing.picture import Picture
from processing.pipeline import Variant, run
from tests.images import decode, encode, photograph, turned
from tests.processing.running import array, change

TEXT = "5AU5341"
PLATE = (330, 270, 570, 330)
"""Where the plate lies in `car_park`, of 900×600 pixels."""


def plate(size: tuple[int, int] = (240, 60), text: str = TEXT) -> Image.Image:
    made = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(made)
    pen.rectangle((1, 1, size[0] - 2, size[1] - 2), outline="black", width=3)
    font = fonts.find_faces("Arial-Bold")[0].at(size[1] * 2 // 3)
    pen.text((size[0] // 2, size[1] // 2), text, fill="black", font=font, anchor="mm")
    return made


def car_park(*corners: tuple[int, int], text: str = TEXT) -> Image.Image:
    """A photograph with plates, in its middle unless corners are named."""
    scene = photograph("coffee", (900, 600))
    for corner in corners or (PLATE[:2],):
        scene.paste(plate(text=text), corner)
    return scene


def hide(image: Image.Image, **params: Any) -> Picture:
    return change("blur_plates", image, **params)


def read(image: Image.Image) -> list[str]:
    """Every text that is read in the image, without blanks."""
    window = (0, 0, *image.size)
    return [text.says.replace(" ", "").upper() for text in plates._read_texts(image, window)]


def likeness(text: str, other: str) -> float:
    return SequenceMatcher(None, text, other).ratio()


def changed_in(before: Image.Image, after: Image.Image) -> tuple[int, int, int, int]:
    """The box around every pixel that differs."""
    differs = np.abs(array(before) - array(after)).max(axis=2) > 0
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1] + 1), int(rows[-1] + 1)


def test_the_plate_can_be_read_before():
    assert TEXT in read(car_park())


@pytest.mark.parametrize("method", ["blur", "pixelate"])
@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_the_plate_cannot_be_read_back(method: str, strength: float):
    made = hide(car_park(), method=method, strength=strength)
    assert max((likeness(TEXT, text) for text in read(made.frames[0])), default=0) < 0.35
    assert plates.find(made.frames[0]) == ()
    assert made.losses == ()


def test_the_plate_alone_is_changed():
    image = car_park()
    left, top, right, bottom = changed_in(image, hide(image).frames[0])
    assert (left, top) == pytest.approx(PLATE[:2], abs=35)
    assert (right, bottom) == pytest.approx(PLATE[2:], abs=35)


def test_every_plate_is_hidden():
    image = car_park((40, 30), (600, 480))
    made = hide(image).frames[0]
    assert plates.find(made) == ()
    assert not any(likeness(TEXT, text) > 0.35 for text in read(made))


def test_a_tilted_plate_is_hidden():
    scene = photograph("coffee", (900, 600))
    tilted = plate().convert("RGBA").rotate(12, Image.Resampling.BICUBIC, expand=True)
    scene.paste(tilted, (320, 250), tilted)
    assert plates.find(scene)
    assert not any(likeness(TEXT, text) > 0.35 for text in read(hide(scene).frames[0]))


def test_after_an_earlier_step_the_plate_is_hidden_where_it_is_now():
    steps = (
        Step(operation="resize", params={"width": {"value": 450}}),
        Step(operation="flip", params={"direction": "horizontal"}),
        Step(operation="blur_plates"),
    )
    variants = [Variant(steps[:2], Output(format="png")), Variant(steps, Output(format="png"))]
    result = run(encode(car_park((40, 30))), variants, limits=Limits())
    plain, hidden = (decode(outcome.encoded.data) for outcome in result.outcomes if outcome.encoded)
    box = changed_in(plain, hidden)
    assert box == pytest.approx((450 - 140, 15, 430, 45), abs=18)


def test_a_picture_that_was_turned_has_its_plate_hidden():
    steps = (Step(operation="rotate", params={"degrees": 90}), Step(operation="blur_plates"))
    variants = [Variant(steps[:1], Output(format="png")), Variant(steps, Output(format="png"))]
    result = run(encode(car_park((40, 30))), variants, limits=Limits())
    plain, hidden = (decode(outcome.encoded.data) for outcome in result.outcomes if outcome.encoded)
    assert changed_in(plain, hidden) == pytest.approx((510, 40, 570, 280), abs=35)


def test_what_lies_by_exif_is_hidden():
    variant = Variant((Step(operation="blur_plates"),), Output(format="png"))
    encoded = run(turned(car_park(), 6), [variant], limits=Limits()).outcomes[0].encoded
    assert encoded is not None
    assert "no_plate" not in [loss.code for loss in encoded.losses]
    assert plates.find(decode(encoded.data)) == ()


def test_every_frame_is_hidden_in_the_same_places():
    image = car_park()
    film = Picture((image, image.rotate(180)), image.size, hide(image).source, durations_ms=(40, 60))
    made = operations.get("blur_plates").apply(film, operations.parse("blur_plates", {}), Context())
    assert changed_in(film.frames[0], made.frames[0]) == pytest.approx(
        changed_in(film.frames[1], made.frames[1]), abs=20
    )


@pytest.mark.parametrize("photo", ["coffee", "chelsea", "astronaut"])
def test_without_a_plate_the_picture_is_kept_and_that_is_reported(photo: str):
    image = photograph(photo, (512, 384))
    made = hide(image)
    assert made.frames[0].tobytes() == image.tobytes()
    assert [loss.code for loss in made.losses] == ["no_plate"]
    with pytest.raises(SubjectNotFound):
        hide(image, on_missing="fail")


@pytest.mark.parametrize(
    "wrong", [{"strength": 1.1}, {"strength": -0.1}, {"method": "gaussian"}, {"on_missing": "blur"}]
)
def test_wrong_parameters_are_refused(wrong: dict[str, Any]):
    with pytest.raises(InvalidParams):
        hide(car_park(), **wrong)
