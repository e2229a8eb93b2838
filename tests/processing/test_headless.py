from dataclasses import replace

import pytest
from PIL import Image

from processing.detectors.people import Joint
from processing.errors import EmptyResult, InvalidParams, StillRecognizable
from processing.framing import Sides
from processing.geometry import Rect
from processing.headless import cut_below, frame_below, guess_face, list_heads, lowest_line
from processing.limits import Limits
from processing.picture import Picture
from tests.images import photograph, ramps
from tests.processing.people import FACE, PORTRAIT, person, seeing
from tests.processing.running import picture_of, source_of

ASTRONAUT = photograph("astronaut", (512, 512))
HER_FACE = replace(
    FACE,
    box=(179, 70, 271, 178),
    left_eye=(203, 102),
    right_eye=(247, 104),
    nose=(223, 130),
    mouth=(223, 147),
    chin=(222, 178),
    top=(227, 16),
)
LIMITS = Limits()


def shares(top: float = 0, right: float = 100, bottom: float = 0, left: float = 100) -> Sides:
    return Sides(top, right, bottom, left)


@pytest.mark.parametrize(
    ("line", "kept", "rect"),
    [
        (320, shares(top=10), (0, 470, 1000, 1030)),
        (300, shares(), (0, 300, 1000, 1200)),
        (300, shares(100, 100, 100, 100), (0, 300, 1000, 1200)),
        (300, shares(top=80), (0, 300, 1000, 1200)),
        (300, shares(bottom=50), (0, 300, 1000, 600)),
        (300, shares(left=50, right=20), (250, 300, 350, 1200)),
        (300, shares(left=0, right=1), (500, 300, 5, 1200)),
        (50, shares(50, 50, 50, 50), (250, 50, 500, 1450)),
        (339.5, shares(), (0, 340, 1000, 1160)),
        (339.4, shares(), (0, 339, 1000, 1161)),
        (-80, shares(), (0, 0, 1000, 1500)),
        (-80, shares(top=10), (0, 70, 1000, 1430)),
    ],
)
def test_what_is_kept_below_a_line_to_the_pixel(line: float, kept: Sides, rect: Rect):
    assert frame_below(line, PORTRAIT, kept) == rect


def test_nothing_across_is_refused():
    with pytest.raises(InvalidParams) as caught:
        frame_below(300, PORTRAIT, shares(left=0, right=0))
    assert caught.value.param == "margins"


@pytest.mark.parametrize("line", [1500, 1499.6, 1700])
def test_a_line_at_the_lower_border_leaves_nothing(line: float):
    with pytest.raises(EmptyResult):
        frame_below(line, PORTRAIT, shares())


def test_the_lowest_line_of_all_faces_counts():
    higher = replace(FACE, nose=(100, 90), mouth=(100, 100), left_eye=(90, 60), right_eye=(110, 60))
    assert lowest_line("nose", (higher, FACE)) == lowest_line("nose", (FACE, higher)) == 340


def test_a_body_whose_nose_is_seen_has_a_face():
    points = {"left_eye": (530, 300), "right_eye": (470, 310), "nose": (500, 340)}
    points |= {"mouth_left": (520, 380), "mouth_right": (480, 390)}
    joints = dict(person().joints) | {name: Joint(point, 0.9) for name, point in points.items()}
    profile = person(face=None, joints=joints)
    face = guess_face(profile)
    assert (face.left_eye, face.right_eye, face.nose, face.mouth) == ((470, 310), (530, 300), (500, 340), (500, 385))
    assert face.box[1] < 300 < 390 < face.box[3]
    picture = picture_of(ramps(PORTRAIT))
    assert list_heads(picture, seeing(picture.frames[0], profile)) == (face,)
    assert list_heads(picture, seeing(picture.frames[0], person(face=None))) == ()
    assert list_heads(picture, seeing(picture.frames[0], person())) == (FACE,)


def test_what_the_line_leaves_of_a_face_is_no_face():
    made = cut_below(picture_of(ASTRONAUT), (0, 103, 512, 409), (HER_FACE,), LIMITS)
    assert made.frames[0].tobytes() == ASTRONAUT.crop((0, 103, 512, 512)).tobytes()
    assert source_of(made, 0, 0) == (0, 103)


def test_a_face_that_nobody_knew_of_is_refused():
    both = Image.new("RGB", (512, 1024), "white")
    both.paste(ASTRONAUT, (0, 0))
    both.paste(ASTRONAUT, (0, 512))
    with pytest.raises(StillRecognizable):
        cut_below(picture_of(both), (0, 139, 512, 885), (HER_FACE,), LIMITS)


def test_a_whole_face_under_a_wrong_line_is_refused():
    with pytest.raises(StillRecognizable):
        cut_below(picture_of(ASTRONAUT), (0, 30, 512, 482), (HER_FACE,), LIMITS)


def test_a_face_in_any_frame_is_refused():
    plain = ramps((512, 512))
    film = Picture((plain, plain, ASTRONAUT), (512, 512), picture_of(plain).source, durations_ms=(1, 2, 3))
    with pytest.raises(StillRecognizable):
        cut_below(film, (0, 30, 512, 482), (HER_FACE,), LIMITS)
    assert len(cut_below(film, (0, 178, 512, 334), (HER_FACE,), LIMITS).frames) == 3
