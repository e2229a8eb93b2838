import pytest
from PIL import Image

from processing.base import Context, Step
from processing.detectors import faces
from processing.errors import EmptyResult, InvalidParams, StillRecognizable, SubjectNotFound
from processing.formats import Output
from processing.limits import Limits
from processing.pipeline import Variant, run
from tests.images import encode, film, photograph, ramps
from tests.processing.people import PORTRAIT, person, seeing
from tests.processing.running import change, source_of

ASTRONAUT = photograph("astronaut", (512, 512))
LINE = 139
"""Between the astronaut's nose and lips, read off the picture."""


def test_everything_above_the_line_between_nose_and_lips_is_cut_off():
    photo = ramps(PORTRAIT)
    made = change("identity_crop", photo, seeing(photo, person()))
    assert made.frames[0].tobytes() == photo.crop((0, 360, 1000, 1500)).tobytes()
    assert source_of(made, 0, 0) == (0, 360)


def test_the_astronaut_loses_her_eyes():
    made = change("identity_crop", ASTRONAUT)
    assert made.size[0] == 512
    assert made.size[1] == pytest.approx(512 - LINE, abs=4)
    assert faces.find(made.frames[0]) == ()
    assert made.losses == ()


def test_the_lowest_of_several_faces_counts():
    both = Image.new("RGB", (900, 512), (200, 200, 200))
    both.paste(ASTRONAUT.resize((300, 300)), (0, 200))
    both.paste(ASTRONAUT, (388, 0))
    made = change("identity_crop", both)
    assert made.size[1] == pytest.approx(512 - 200 - LINE * 300 / 512, abs=4)


@pytest.mark.parametrize("photo", ["coffee", "chelsea"])
def test_without_a_face_the_picture_is_kept_and_that_is_reported(photo: str):
    image = photograph(photo, (600, 400))
    made = change("identity_crop", image)
    assert made.frames[0].tobytes() == image.tobytes()
    assert [loss.code for loss in made.losses] == ["no_face"]
    with pytest.raises(SubjectNotFound):
        change("identity_crop", image, on_missing="fail")


def test_a_picture_that_ends_above_the_lips_leaves_nothing():
    photo = ramps(PORTRAIT).crop((0, 0, 1000, 350))
    with pytest.raises(EmptyResult):
        change("identity_crop", photo, seeing(photo, person()))


def test_a_face_that_comes_later_in_a_film_is_refused():
    plain = photograph("coffee", (512, 512))
    stamp = ASTRONAUT.crop((150, 20, 300, 200))
    late = plain.copy()
    late.paste(stamp, (300, 300))
    first = plain.copy()
    first.paste(stamp, (300, 0))
    data = encode(first, "WEBP", save_all=True, append_images=[late], duration=50, lossless=True)
    variant = Variant((Step(operation="identity_crop"),), Output(format="webp"))
    outcome = run(data, [variant], limits=Limits()).outcomes[0]
    assert isinstance(outcome.error, StillRecognizable)
    still = run(data, [Variant(variant.steps, Output(format="jpeg"))], limits=Limits()).outcomes[0]
    assert still.encoded is not None
    assert still.encoded.covers[1] == pytest.approx(LINE - 20, abs=5)


def test_a_film_is_cut_as_its_first_frame():
    data = film((256, 256), photo="astronaut")
    variant = Variant((Step(operation="identity_crop"),), Output(format="webp"))
    encoded = run(data, [variant], limits=Limits()).outcomes[0].encoded
    assert encoded is not None
    assert encoded.size == pytest.approx((256, 256 - LINE // 2), abs=3)


def test_it_has_no_other_parameters():
    with pytest.raises(InvalidParams):
        change("identity_crop", ASTRONAUT, Context(), marker="eyes")
