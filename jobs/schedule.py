"""When a delivery is tried again: the settings' schedule, spread a little, and what the target itself asks for."""

import random

from django.conf import settings
from django.utils import timezone
from django.utils.http import parse_http_date_safe

from jobs.models import Delivery
from storage.http import Response

SPREAD = 0.2
"""Part of a wait by which it may be shorter or longer, so that what failed together does not come back together."""

MAX_ASKED_SECONDS = 3600.0


def is_used_up(delivery: Delivery) -> bool:
    """Whether every attempt of the schedule was begun: one at once, and one after each wait."""
    return delivery.attempts_made - delivery.attempts_before > len(settings.PHOTOMILL_CALLBACK_SCHEDULE)


def next_wait(delivery: Delivery, answer: Response | None) -> float | None:
    """Seconds from the attempt that was made to the next; None when none is left."""
    if is_used_up(delivery):
        return None
    wait = settings.PHOTOMILL_CALLBACK_SCHEDULE[delivery.attempts_made - delivery.attempts_before - 1]
    spread = wait * random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311
    return max(spread, _asked_seconds(answer))


def _asked_seconds(answer: Response | None) -> float:
    """What Retry-After asks for, as seconds or as a date (RFC 9110 section 10.2.3), up to an hour; else 0."""
    text = answer.headers.get("retry-after", "") if answer is not None else ""
    if text.isascii() and text.isdigit():
        return min(float(text), MAX_ASKED_SECONDS)
    until = parse_http_date_safe(text)
    if until is None:
        return 0.0
    return min(max(0.0, until - timezone.now().timestamp()), MAX_ASKED_SECONDS)
