"""Checks at start of what keeps people's logins and secrets safe, and of what plans allow."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from accounts.encryption import encrypt
from accounts.plans import find_faults
from accounts.second_factor import MODES


@register()
def check_second_factor(**_: Any) -> list[CheckMessage]:
    """The setting is one of its words: a misspelt one must not open the door."""
    if settings.PHOTOMILL_REQUIRE_2FA in MODES:
        return []
    return [Error(f"PHOTOMILL_REQUIRE_2FA is none of {', '.join(MODES)}", id="accounts.E001")]


@register()
def check_encryption(**_: Any) -> list[CheckMessage]:
    """The keys that are named can encrypt. Where none is named, another check says so."""
    try:
        if settings.PHOTOMILL_ENCRYPTION_KEYS:
            encrypt("")
    except ImproperlyConfigured as error:
        return [Error(str(error), id="accounts.E003")]
    return []


@register()
def check_plans(**_: Any) -> list[CheckMessage]:
    """What the setting says of plans is said of plans and limits that there are."""
    faults = find_faults(settings.PHOTOMILL_PLAN_LIMITS)
    return [Error(f"PHOTOMILL_PLAN_LIMITS: {fault}", id="accounts.E002") for fault in faults]
