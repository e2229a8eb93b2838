import subprocess
import sys

import pytest
from PIL import Image

from processing.detectors import faces
from processing.errors import UnavailableOperation
from tests.processing.detectors import scenes

FORK = """
import os
from processing import solutions
from processing.detectors import faces
from tests.processing.detectors import scenes
# Imported here as the builder does, and built in the child alone.
solutions._import("face_detection"), solutions._import("face_mesh")
child = os.fork()
if child == 0:
    found = faces.find(scenes.astronaut())
    os._exit(len(found))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_faces_can_be_found_here() -> None:
    assert faces.missing() is None


def test_the_points_of_a_face_lie_where_they_are_seen() -> None:
    (face,) = faces.find(scenes.astronaut())
    assert face.is_precise
    assert face.confidence > 0.8
    for name in scenes.ASTRONAUT:
        assert scenes.apart(face, name) <= 6, name


def test_the_box_goes_from_the_forehead_to_the_chin() -> None:
    (face,) = faces.find(scenes.astronaut())
    assert face.box == pytest.approx((178, 70, 272, 178), abs=8)
    assert face.top[1] < face.box[1]


def test_hair_belongs_to_the_head() -> None:
    """Her curls begin at 16; an estimate from the face alone would say 36."""
    (face,) = faces.find(scenes.astronaut())
    assert face.top[1] == pytest.approx(16, abs=5)


def test_a_head_that_the_picture_cuts_off_ends_at_its_edge() -> None:
    (face,) = faces.find(scenes.astronaut().crop((0, 45, 512, 512)))
    assert face.top[1] == pytest.approx(0, abs=3)


def test_left_and_right_are_those_of_the_picture() -> None:
    for face in faces.find(scenes.twins()):
        assert face.left_eye[0] < face.nose[0] < face.right_eye[0]


def test_two_faces_are_found_once_each() -> None:
    found = faces.find(scenes.twins())
    assert sorted(round(face.nose[0], -1) for face in found) == [220, 800]


@pytest.mark.parametrize("height", [40, 80])
def test_small_faces_are_found_wherever_they_are(height: int) -> None:
    corners = ((0, 0), (1380, 20), (40, 880), (700, 430), (1390, 870))
    found = faces.find(scenes.small_faces(height, corners))
    assert len(found) == len(corners)
    scale = height / scenes.FACE_HEIGHT
    for corner in corners:
        shift = corner[0] - scenes.HEAD[0] * scale, corner[1] - scenes.HEAD[1] * scale
        best = min(
            max(scenes.apart(face, name, corner=shift, scale=scale) for name in ("nose", "chin")) for face in found
        )
        assert best <= 5


def test_the_largest_face_comes_first() -> None:
    scene = scenes.small_faces(60, ((100, 100),))
    scene.paste(scenes.astronaut().crop(scenes.HEAD), (900, 500))
    first, second = faces.find(scene)
    assert first.nose[0] > 900 > second.nose[0]


def test_a_face_in_profile_is_found_and_nothing_else_of_the_head() -> None:
    (face,) = faces.find(scenes.cameraman())
    assert face.nose == pytest.approx((250, 168), abs=8)
    assert face.box == pytest.approx((198, 128, 256, 193), abs=10)


@pytest.mark.parametrize("angle", [-25, 25])
def test_a_tilted_face_is_found(angle: int) -> None:
    tilted = scenes.astronaut().rotate(angle, Image.Resampling.BICUBIC, center=(223, 131))
    (face,) = faces.find(tilted)
    assert face.nose == pytest.approx((223, 131), abs=8)
    leans_right = face.top[0] > face.chin[0]
    assert leans_right is (angle < 0)


@pytest.mark.parametrize("name", scenes.WITHOUT_PEOPLE)
def test_where_nobody_is_no_face_is_found(name: str) -> None:
    assert faces.find(scenes.photo(name)) == ()


def test_a_line_drawing_without_a_face_has_none() -> None:
    assert faces.find(scenes.stick_figure()) == ()


@pytest.mark.parametrize("size", [(1, 1), (2, 900), (5000, 3), (191, 193)])
def test_pictures_of_any_shape_are_looked_at(size: tuple[int, int]) -> None:
    assert faces.find(Image.new("RGB", size, "gray")) == ()


def test_a_face_is_found_in_sixty_megapixels() -> None:
    scene = Image.new("RGB", (10_000, 6_000), "gray")
    scene.paste(scenes.astronaut().resize((2048, 2048)), (6000, 3000))
    (face,) = faces.find(scene)
    assert scenes.apart(face, "nose", corner=(6000, 3000), scale=4) <= 24


def test_transparent_parts_are_not_looked_at() -> None:
    hidden = scenes.astronaut().copy()
    hidden.putalpha(Image.new("L", hidden.size, 0))
    assert faces.find(hidden) == ()
    hidden.putalpha(255)
    assert len(faces.find(hidden)) == 1


def test_the_squares_cover_every_place_so_that_a_face_of_a_quarter_lies_whole_in_one() -> None:
    size = (1500, 1000)
    squares = list(faces.list_squares(size))
    finest = min(width for _, _, width, _ in squares)
    assert finest == 375
    for x in range(0, size[0] - 90, 45):
        for y in range(0, size[1] - 90, 45):
            assert any(
                left <= x and top <= y and x + 90 <= left + width and y + 90 <= top + height
                for left, top, width, height in squares
                if width == finest
            )


def test_the_number_of_squares_is_bounded() -> None:
    for size in ((1, 1), (2400, 1500), (16_384, 219), (1897, 1897)):
        assert len(list(faces.list_squares(size))) <= 100


def test_a_model_built_after_a_fork_works_where_its_library_was_imported_before() -> None:
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "1", done.stderr[-2000:]


def test_a_model_file_that_is_not_what_it_should_be_is_not_loaded() -> None:
    code = (
        "from processing import weights, solutions\n"
        "from processing.detectors import faces\n"
        "from tests.processing.detectors import scenes\n"
        "lines = weights.all()\n"
        "from dataclasses import replace\n"
        "name = 'face_detection_full_range_sparse.tflite'\n"
        "lines[name] = replace(lines[name], sha256='0' * 64)\n"
        "faces.find(scenes.astronaut())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert UnavailableOperation.__name__ in done.stderr
    assert "its sha256 is not the manifest's" in done.stderr
