import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.errors import InvalidParams
from processing.geometry import (
    HEIGHT,
    IDENTITY,
    NO_OFFSET,
    WIDTH,
    Length,
    Margin,
    Offset,
    compose,
    cover_size,
    inside_size,
    place,
    place_within,
    resolve_size,
    round_half_away,
    round_half_up,
    scaling,
    shifting,
)

SIDES = st.integers(1, 20_000)
SIZES = st.tuples(SIDES, SIDES)
PICTURE, SOURCE = (480, 360), (1000, 500)


@pytest.mark.parametrize(("value", "up", "away"), [(2.5, 3, 3), (-2.5, -2, -3), (2.4, 2, 2), (-2.6, -3, -3), (0, 0, 0)])
def test_halves_go_up_for_lengths_and_away_from_zero_for_offsets(value: float, up: int, away: int):
    assert round_half_up(value) == up
    assert round_half_away(value) == away


@pytest.mark.parametrize(
    ("length", "axis", "pixels"),
    [
        (Length(value=100), WIDTH, 100),
        (Length(value=100.5), WIDTH, 101),
        (Length(value=0.1), HEIGHT, 1),
        (Length(value=50, unit="%"), WIDTH, 240),
        (Length(value=50, unit="%"), HEIGHT, 180),
        (Length(value=50, unit="%h"), WIDTH, 180),
        (Length(value=50, unit="%w"), HEIGHT, 240),
        (Length(value=50, unit="%", of="source"), WIDTH, 500),
        (Length(value=50, unit="%", of="source"), HEIGHT, 250),
        (Length(value=50, unit="%w", of="source"), HEIGHT, 500),
        (Length(value=0.01, unit="%"), HEIGHT, 1),
        (Length(value=250, unit="%"), WIDTH, 1200),
    ],
)
def test_a_length_in_pixels(length: Length, axis: int, pixels: int):
    assert length.pixels(axis, picture=PICTURE, source=SOURCE) == pixels


@pytest.mark.parametrize(
    ("offset", "axis", "pixels"),
    [
        (NO_OFFSET, WIDTH, 0),
        (Offset(value=-12.5), WIDTH, -13),
        (Offset(value=25, unit="%"), WIDTH, 120),
        (Offset(value=25, unit="%"), HEIGHT, 90),
        (Offset(value=-5, unit="%"), WIDTH, -24),
    ],
)
def test_an_offset_in_pixels(offset: Offset, axis: int, pixels: int):
    assert offset.pixels(axis, PICTURE) == pixels


def test_a_missing_side_follows_from_the_proportions():
    assert resolve_size(Length(value=100), None, picture=PICTURE, source=SOURCE) == (100, 75)
    assert resolve_size(None, Length(value=100), picture=PICTURE, source=SOURCE) == (133, 100)
    assert resolve_size(Length(value=1), None, picture=(1000, 1), source=SOURCE) == (1, 1)
    assert resolve_size(Length(value=2), None, picture=(4, 5), source=SOURCE) == (2, 3)


def test_the_proportions_may_be_those_of_something_else():
    half = Length(value=50, unit="%")
    assert resolve_size(half, None, picture=PICTURE, source=SOURCE, shape=(10, 20)) == (240, 480)


def test_a_size_needs_at_least_one_side():
    with pytest.raises(InvalidParams):
        resolve_size(None, None, picture=PICTURE, source=SOURCE)


@pytest.mark.parametrize(
    ("gravity", "corner"),
    [
        ("northwest", (5, 7)),
        ("north", (50 - 10 + 5, 7)),
        ("northeast", (101 - 21 - 5, 7)),
        ("west", (5, 40 - 5 + 7)),
        ("center", (50 - 10 + 5, 40 - 5 + 7)),
        ("east", (101 - 21 - 5, 40 - 5 + 7)),
        ("southwest", (5, 81 - 11 - 7)),
        ("south", (50 - 10 + 5, 81 - 11 - 7)),
        ("southeast", (101 - 21 - 5, 81 - 11 - 7)),
    ],
)
def test_offsets_move_inward_from_an_edge_and_right_or_down_in_the_middle(gravity: str, corner: tuple[int, int]):
    assert place((21, 11), (101, 81), gravity, (5, 7)) == corner


@given(
    inner=SIZES, outer=SIZES, x=st.integers(-30_000, 30_000), gravity=st.sampled_from(["west", "center", "southeast"])
)
def test_a_box_placed_within_never_sticks_out(inner, outer, x, gravity):
    inner = min(inner[0], outer[0]), min(inner[1], outer[1])
    left, top = place_within(inner, outer, gravity, (x, -x))
    assert 0 <= left <= outer[0] - inner[0]
    assert 0 <= top <= outer[1] - inner[1]


@given(picture=SIZES, box=SIZES)
def test_covering_leaves_no_gap_and_touches_one_side(picture, box):
    width, height = cover_size(picture, box)
    assert width >= box[0]
    assert height >= box[1]
    assert width == box[0] or height == box[1]


@given(picture=SIZES, box=SIZES)
def test_fitting_inside_sticks_out_nowhere_and_touches_one_side(picture, box):
    width, height = inside_size(picture, box)
    assert 1 <= width <= box[0]
    assert 1 <= height <= box[1]
    assert width == box[0] or height == box[1]


@pytest.mark.parametrize(
    ("margin", "pixels"),
    [
        (Margin(value=30), 30),
        (Margin(value=30.5), 31),
        (Margin(value=0), 0),
        (Margin(value=12.5, unit="%"), 13),
        (Margin(value=250, unit="%"), 250),
    ],
)
def test_margins_are_measured_along_a_side(margin: Margin, pixels: int):
    assert margin.pixels(100) == pixels


def test_no_margin_is_negative():
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        Margin(value=-1)


def test_maps_are_composed_in_the_order_of_their_names():
    cut_then_scaled = compose(shifting(10, 20), scaling((100, 80), (50, 80)))
    assert cut_then_scaled == (2.0, 0.0, 20.0, 0.0, 1.0, 20.0)
    assert compose(IDENTITY, shifting(3, 4)) == shifting(3, 4) == compose(shifting(3, 4), IDENTITY)
