"""Windows to the pixel: round a person of 400×1200 in 1000×1500, and round a product of 600×600 in 1200×900."""

import pytest

from processing.framing import (
    Contact,
    Frame,
    Sides,
    both,
    bounds_of,
    center_on,
    clip_box,
    find_contact,
    frame_part,
    grow_box,
    grow_inside,
    grow_to_aspect,
    height_of,
    hold_contact,
    keep_contact,
    place_span,
    resolve_output,
    round_box,
    share_of,
    width_of,
)
from processing.geometry import Box, Rect, Size

PORTRAIT = bounds_of((1000, 1500))
PERSON = (300.0, 200.0, 700.0, 1400.0)
FACE = (440.0, 240.0, 560.0, 420.0)
LANDSCAPE = bounds_of((1200, 900))
PRODUCT = (300.0, 200.0, 900.0, 800.0)
NOTHING = Sides()


def aspect_of(box: Box) -> float:
    return width_of(box) / height_of(box)


# --- Growing -------------------------------------------------------------------------------------------------------


def test_a_box_grows_by_what_each_side_is_given():
    assert grow_box(PRODUCT, Sides(top=1, right=2, bottom=3, left=4)) == (296, 199, 902, 803)


def test_shares_are_of_the_height_above_and_below_and_of_the_width_at_the_sides():
    assert share_of((0, 0, 200, 50), Sides(top=10, right=20, bottom=100, left=0)) == Sides(5, 40, 50, 0)


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ((-5, -6, 10, 12), (0, 0, 10, 12)),
        ((1190, 890, 1300, 1000), (1190, 890, 1200, 900)),
        ((1300, 10, 1400, 20), (1200, 10, 1200, 20)),
        ((-30, -30, -10, -10), (0, 0, 0, 0)),
    ],
)
def test_a_clipped_box_lies_in_its_bounds(box: Box, inside: Box):
    assert clip_box(box, LANDSCAPE) == inside


@pytest.mark.parametrize(
    ("box", "rect"),
    [
        ((250, 180, 901, 820), (250, 180, 651, 640)),
        ((0.5, 0.49, 10.5, 10.49), (1, 0, 10, 10)),
        ((3.2, 3.2, 3.3, 3.3), (3, 3, 1, 1)),
        ((19.8, 9.9, 20, 10), (19, 9, 1, 1)),
        ((-0.4, -3, 20.4, 13), (0, 0, 20, 10)),
    ],
)
def test_a_rounded_box_has_at_least_a_pixel_and_lies_in_the_picture(box: Box, rect: Rect):
    size = (1200, 900) if box[2] > 100 else (20, 10)
    assert round_box(box, size) == rect


# --- Windows inside the picture ------------------------------------------------------------------------------------


def test_a_window_takes_on_the_aspect_round_its_box():
    box = grow_box(PRODUCT, Sides(top=20, right=0, bottom=20, left=50))
    window = grow_inside(box, (1600, 1200), LANDSCAPE, core=PRODUCT)
    assert window == pytest.approx((575 - 1280 / 3, 180, 575 + 1280 / 3, 820))


def test_a_window_is_shifted_into_the_picture_before_anything_else():
    assert grow_inside((0, 0, 100, 300), (300, 300), (0, 0, 400, 300), core=(0, 0, 100, 300)) == (0, 0, 300, 300)
    assert grow_inside((350, 0, 400, 300), (1, 1), (0, 0, 400, 300), core=(350, 0, 400, 300)) == (100, 0, 400, 300)


def test_a_picture_too_small_gives_the_largest_window_that_holds_the_core():
    core = (20.0, 10.0, 110.0, 90.0)
    window = grow_inside((0, 0, 180, 100), (1, 1), (0, 0, 200, 100), core=core)
    assert (width_of(window), height_of(window)) == (100, 100)
    assert window[0] <= core[0]
    assert window[2] >= core[2]


def test_a_core_that_cannot_be_held_is_shown_in_part():
    window = grow_inside((0, 0, 200, 100), (1, 1), (0, 0, 200, 100), core=(60, 0, 180, 100))
    assert window == (60, 0, 160, 100)


@pytest.mark.parametrize("aspect", [(1, 1), (16, 9), (9, 16), (1, 50), (50, 1)])
@pytest.mark.parametrize(
    "box", [PRODUCT, (0.0, 0.0, 10.0, 10.0), (1190.5, 3.0, 1200.0, 899.0), (0.0, 0.0, 1200.0, 900.0)]
)
def test_a_window_inside_never_leaves_the_picture_and_keeps_its_aspect(box: Box, aspect: Size):
    window = grow_inside(box, aspect, LANDSCAPE, core=box)
    assert aspect_of(window) == pytest.approx(aspect[0] / aspect[1])
    assert clip_box(window, LANDSCAPE) == pytest.approx(window)


# --- Windows that may leave it -------------------------------------------------------------------------------------


def test_a_whole_person_in_two_to_three_is_not_scaled_at_all():
    assert grow_to_aspect(PERSON, (800, 1200), PORTRAIT) == (100, 200, 900, 1400)


def test_a_window_larger_than_the_picture_reaches_beyond_it_on_both_sides_alike():
    assert grow_to_aspect((0, 0, 1000, 1500), (1, 1), PORTRAIT) == (-250, 0, 1250, 1500)


def test_a_window_that_fits_does_not_leave_the_picture():
    assert grow_to_aspect((0, 0, 100, 1000), (1, 1), PORTRAIT) == (0, 0, 1000, 1000)
    assert grow_to_aspect((900, 500, 1000, 1000), (1, 1), PORTRAIT) == (500, 500, 1000, 1000)


def test_what_has_contact_keeps_it_where_the_window_grows_beyond_the_picture():
    bounds = (0.0, 0.0, 400.0, 300.0)
    holds = hold_contact(bounds, Contact(bottom=True))
    assert grow_to_aspect(bounds, (1, 1), bounds, holds) == (0, -100, 400, 300)
    holds = hold_contact(bounds, Contact(top=True))
    assert grow_to_aspect(bounds, (1, 1), bounds, holds) == (0, 0, 400, 400)


def test_contact_on_both_sides_leaves_the_middle():
    assert hold_contact((0, 10, 30, 20), Contact(top=True, right=True, bottom=True, left=True)) == (
        (15, 0.5),
        (15, 0.5),
    )


@pytest.mark.parametrize(
    ("length", "prefer", "start"),
    [(10, 50, 45), (10, 0, 20), (10, 100, 70), (80, 50, 10), (80, 0, 0), (80, 100, 20), (200, 50, -50), (200, 500, 0)],
)
def test_a_span_lies_as_near_as_its_bounds_let_it(length: float, prefer: float, start: float):
    """In a picture from 0 to 100, round something from 20 to 80."""
    assert place_span(length, hold=(prefer, 0.5), around=((20, 80), (0, 100))) == start


# --- Contact with the border ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("box", "contact"),
    [
        (PRODUCT, Contact()),
        ((6, 200, 900, 800), Contact(left=True)),
        ((6.1, 200, 900, 800), Contact()),
        ((300, 4.5, 1194, 895.5), Contact(top=True, right=True, bottom=True)),
        ((300, 4.6, 1193.9, 895.4), Contact()),
        ((-3, -3, 1210, 910), Contact(top=True, right=True, bottom=True, left=True)),
    ],
)
def test_what_lies_within_half_a_per_cent_of_the_border_touches_it(box: Box, contact: Contact):
    assert find_contact(box, LANDSCAPE) == contact


def test_in_a_small_picture_one_pixel_touches():
    assert find_contact((1, 1.1, 20, 18.9), (0, 0, 40, 20)) == Contact(left=True)


def test_sides_with_contact_lie_on_the_border():
    assert keep_contact((4, 50, 90, 95), (0, 0, 100, 100), Contact(left=True, bottom=True)) == (0, 50, 90, 100)
    assert both(Contact(top=True, left=True), Contact(left=True, right=True)) == Contact(left=True)


# --- Parts with their margins --------------------------------------------------------------------------------------


def test_a_part_without_margins_is_itself():
    assert frame_part(FACE, PORTRAIT, margins=NOTHING).box == FACE


def test_margins_are_cut_off_by_the_border():
    assert frame_part(PERSON, PORTRAIT, margins=Sides(600, 240, 600, 480)).box == (0, 0, 940, 1500)


def test_a_side_that_touches_gets_no_margin_and_lies_on_the_border():
    part = (5.0, 100.0, 400.0, 1496.0)
    everywhere = Contact(top=True, right=True, bottom=True, left=True)
    frame = frame_part(part, PORTRAIT, margins=Sides(10, 20, 30, 40), keep=everywhere)
    assert frame.box == (0, 90, 420, 1500)
    assert frame.holds == ((0, 0), (1500, 1))


def test_a_side_that_touches_but_is_not_to_be_kept_gets_its_margin():
    frame = frame_part((5, 100, 400, 1496), PORTRAIT, margins=Sides(bottom=2), keep=Contact(left=True))
    assert frame.box == (0, 100, 400, 1498)


def test_a_part_at_the_border_stays_flush_when_it_takes_on_an_aspect():
    half = (300.0, 700.0, 700.0, 1500.0)
    kept = frame_part(half, PORTRAIT, margins=Sides(80, 40, 80, 40), keep=Contact(bottom=True))
    assert kept.to_aspect((1, 2), PORTRAIT) == (260, 540, 740, 1500)
    assert kept.to_aspect((1, 4), PORTRAIT) == (260, -420, 740, 1500)


def test_a_face_lies_on_the_middle_line():
    frame = frame_part(PERSON, PORTRAIT, margins=NOTHING, center_x=450)
    assert frame.box == center_on(PERSON, 450) == (250, 200, 650, 1400)
    assert frame.to_aspect((600, 600), PORTRAIT) == (-150, 200, 1050, 1400)


def test_a_face_stays_in_the_middle_as_far_as_the_picture_reaches():
    frame = frame_part((0, 0, 400, 300), PORTRAIT, margins=NOTHING, center_x=150)
    assert frame.box == (0, 0, 350, 300)
    assert frame.to_aspect((600, 300), PORTRAIT) == (0, 0, 600, 300)
    wide = frame_part((300, 0, 700, 300), PORTRAIT, margins=NOTHING, center_x=450)
    assert wide.to_aspect((600, 300), PORTRAIT) == (150, 0, 750, 300)


def test_a_frame_holds_what_it_was_given():
    frame = Frame((10, 10, 30, 30), ((10, 0), (30, 1)))
    assert frame.to_aspect((40, 20), (0, 0, 100, 100)) == (10, 10, 50, 30)
    assert frame.to_aspect((20, 40), (0, 0, 100, 100)) == (10, 0, 30, 40)


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(None, None, None), (300, None, (300, 100)), (None, 50, (150, 50)), (10, 900, (10, 900)), (1, None, (1, 1))],
)
def test_a_missing_side_of_the_result_follows_from_the_window(width: int | None, height: int | None, size: Size | None):
    assert resolve_output(width, height, (10, 20, 70, 40)) == size
