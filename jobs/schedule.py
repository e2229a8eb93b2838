"""When a delivery is tried again: after the waits of its schedule, spread a little, or when the target asks."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from django.utils.http import parse_http_date_safe

from jobs.models import Delivery, Job
from storage.http import Response

SPREAD = 0.2
"""Part of a wait by which it may be shorter or longer, so that what failed together does not come back together."""

MAX_ASKED_SECONDS = 3600.0


def _no_headers(_job: Job) -> dict[str, str]:
    return {}


def _is_success(status: int) -> bool:
    return 200 <= status < 300


@dataclass(frozen=True)
class CallbackRules:
    """How a product's messages are sent.

    headers: what goes with them beside our own. own_waits: seconds between attempts, None for the settings' schedule.
    is_taken: whether an answer with this status says that the message was taken. signs_with_job_secret: whether the
    secret that came with the request signs them, rather than goes with them as it is.
    """

    headers: Callable[[Job], dict[str, str]] = _no_headers
    own_waits: Sequence[float] | None = None
    is_taken: Callable[[int], bool] = _is_success
    signs_with_job_secret: bool = False

    @property
    def waits(self) -> Sequence[float]:
        return settings.PHOTOMILL_CALLBACK_SCHEDULE if self.own_waits is None else self.own_waits


def is_used_up(delivery: Delivery, rules: CallbackRules) -> bool:
    """Whether every attempt of the schedule was begun: one at once, and one after each wait."""
    return delivery.attempts_made - delivery.attempts_before > len(rules.waits)


def next_wait(delivery: Delivery, rules: CallbackRules, answer: Response | None) -> float | None:
    """Seconds from the attempt that was made to the next; None when none is left."""
    if is_used_up(delivery, rules):
        return None
    wait = rules.waits[delivery.attempts_made - delivery.attempts_before - 1]
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
