from dataclasses import replace

import pytest
from PIL import Image, ImageOps

from processing.detectors import faces, people
from processing.detectors.people import Joint, Person
from tests.processing.detectors import scenes
from tests.processing.people import person as somebody


def look(image: Image.Image) -> tuple[Person, ...]:
    return people.find(image, faces.find(image))


@pytest.fixture(scope="module")
def woman() -> Person:
    (found,) = look(scenes.astronaut())
    return found


def test_people_can_be_found_here() -> None:
    assert people.missing() is None


def test_a_person_has_the_face_on_her_shoulders(woman: Person) -> None:
    assert woman.face is not None
    assert woman.face.nose[0] == pytest.approx(223, abs=6)
    assert woman.head_top_y == woman.face.top[1]


def test_the_lines_of_a_body_lie_where_they_are_seen(woman: Person) -> None:
    assert woman.shoulder_y == pytest.approx(245, abs=15)
    assert woman.elbow_y == pytest.approx(420, abs=25)


def test_what_is_out_of_the_picture_has_no_line(woman: Person) -> None:
    assert (woman.knee_y, woman.foot_y) == (None, None)
    assert woman.joints["left_knee"].visibility < people.VISIBLE


def test_the_box_holds_hair_and_body_and_ends_with_the_picture(woman: Person) -> None:
    left, top, right, bottom = woman.box
    assert top == pytest.approx(16, abs=6)
    assert bottom == 512
    assert left < 40
    assert 330 < right < 460


def test_left_is_the_persons_own_left(woman: Person) -> None:
    assert woman.joints["left_shoulder"].point[0] > woman.joints["right_shoulder"].point[0]


def test_confidence_counts_what_is_in_the_picture_alone(woman: Person) -> None:
    assert 0.5 < woman.confidence <= 1


def test_two_people_are_found_with_a_face_each() -> None:
    found = look(scenes.twins())
    assert len(found) == 2
    left, right = sorted(found, key=lambda person: person.box[0])
    assert left.face is not None
    assert right.face is not None
    assert left.face.nose[0] < 512 < right.face.nose[0]
    assert left.box[2] <= 512 + 10
    assert right.box[0] >= 512 - 10


def test_the_largest_person_comes_first() -> None:
    scene = Image.new("RGB", (1200, 800), (120, 130, 140))
    scene.paste(scenes.astronaut().resize((300, 300)), (0, 500))
    scene.paste(scenes.astronaut().resize((700, 700)), (500, 100))
    first, second = look(scene)
    assert first.box[0] > 450 > second.box[2] - 150


def test_a_person_in_profile_is_found_down_to_where_the_picture_ends() -> None:
    (man,) = look(scenes.cameraman())
    assert man.box[3] == 512
    assert man.face is not None
    assert man.head_top_y == pytest.approx(65, abs=25)
    assert man.foot_y is None


def test_a_person_without_a_face_is_found_by_the_body() -> None:
    """Nobody was told of her face."""
    (found,) = people.find(scenes.astronaut(), ())
    assert found.face is None
    assert found.head_top_y == pytest.approx(16, abs=12)


def test_a_face_on_which_no_body_is_seen_is_a_person_of_a_face() -> None:
    close = scenes.astronaut().crop((170, 60, 280, 185)).resize((880, 1000))
    seen = faces.find(close)
    found = people.find(close, seen)
    assert [person.face for person in found] == list(seen)
    assert all(person.foot_y is None and person.knee_y is None for person in found)


@pytest.mark.parametrize("name", scenes.WITHOUT_PEOPLE)
def test_where_nobody_is_nobody_is_found(name: str) -> None:
    assert people.find(scenes.photo(name), ()) == ()


@pytest.mark.parametrize("size", [(1, 1), (2, 900), (5000, 3)])
def test_pictures_of_any_shape_are_looked_at(size: tuple[int, int]) -> None:
    assert people.find(Image.new("RGB", size, "gray"), ()) == ()


def test_a_line_drawing_is_nobody() -> None:
    assert look(scenes.stick_figure()) == ()


def test_a_person_is_found_in_sixty_megapixels() -> None:
    scene = Image.new("RGB", (10_000, 6_000), "gray")
    scene.paste(scenes.astronaut().resize((3072, 3072)), (6000, 2900))
    (found,) = look(scene)
    assert 5900 < found.box[0] < found.box[2] < 9100
    assert found.head_top_y == pytest.approx(2900 + 6 * 16, abs=36)
    assert found.shoulder_y == pytest.approx(2900 + 6 * 245, abs=180)


def test_a_mirrored_person_has_mirrored_joints(woman: Person) -> None:
    (mirrored,) = look(ImageOps.mirror(scenes.astronaut()))
    for name, other in (("left_shoulder", "right_shoulder"), ("left_eye", "right_eye"), ("nose", "nose")):
        x, y = mirrored.joints[name].point
        assert (512 - x, y) == pytest.approx(woman.joints[other].point, abs=20)


def test_soles_are_the_edge_of_the_box_where_feet_are_near_it() -> None:
    standing = somebody()
    assert standing.foot_y == standing.box[3] == 1400
    assert somebody(box=(300.0, 200.0, 700.0, 1490.0)).foot_y == 1390


def test_a_head_without_a_known_top_ends_with_the_box_if_it_is_seen() -> None:
    behind = somebody(face=None)
    assert behind.head_top_y is None
    joints = dict(behind.joints) | {"nose": Joint((500, 340), 0.9)}
    assert replace(behind, joints=joints).head_top_y == 200
    assert replace(behind, joints=joints | {"head_top": Joint((500, 230), 0.9)}).head_top_y == 230


def test_hidden_joints_leave_their_lines_to_those_that_are_seen() -> None:
    assert somebody(hidden=("left_shoulder",)).shoulder_y == 480
    assert somebody(hidden=("shoulder",)).waist_y is None
    assert somebody(hidden=("knee",)).crotch_y == pytest.approx(770 + 0.2 * 300)
    assert somebody().crotch_y == pytest.approx(770 + 0.25 * (1045 - 770))
    assert somebody(hidden=("hip",)).crotch_y is None
