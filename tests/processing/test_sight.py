from dataclasses import replace

import pytest

from processing.base import Context
from processing.geometry import scaling, shifting
from processing.operations import get
from processing.picture import Picture
from processing.sight import faces_in, people_in
from tests.images import photograph, ramps
from tests.processing.people import FACE, PORTRAIT, person, seeing
from tests.processing.running import picture_of

SOURCE = ramps(PORTRAIT)
SEEN = seeing(SOURCE, person())


def cut(left: int, top: int, right: int, bottom: int) -> Picture:
    return picture_of(SOURCE).map(lambda frame: frame.crop((left, top, right, bottom)), moved=shifting(left, top))


def test_a_face_is_found_where_it_lies_in_what_was_cut_out():
    (face,) = faces_in(cut(400, 100, 700, 900), SEEN)
    assert face.box == (40, 140, 160, 320)
    assert (face.left_eye, face.right_eye) == ((70, 200), (130, 200))
    assert (face.nose, face.mouth, face.chin, face.top) == ((100, 240), (100, 280), (100, 320), (100, 100))


def test_a_person_moves_with_face_and_joints():
    half = picture_of(SOURCE).map(lambda frame: frame.resize((500, 750)), moved=scaling(PORTRAIT, (500, 750)))
    (found,) = people_in(half, SEEN)
    assert found.box == (150, 100, 350, 700)
    assert found.joints["left_knee"].point == (225, 520)
    assert (found.shoulder_y, found.hip_y, found.waist_y) == (235, 385, 362.5)
    assert found.face == faces_in(half, SEEN)[0]


def test_of_somebody_who_was_cut_off_the_rest_counts():
    (found,) = people_in(cut(350, 0, 1000, 1000), SEEN)
    assert found.box == (0, 200, 350, 1000)


def test_who_was_cut_away_is_not_found():
    assert faces_in(cut(0, 420, 1000, 1500), SEEN) == ()
    assert people_in(cut(0, 420, 1000, 1500), SEEN)
    assert people_in(cut(700, 0, 1000, 1500), SEEN) == ()


def test_mirrored_eyes_stay_left_and_right():
    tilted = replace(FACE, left_eye=(470, 290), right_eye=(540, 310))
    mirrored = get("flip").apply(
        picture_of(SOURCE), get("flip").Params.model_validate({"direction": "horizontal"}), Context()
    )
    (face,) = faces_in(mirrored, seeing(SOURCE, faces=(tilted,)))
    assert (face.left_eye, face.right_eye) == ((460, 310), (530, 290))


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_picture_that_was_turned_is_looked_at_itself(degrees: int):
    lying = picture_of(photograph("astronaut", (256, 256)).rotate(degrees))
    rotate = get("rotate")
    upright = rotate.apply(lying, rotate.Params.model_validate({"degrees": degrees}), Context())
    (face,) = faces_in(upright, Context())
    assert face.box == pytest.approx((90, 35, 136, 89), abs=4)
    assert people_in(upright, Context())[0].face == face
