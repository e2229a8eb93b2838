import pytest

from processing.errors import InvalidParams
from tests.images import ramps, rows_of, see_through
from tests.processing.golden import INPUT, results_of
from tests.processing.running import change, shown

PHOTO = ramps((31, 20))


@pytest.mark.parametrize(("params", "rows"), results_of("colorize"))
def test_known_results_hold_to_the_bit(params: dict, rows: list[str]):
    assert shown("colorize", INPUT, **params).tobytes() == rows_of(rows).tobytes()


def test_nothing_changes_when_nothing_is_added():
    assert shown("colorize", PHOTO, red=0, green=0, blue=0).tobytes() == PHOTO.tobytes()


def test_a_fraction_is_dropped():
    whole = shown("colorize", PHOTO, red=10, green=20, blue=30)
    assert shown("colorize", PHOTO, red=10.9, green=20.5, blue=30.1).tobytes() == whole.tobytes()


def test_alpha_stays():
    image = see_through((31, 20))
    made = shown("colorize", image, red=90, green=0, blue=9)
    assert made.getchannel("A").tobytes() == image.getchannel("A").tobytes()


@pytest.mark.parametrize("red", [-1, 255.5, "1", None])
def test_other_amounts_are_refused(red: object):
    with pytest.raises(InvalidParams, match="red"):
        change("colorize", PHOTO, red=red, green=0, blue=0)


def test_every_channel_is_required():
    with pytest.raises(InvalidParams, match="blue"):
        change("colorize", PHOTO, red=1, green=1)
