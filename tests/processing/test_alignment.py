import pytest

from processing.alignment import Axis, Side, lay_on_canvas
from processing.errors import InvalidParams
from processing.framing import height_of, width_of
from processing.geometry import Box, Margin, Size

SUBJECT = (300.0, 200.0, 900.0, 800.0)


def per_cent(value: float) -> Margin:
    return Margin(value=value, unit="%")


def pixels(value: float) -> Margin:
    return Margin(value=value)


def all_round(margin: Margin, side: Side = "middle", aligned: Margin = pixels(0)) -> Axis:  # noqa: B008
    return Axis(near=margin, far=margin, side=side, aligned=aligned)


def on_canvas(canvas: Size, across: Axis, down: Axis, subject: Box = SUBJECT) -> Box:
    """Where the subject lies on the canvas."""
    window = lay_on_canvas(subject, canvas, across, down)
    assert canvas[0] / width_of(window) == pytest.approx(canvas[1] / height_of(window))
    factor = canvas[0] / width_of(window)
    left, top, right, bottom = ((subject[n] - window[n % 2]) * factor for n in range(4))
    return left, top, right, bottom


def test_the_worked_example_of_a_product_with_eight_per_cent_all_round():
    box = on_canvas((2000, 3000), all_round(per_cent(8)), all_round(per_cent(8)))
    assert (round(box[0]), round(box[1])) == (138, 638)
    assert (round(width_of(box)), round(height_of(box))) == (1724, 1724)


def test_without_margins_the_subject_fills_the_canvas_one_way():
    assert on_canvas((1000, 1500), Axis(), Axis()) == pytest.approx((0, 250, 1000, 1250))


def test_margins_in_pixels_are_the_canvases_own():
    box = on_canvas((1000, 1000), all_round(pixels(100)), all_round(pixels(50)))
    assert box == pytest.approx((100, 100, 900, 900))


def test_pixels_and_per_cent_may_be_mixed():
    across = Axis(near=pixels(100), far=per_cent(50))
    assert on_canvas((1000, 3000), across, Axis()) == pytest.approx((100, 1200, 700, 1800))


def test_unlike_margins_leave_the_middle_to_the_box_with_its_margins():
    box = on_canvas((1000, 1000), Axis(far=per_cent(20)), Axis(near=per_cent(40)), subject=(0, 0, 100, 100))
    size = 1000 / 1.4
    assert box == pytest.approx(((1000 - 1.2 * size) / 2, 0.4 * size, (1000 - 1.2 * size) / 2 + size, 1000))


@pytest.mark.parametrize(
    ("side", "aligned", "left"),
    [
        ("near", 0, 48),
        ("near", 5, 48),
        ("near", 10, 60),
        ("far", 0, 2000 - 600 - 48),
        ("far", 10, 2000 - 600 - 60),
        ("middle", 10, 700),
    ],
)
def test_an_aligned_subject_keeps_the_larger_of_both_margins(side: Side, aligned: float, left: float):
    across = all_round(per_cent(8), side, per_cent(aligned))
    box = on_canvas((2000, 600), across, Axis())
    assert (box[0], width_of(box)) == pytest.approx((left, 600))


def test_below_is_aligned_like_beside():
    down = all_round(pixels(0), "far", per_cent(10))
    assert on_canvas((600, 2000), Axis(), down) == pytest.approx((0, 1340, 600, 1940))


@pytest.mark.parametrize("aligned", [0, 10, 50, 300])
@pytest.mark.parametrize("margin", [pixels(0), pixels(120), per_cent(5), per_cent(80)])
@pytest.mark.parametrize("side", ["near", "middle", "far"])
@pytest.mark.parametrize("canvas", [(1000, 1000), (300, 2000), (2000, 300)])
def test_no_alignment_pushes_the_subject_off_the_canvas(side: Side, margin: Margin, aligned: float, canvas: Size):
    axis = all_round(margin, side, per_cent(aligned))
    box = on_canvas(canvas, axis, axis)
    room = margin.exact(width_of(box)) - 1e-6
    assert min(box[0], box[1]) >= room
    assert max(box[2] - canvas[0], box[3] - canvas[1]) <= -room


def test_margins_that_leave_nothing_are_refused():
    with pytest.raises(InvalidParams, match="leave no room") as caught:
        lay_on_canvas(SUBJECT, (1000, 1000), all_round(pixels(500)), Axis())
    assert caught.value.param == "margins"


def test_a_small_subject_is_enlarged():
    assert on_canvas((1000, 1000), Axis(), Axis(), subject=(10, 10, 11, 12)) == pytest.approx((250, 0, 750, 1000))
