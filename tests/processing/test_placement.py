import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from processing.geometry import Length
from processing.placement import Fit, Target, scaled_size, target_size

SIDES = st.integers(1, 5000)
SIZES = st.tuples(SIDES, SIDES)
FITS = st.sampled_from(["crop", "cover", "bounds", "canvas", "outpaint"])
WIDE, PHOTO, SMALL = (2880, 1440), (2000, 1500), (128, 128)


def target(width: float | str | None, height: float | str | None, fit: Fit = "crop") -> Target:
    """Sizes as short as they are written elsewhere: 800, "50%" (of the source) or None."""
    return Target(width=length(width), height=length(height), fit=fit)


def length(value: float | str | None) -> Length | None:
    if isinstance(value, str):
        return Length(value=float(value.removesuffix("%")), unit="%", of="source")
    return value and Length(value=value)


@pytest.mark.parametrize("fit", ["crop", "cover", "bounds", "canvas", "outpaint"])
def test_without_sides_the_size_stays(fit: Fit):
    assert target_size(target(None, None, fit), picture=PHOTO, source=WIDE) == PHOTO


@pytest.mark.parametrize(
    ("fit", "scaled", "size"),
    [
        ("crop", (1600, 800), (800, 800)),
        ("cover", (1600, 800), (1600, 800)),
        ("bounds", (800, 400), (800, 400)),
        ("canvas", (800, 400), (800, 800)),
        ("outpaint", (800, 400), (800, 800)),
    ],
)
def test_both_sides_are_met_as_the_fit_says(fit: Fit, scaled: tuple[int, int], size: tuple[int, int]):
    wanted = target(800, 800, fit)
    assert scaled_size(wanted, picture=WIDE, source=WIDE) == scaled
    assert target_size(wanted, picture=WIDE, source=WIDE) == size


@pytest.mark.parametrize("fit", ["cover", "bounds", "canvas", "outpaint"])
def test_with_one_side_the_other_follows(fit: Fit):
    assert target_size(target(800, None, fit), picture=WIDE, source=WIDE) == (800, 400)
    assert target_size(target(None, 800, fit), picture=WIDE, source=WIDE) == (1600, 800)


@pytest.mark.parametrize(
    ("picture", "sides", "scaled", "size"),
    [
        (PHOTO, (1000, None), (2000, 1500), (1000, 1500)),
        (SMALL, (1000, None), (1000, 1000), (1000, 1000)),
        (PHOTO, (None, 300), (2000, 1500), (2000, 300)),
        (PHOTO, (None, 3000), (4000, 3000), (4000, 3000)),
        (PHOTO, (2000, None), (2000, 1500), (2000, 1500)),
        (PHOTO, (3000, None), (3000, 2250), (3000, 2250)),
    ],
)
def test_a_crop_with_one_side_leaves_the_other_or_lets_it_grow(picture, sides, scaled, size):
    wanted = target(*sides)
    assert scaled_size(wanted, picture=picture, source=picture) == scaled
    assert target_size(wanted, picture=picture, source=picture) == size


def test_per_cent_are_of_the_source_where_they_say_so():
    wanted = target("50%", "50%", "bounds")
    assert target_size(wanted, picture=(100, 100), source=WIDE) == (720, 720)
    assert target_size(wanted, picture=WIDE, source=WIDE) == (1440, 720)


def test_halves_are_rounded_up_and_no_side_vanishes():
    assert target_size(target("50%", "50%", "canvas"), picture=(101, 1), source=(101, 1)) == (51, 1)
    assert target_size(target(0.2, None, "bounds"), picture=PHOTO, source=PHOTO) == (1, 1)


@pytest.mark.parametrize(
    ("sides", "fit", "message"),
    [(("150%", "50%"), "bounds", "must be equal"), ((100, "50%"), "canvas", "both be in pixels or both in per cent")],
)
def test_sides_that_do_not_go_together_are_refused(sides: tuple, fit: Fit, message: str):
    with pytest.raises(ValueError, match=message):
        target(*sides, fit)


def test_only_outpainting_takes_different_per_cent():
    assert target_size(target("150%", "100%", "outpaint"), picture=(400, 300), source=(400, 300)) == (600, 300)


@given(picture=SIZES, box=SIZES, fit=FITS)
def test_no_proportion_changes_by_more_than_rounding(picture, box, fit):
    width, height = scaled_size(target(*box, fit), picture=picture, source=picture)
    assume(min(width, height) > 1)
    assert abs(width - height * picture[0] / picture[1]) <= max(1, picture[0] / picture[1])


@given(picture=SIZES, box=SIZES, fit=FITS)
def test_scaled_pictures_cover_or_fit(picture, box, fit):
    wanted = target(*box, fit)
    scaled, size = scaled_size(wanted, picture=picture, source=picture), None
    size = target_size(wanted, picture=picture, source=picture)
    covers = scaled[0] >= size[0] and scaled[1] >= size[1]
    fits = scaled[0] <= size[0] and scaled[1] <= size[1]
    assert covers if fit == "crop" else fits
    assert size == box or fit in ("cover", "bounds")


@given(picture=SIZES, side=SIDES)
def test_a_crop_with_one_side_never_has_a_gap(picture, side):
    scaled = scaled_size(target(side, None), picture=picture, source=picture)
    size = target_size(target(side, None), picture=picture, source=picture)
    assert size[0] == side
    assert size[1] == scaled[1] >= picture[1]
    assert scaled[0] >= side
