"""Checks at start of what keeps people's logins safe."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from accounts.second_factor import MODES


@register()
def check_second_factor(**_: Any) -> list[CheckMessage]:
    """The setting is one of its words: a misspelt one must not open the door."""
    if settings.PHOTOMILL_REQUIRE_2FA in MODES:
        return []
    return [Error(f"PHOTOMILL_REQUIRE_2FA is none of {', '.join(MODES)}", id="accounts.E001")]
