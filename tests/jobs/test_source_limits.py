from dataclasses import fields

import pytest

from jobs import slots
from processing.limits import Limits

NAMES = [field.name for field in fields(Limits)]


@pytest.mark.parametrize("name", NAMES)
def test_every_limit_has_a_setting_of_its_own(settings, name: str):
    setattr(settings, f"PHOTOMILL_{name.upper()}", 77)
    limits = slots.limits()
    assert getattr(limits, name) == 77
    assert 77 not in [getattr(limits, other) for other in NAMES if other != name]


def test_the_defaults_of_the_settings_are_those_of_the_limits():
    assert slots.limits() == Limits()
