from dataclasses import replace
from typing import get_args

import pytest

from processing.detectors.faces import Point
from processing.detectors.people import Joint
from processing.errors import SubjectNotFound
from processing.geometry import Box
from processing.markers import BodyMarker, FaceMarker, mark_body, mark_head, mark_line
from tests.processing.people import FACE, person


@pytest.mark.parametrize(
    ("marker", "line"),
    [
        ("eyes", 300),
        ("between_eyes_and_nose", 320),
        ("nose", 340),
        ("between_nose_and_mouth", 360),
        ("mouth", 380),
        ("face", 420),
    ],
)
def test_the_lines_of_a_face(marker: FaceMarker, line: float):
    assert mark_line(marker, FACE) == line


def test_elbows_of_raised_arms_are_no_lower_end():
    raised = person()
    joints = raised.joints | {name: Joint((300, 250), 0.9) for name in ("left_elbow", "right_elbow")}
    assert mark_body("head_to_elbows", replace(raised, joints=joints)) == mark_body("upper_half", raised)


def test_the_line_of_tilted_eyes_runs_through_their_middle():
    assert mark_line("eyes", replace(FACE, left_eye=(470, 280), right_eye=(530, 310))) == 295


@pytest.mark.parametrize("marker", get_args(FaceMarker))
@pytest.mark.parametrize(
    ("mouth", "nose"), [((580, 300), (540, 300)), ((420, 310), (460, 305)), ((500, 220), (500, 260))]
)
def test_a_face_that_lies_or_stands_on_its_head_has_but_one_line_below_it(
    marker: FaceMarker, mouth: Point, nose: Point
):
    assert mark_line(marker, replace(FACE, mouth=mouth, nose=nose)) == 420


@pytest.mark.parametrize(
    ("marker", "box"),
    [
        ("face", (440, 240, 560, 420)),
        ("head", (425.6, 200, 574.4, 420)),
        ("head_to_shoulder", (360, 200, 640, 470 + 22)),
        ("head_to_elbows", (300, 200, 700, 660)),
        ("upper_half", (300, 200, 700, 725)),
        ("head_to_knees", (300, 200, 700, 1050)),
        ("hips", (300, 710, 700, 830)),
        ("mid_half", (300, 695, 700, 910)),
        ("lower_half", (300, 725, 700, 1400)),
        ("person", (300, 200, 700, 1400)),
    ],
)
def test_the_parts_of_somebody_upright(marker: BodyMarker, box: Box):
    assert mark_body(marker, person()) == pytest.approx(box)


def test_there_are_ten_parts_and_six_lines():
    assert len(get_args(BodyMarker)) == 10
    assert len(get_args(FaceMarker)) == 6
    for marker in get_args(BodyMarker):
        assert mark_body(marker, person())


@pytest.mark.parametrize(
    ("marker", "hidden", "top", "bottom"),
    [
        ("head_to_shoulder", ("shoulder",), 200, 1400),
        ("head_to_elbows", ("elbow",), 200, 725),
        ("head_to_elbows", ("elbow", "shoulder"), 200, 770),
        ("head_to_elbows", ("elbow", "shoulder", "hip"), 200, 1400),
        ("head_to_elbows", ("left_elbow",), 200, 660),
        ("upper_half", ("shoulder",), 200, 770),
        ("upper_half", ("hip",), 200, 1400),
        ("head_to_knees", ("knee",), 200, 1400),
        ("head_to_knees", ("knee", "foot"), 200, 1400),
        ("hips", ("shoulder",), 770 - 114, 770 + 114),
        ("mid_half", ("knee", "foot"), 695, 1085),
        ("mid_half", ("shoulder",), 770 - 57, 910),
        ("lower_half", ("shoulder",), 770, 1400),
        ("lower_half", ("hip",), 200, 1400),
    ],
)
def test_what_is_hidden_gives_way_to_the_nearest_limit(
    marker: BodyMarker, hidden: tuple[str, ...], top: float, bottom: float
):
    box = mark_body(marker, person(hidden=hidden))
    assert (box[1], box[3]) == pytest.approx((top, bottom))


@pytest.mark.parametrize(
    ("marker", "hidden"),
    [("hips", ("hip",)), ("mid_half", ("hip",)), ("lower_half", ("hip", "knee", "foot"))],
)
def test_a_part_that_is_not_in_the_picture_is_refused(marker: BodyMarker, hidden: tuple[str, ...]):
    with pytest.raises(SubjectNotFound, match=f"^{marker}: this part"):
        mark_body(marker, person(hidden=hidden))


def test_legs_alone_begin_where_the_picture_of_them_begins():
    legs = person(hidden=("shoulder", "elbow", "hip"), face=None, box=(300, 0, 700, 900))
    assert mark_body("lower_half", legs) == (300, 0, 700, 900)


def test_somebody_who_sits_is_not_cut_off_above_the_hips():
    joints = dict(person().joints)
    joints |= {name: Joint((500, 700), 0.9) for name in ("left_knee", "right_knee")}
    assert mark_body("head_to_knees", person(joints=joints))[3] == 770
    assert mark_body("mid_half", person(joints=joints))[3] == 770


def test_one_shoulder_that_is_seen_is_enough():
    box = mark_body("head_to_shoulder", person(hidden=("left_shoulder",)))
    assert box == pytest.approx((425.6, 200, 600, 480 + 22))


def test_shoulders_do_not_reach_beyond_the_person():
    assert mark_body("head_to_shoulder", person(box=(390, 200, 610, 1400)))[::2] == (390, 610)


def test_a_head_that_sticks_out_of_the_person_is_not_cut_off():
    assert mark_body("head_to_knees", person(box=(300, 230, 700, 1400)))[1] == 200


def test_a_face_that_cannot_be_seen_is_refused():
    with pytest.raises(SubjectNotFound, match="face"):
        mark_body("face", person(face=None))


def test_a_head_seen_from_behind_is_guessed_from_the_shoulders():
    joints = dict(person().joints) | {"left_ear": Joint((460, 300), 0.9), "right_ear": Joint((540, 300), 0.9)}
    behind = person(face=None, joints=joints)
    assert mark_body("head", behind) == pytest.approx((419, 200, 581, 402.5))
    assert mark_body("head_to_shoulder", behind)[3] == pytest.approx(470 + 20.25)
    with pytest.raises(SubjectNotFound, match="head"):
        mark_body("head", person(face=None, hidden=("shoulder",)))


def test_a_head_takes_in_its_hair_at_the_sides_and_above():
    left, top, right, bottom = mark_head(FACE)
    assert (top, bottom) == (200, 420)
    assert left < 440 < 560 < right
    assert mark_head(replace(FACE, top=(500, 260)))[1] == 240
