"""Boxes to the pixel on a person of known numbers, and what is really seen on photographs."""

import itertools
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageOps

from processing.base import Context, Step
from processing.errors import InvalidParams, SubjectNotFound
from processing.formats import Output
from processing.geometry import Box, Size
from processing.limits import Limits
from processing.markers import BodyMarker
from processing.picture import Picture
from processing.pipeline import Variant, run
from tests.images import photograph, ramps, see_through, turned
from tests.processing.people import PORTRAIT, person, seeing
from tests.processing.running import change, source_of

PHOTO = ramps(PORTRAIT)
EVERYWHERE = {"top": True, "right": True, "bottom": True, "left": True}
ASTRONAUT = photograph("astronaut", (512, 512))
FACE = (179, 70, 271, 178)
"""Where the astronaut's face is."""


def crop(marker: BodyMarker, /, image: Image.Image = PHOTO, **params: Any) -> Picture:
    """The crop of somebody of known numbers."""
    return change("body_crop", image, seeing(image, person()), marker=marker, **params)


def find(marker: BodyMarker, /, image: Image.Image = ASTRONAUT, **params: Any) -> Picture:
    """The crop by what is really seen."""
    return change("body_crop", image, marker=marker, **params)


def covers(made: Picture) -> Box:
    left, top = source_of(made, 0, 0)
    right, bottom = source_of(made, *made.size)
    return left, top, right, bottom


def holds(outer: Box, inner: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


# --- To the pixel --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marker", "box"),
    [
        ("face", (440, 240, 560, 420)),
        ("head", (426, 200, 574, 420)),
        ("head_to_shoulder", (360, 200, 640, 492)),
        ("head_to_elbows", (300, 200, 700, 660)),
        ("upper_half", (300, 200, 700, 725)),
        ("head_to_knees", (300, 200, 700, 1050)),
        ("hips", (300, 710, 700, 830)),
        ("mid_half", (300, 695, 700, 910)),
        ("lower_half", (300, 725, 700, 1400)),
        ("person", (300, 200, 700, 1400)),
    ],
)
def test_a_part_without_margins_is_cut_out_unscaled(marker: BodyMarker, box: tuple[int, int, int, int]):
    made = crop(marker)
    assert covers(made) == box
    assert made.frames[0].tobytes() == PHOTO.crop(box).tobytes()


def test_a_whole_person_in_two_to_three_needs_no_scaling():
    made = crop("person", size={"width": 800, "height": 1200})
    assert covers(made) == (100, 200, 900, 1400)
    assert made.frames[0].tobytes() == PHOTO.crop((100, 200, 900, 1400)).tobytes()


def test_margins_are_per_cent_of_the_part():
    made = crop("face", margins={"top": 50, "right": 10, "bottom": 100, "left": 25})
    assert covers(made) == (410, 150, 572, 600)


def test_margins_end_at_the_border():
    assert covers(crop("person", margins={"top": 100, "right": 100, "bottom": 100, "left": 50})) == (100, 0, 1000, 1500)


def test_somebody_cut_off_by_the_border_stays_so():
    cut_off = PHOTO.crop((0, 0, 1000, 1390))
    seen = seeing(cut_off, person(box=(4, 200, 700, 1390)))
    asked = {"marker": "person", "margins": {"top": 5, "right": 5, "bottom": 5, "left": 5}}
    made = change("body_crop", cut_off, seen, **asked, preserve_edge_contact=EVERYWHERE)
    assert covers(made) == (0, 141, 735, 1390)
    made = change(
        "body_crop", cut_off, seen, **asked, preserve_edge_contact={"bottom": True}, size={"width": 400, "height": 1000}
    )
    assert covers(made)[3] == 1390
    assert made.size == (400, 1000)


def test_without_contact_a_shape_too_large_is_filled_on_both_sides():
    seen = seeing(PHOTO, person(box=(300, 0, 700, 1500)))
    asked = {"marker": "person", "size": {"width": 100, "height": 500}, "fill": "#ff5733"}
    made = change("body_crop", PHOTO, seen, **asked)
    assert covers(made) == (300, -250, 700, 1750)
    assert made.frames[0].getpixel((50, 10)) == made.frames[0].getpixel((50, 490)) == (255, 87, 51)
    made = change("body_crop", PHOTO, seen, **asked, preserve_edge_contact={"bottom": True})
    assert covers(made) == (300, -500, 700, 1500)
    assert made.frames[0].getpixel((50, 499)) != (255, 87, 51)


@pytest.mark.parametrize("fill", [None, "edge", "#ff5733"])
def test_beyond_the_picture_is_what_was_asked_for(fill: str | None):
    made = crop("person", size={"width": 1500, "height": 300}, fill=fill).frames[0]
    x = (1500 - 250) // 2 - 60
    seen = made.getpixel((x - 100, 150))
    if fill == "edge":
        assert seen == made.getpixel((0, 150)) != made.getpixel((750, 150))
    else:
        assert seen == ((0, 0, 0, 0) if fill is None else (255, 87, 51))


def test_the_face_comes_to_the_middle_line():
    aside = person(box=(100, 200, 600, 1400))
    made = change("body_crop", PHOTO, seeing(PHOTO, aside), marker="person", center_around_face=True)
    assert covers(made) == (250, 200, 750, 1400)
    made = change(
        "body_crop",
        PHOTO,
        seeing(PHOTO, aside),
        marker="upper_half",
        center_around_face=True,
        size={"width": 600, "height": 600},
    )
    assert covers(made) == pytest.approx((500 - 262.5, 200, 500 + 262.5, 725))


def test_without_a_face_nothing_is_shifted():
    behind = seeing(PHOTO, person(face=None))
    made = change("body_crop", PHOTO, behind, marker="person", center_around_face=True)
    assert covers(made) == (300, 200, 700, 1400)


def test_the_largest_person_counts():
    child, adult = person(box=(0, 900, 200, 1500)), person()
    made = change("body_crop", PHOTO, seeing(PHOTO, adult, child), marker="person")
    assert covers(made) == (300, 200, 700, 1400)


def test_where_a_face_is_asked_for_somebody_who_looks_away_does_not_count():
    behind, facing = person(face=None, box=(0, 0, 1000, 1500)), person()
    seen = seeing(PHOTO, behind, facing)
    assert covers(change("body_crop", PHOTO, seen, marker="face")) == (440, 240, 560, 420)
    with pytest.raises(SubjectNotFound, match="face"):
        change("body_crop", PHOTO, seeing(PHOTO, behind), marker="face")


def test_a_result_may_be_as_large_as_the_source():
    made = crop("face", size="source")
    assert made.size == PORTRAIT
    assert covers(made) == (440, 240, 560, 420)
    assert crop("head", size="source").size == PORTRAIT


def test_one_side_keeps_the_proportions_of_the_part():
    assert crop("face", size={"width": 60}).size == (60, 90)
    assert crop("face", size={"height": 60}).size == (40, 60)


def test_enlarging_is_reported():
    assert [loss.code for loss in crop("face", size={"width": 240}).losses] == ["enlarged"]
    assert crop("face", size={"width": 120}).losses == ()


def test_what_is_transparent_stays_so():
    made = crop("person", see_through(PORTRAIT), size={"width": 1000, "height": 1200}, fill="#ff5733")
    assert made.frames[0].tobytes() == see_through(PORTRAIT).crop((0, 200, 1000, 1400)).tobytes()


def test_a_part_that_an_earlier_step_cut_away_is_not_found():
    seen = seeing(PHOTO, person())
    legs = change("crop", PHOTO, width={"value": 1000}, height={"value": 400}, gravity="south", fit=False)
    params = {"marker": "head_to_elbows"}
    from processing import operations

    with pytest.raises(SubjectNotFound, match="not in the picture"):
        operations.get("body_crop").apply(legs, operations.parse("body_crop", params), seen)


# --- On photographs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("marker", ["face", "head", "head_to_shoulder", "head_to_elbows", "upper_half", "person"])
def test_parts_of_the_astronaut_hold_her_face(marker: BodyMarker):
    made = find(marker)
    slack = 3
    assert holds(covers(made), (FACE[0] + slack, FACE[1] + slack, FACE[2] - slack, FACE[3] - slack))


def test_parts_of_the_astronaut_lie_in_each_other():
    names: list[BodyMarker] = ["face", "head", "head_to_shoulder", "head_to_elbows", "head_to_knees"]
    boxes = [covers(find(name)) for name in names]
    for inner, outer in itertools.pairwise(boxes):
        assert inner[3] <= outer[3] + 1
        assert holds((outer[0] - 1, outer[1] - 30, outer[2] + 1, outer[3] + 1), inner)
    head, shoulders = boxes[1], boxes[2]
    assert head[1] < 40
    assert head[3] == pytest.approx(177, abs=6)
    assert shoulders[3] == pytest.approx(262, abs=25)
    assert shoulders[2] - shoulders[0] > 1.8 * (head[2] - head[0])


@pytest.mark.parametrize("marker", ["hips", "lower_half", "mid_half"])
def test_what_half_a_body_lacks_is_not_found(marker: BodyMarker):
    with pytest.raises(SubjectNotFound):
        find(marker)


def test_parts_below_half_a_body_end_with_it():
    assert covers(find("head_to_knees"))[3] == covers(find("person"))[3] == 512


def test_the_astronaut_stays_flush_with_the_border_below():
    made = find(
        "person", margins={"top": 5, "bottom": 50}, preserve_edge_contact=EVERYWHERE, size={"width": 300, "height": 600}
    )
    assert covers(made)[3] == 512
    assert made.frames[0].getpixel((150, 599)) != (0, 0, 0, 0)


def test_the_face_of_the_astronaut_comes_to_the_middle():
    left, _, right, _ = covers(find("head_to_shoulder", center_around_face=True, size={"width": 400, "height": 400}))
    assert (left + right) / 2 == pytest.approx((FACE[0] + FACE[2]) / 2, abs=2)


@pytest.mark.parametrize("border", ["left", "top"])
def test_somebody_at_the_border_is_found(border: str):
    box = {"left": (200, 0, 512, 512), "top": (0, 60, 512, 512)}[border]
    made = find("face", ASTRONAUT.crop(box))
    left, top, right, bottom = covers(made)
    inside = max(FACE[0], box[0]) + 12, max(FACE[1], box[1]) + 12, min(FACE[2], box[2]) - 12, min(FACE[3], box[3]) - 12
    assert holds((left + box[0], top + box[1], right + box[0], bottom + box[1]), inside)


def test_of_two_the_larger_is_taken():
    both = Image.new("RGB", (900, 512), (200, 200, 200))
    both.paste(ASTRONAUT.resize((300, 300)), (0, 150))
    both.paste(ASTRONAUT, (388, 0))
    left, _, right, _ = covers(find("head", both))
    assert 388 + 150 < left < right < 388 + 300


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_somebody_lying_by_exif_is_found_upright(orientation: int):
    variant = Variant((Step(operation="body_crop", params={"marker": "face"}),), Output(format="png"))
    outcome = run(turned(ASTRONAUT, orientation), [variant], limits=Limits()).outcomes[0]
    assert outcome.encoded is not None
    assert outcome.encoded.covers == pytest.approx(FACE, abs=4)


@pytest.mark.parametrize("size", [(160, 160), (2000, 2000)])
def test_small_and_large_people_are_found(size: Size):
    factor = size[0] / 512
    made = find("face", photograph("astronaut", size))
    assert covers(made) == pytest.approx(tuple(edge * factor for edge in FACE), abs=6 * factor + 1)


def test_a_mirrored_face_is_found_where_it_is():
    assert covers(find("face", ImageOps.mirror(ASTRONAUT))) == pytest.approx((241, 70, 333, 178), abs=5)


@pytest.mark.parametrize("photo", ["coffee", "chelsea"])
def test_a_cup_and_a_cat_are_nobody(photo: str):
    size = (600, 400)
    with pytest.raises(SubjectNotFound):
        find("person", photograph(photo, size))
    made = find("person", photograph(photo, size), on_missing="keep")
    assert [loss.code for loss in made.losses] == ["no_person"]
    assert made.frames[0].tobytes() == photograph(photo, size).tobytes()


def test_a_matchstick_man_is_nobody():
    drawing = Image.new("RGB", (400, 600), "white")
    pen = ImageDraw.Draw(drawing)
    pen.ellipse((160, 60, 240, 140), outline="black", width=4)
    for line in (
        (200, 140, 200, 340),
        (200, 200, 120, 280),
        (200, 200, 280, 280),
        (200, 340, 140, 540),
        (200, 340, 260, 540),
    ):
        pen.line(line, fill="black", width=4)
    with pytest.raises(SubjectNotFound):
        find("face", drawing)


# --- Parameters ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"marker": "full_body"},
        {"marker": "FACE"},
        {"margins": {"top": 101}},
        {"margins": {"left": -1}},
        {"margins": {"left": "50"}},
        {"margins": 5},
        {"size": {"width": 0}},
        {"size": {}},
        {"size": "match_to_original"},
        {"fill": "white"},
        {"preserve_edge_contact": True},
    ],
)
def test_wrong_parameters_are_refused(wrong: dict[str, Any]):
    with pytest.raises(InvalidParams):
        change("body_crop", PHOTO, Context(), **{"marker": "face", **wrong})


def test_a_marker_is_required():
    with pytest.raises(InvalidParams, match="marker"):
        change("body_crop", PHOTO)
