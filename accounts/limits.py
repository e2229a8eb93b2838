"""How much an account may ask: at most so many requests in any stretch of time, shared by every web process, and so
many items at once. What the numbers are is `plans`' to say; those of a source are held where it is read.

Counted in fixed stretches; what the one before counts for shrinks as the present one goes on, so that no burst
across a border gets twice the limit. Refused requests are not counted: who waits as told gets through.
"""

import math
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now

from accounts import trace
from accounts.errors import TooManyItems, TooManyRequests
from accounts.models import Account, ApiKey, RequestWindow
from accounts.plans import find_limits

# Counts one more in KEYS[2] unless that and what KEYS[1] still weighs are over the limit. One step, so that no two
# callers can both take the last place. Answers with the places that are left then; -1: there was none.
SCRIPT = """
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
local now = tonumber(redis.call('GET', KEYS[2]) or '0')
local free = tonumber(ARGV[2]) - math.floor(before * tonumber(ARGV[1])) - now
if free <= 0 then return -1 end
redis.call('INCR', KEYS[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return free - 1
"""
REFUND_SCRIPT = "if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then redis.call('DECR', KEYS[1]) end"


MINUTE_SECONDS = 60
LISTED_TENTHS = 9
"""Of the items in flight that folders may fill. What is left is for what the account's owner asks meanwhile."""

Use = tuple[str, int, int]
"""A counter's name, how much it takes, and in how many seconds."""


@dataclass(frozen=True)
class Quota:
    """What a caller may still ask. policies: limits with their seconds, the one that `remaining` speaks of first.

    remaining: -1 once a limit is exceeded. reset_seconds: until there is more.
    """

    policies: tuple[tuple[int, int], ...]
    remaining: int
    reset_seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """As `RateLimit-…` say it: `120, 120;w=60, 4;w=1`."""
        policies = [f"{limit};w={seconds}" for limit, seconds in self.policies]
        return {
            "RateLimit-Limit": ", ".join([str(self.policies[0][0]), *policies]),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }


def spend_request(account: Account, *, key: ApiKey | None = None) -> Quota | None:
    """Count one request of this account, and of this key of its. None where nothing limits them.

    Raises TooManyRequests, which says when to come back; then nothing is counted.
    """
    trace.note(account_id=account.pk)
    uses = _list_uses(account, key)
    left: list[int] = []
    for name, limit, seconds in uses:
        try:
            left.append(spend(name, limit, seconds))
        except TooManyRequests as error:
            for spent, _, stretch in uses[: len(left)]:
                refund(spent, stretch)
            error.quota = Quota(_list_policies(uses), -1, error.retry_after_seconds)
            raise
    return _measure(uses, left) if uses else None


def _list_uses(account: Account, key: ApiKey | None) -> list[Use]:
    """What a request takes from: the shorter stretch first."""
    limits = find_limits(account)
    uses = [
        (f"account:{account.pk}:second", limits.requests_per_second, 1),
        (f"key:{key.pk}:minute" if key else "", key.requests_per_minute if key else None, MINUTE_SECONDS),
        (f"account:{account.pk}:minute", limits.requests_per_minute, MINUTE_SECONDS),
    ]
    return [(name, limit, seconds) for name, limit, seconds in uses if limit]


def _list_policies(uses: list[Use]) -> tuple[tuple[int, int], ...]:
    """One policy for each stretch, the longest first: where a key and its account share one, the lower limit."""
    stretches = sorted({seconds for _, _, seconds in uses}, reverse=True)
    return tuple((min(limit for _, limit, seconds in uses if seconds == stretch), stretch) for stretch in stretches)


def _measure(uses: list[Use], left: list[int]) -> Quota:
    policies = _list_policies(uses)
    stretch = policies[0][1]
    remaining = min(count for (_, _, seconds), count in zip(uses, left, strict=True) if seconds == stretch)
    return Quota(policies, remaining, math.ceil(stretch - time.time() % stretch))


def spend(name: str, limit: int, seconds: int) -> int:
    """Count one use, of at most `limit` in any `seconds`; a limit of 0 is none. Returns how many are left.

    Raises TooManyRequests.
    """
    if not limit:
        return 0
    window, passed = divmod(time.time(), seconds)
    weight = 1 - passed / seconds
    keys = [f"photomill:rate:{name}:{int(window) + step}" for step in (-1, 0)]
    left = _take_place(keys, weight, limit, seconds)
    if left < 0:
        # A moment into the next stretch the present one weighs less than it counts.
        raise TooManyRequests(math.floor(seconds - passed) + 1)
    return left


def refund(name: str, seconds: int) -> None:
    """Give back a use that was counted a moment ago and turned out not to count."""
    key = f"photomill:rate:{name}:{int(time.time() // seconds)}"
    RequestWindow.objects.filter(key=key, count__gt=0).update(count=F("count") - 1)
    if settings.PHOTOMILL_CACHE_URL != "database":
        with suppress(redis.RedisError):
            _refund_script(settings.PHOTOMILL_CACHE_URL)(keys=[key])


def forget_windows() -> None:
    """Delete the counts of stretches that are over."""
    RequestWindow.objects.filter(ends_at__lt=Now()).delete()


def check_items(account: Account, *, in_flight: int, new: int) -> None:
    """Raise TooManyItems where an account with so many items in flight may not have so many more."""
    limit = find_limits(account).max_items_in_flight
    if limit is not None and in_flight + new > limit:
        raise TooManyItems(in_flight=in_flight, new=new, limit=limit)


def count_listable(account: Account, *, in_flight: int, most: int) -> int:
    """How many items a folder may add now, at most `most`. 0: it waits, rather than go on with a few at a time."""
    limit = find_limits(account).max_items_in_flight
    if limit is None:
        return most
    share = max(1, limit * LISTED_TENTHS // 10)
    free = share - in_flight
    return min(free, most) if free >= min(most, max(1, share // 2)) else 0


def _take_place(keys: list[str], weight: float, limit: int, seconds: int) -> int:
    """How many places are left once one is taken; -1 where there was none."""
    if settings.PHOTOMILL_CACHE_URL == "database":
        return _take_place_in_database(keys, weight, limit, seconds)
    try:
        return int(_script(settings.PHOTOMILL_CACHE_URL)(keys=keys, args=[weight, limit, seconds * 2]))
    except redis.RedisError:
        # The limit must hold, and requests must be answered, while the broker is down.
        return _take_place_in_database(keys, weight, limit, seconds)


def _take_place_in_database(keys: list[str], weight: float, limit: int, seconds: int) -> int:
    before = RequestWindow.objects.filter(key=keys[0]).values_list("count", flat=True).first() or 0
    ends_at = datetime.fromtimestamp(time.time() + seconds * 2, UTC)
    RequestWindow.objects.get_or_create(key=keys[1], defaults={"ends_at": ends_at})
    free = limit - math.floor(before * weight)
    window = RequestWindow.objects.filter(key=keys[1])
    if not window.filter(count__lt=free).update(count=F("count") + 1):
        return -1
    return max(0, free - window.values_list("count", flat=True).get())


@lru_cache(maxsize=2)
def _refund_script(url: str) -> Any:
    return _connect(url).register_script(REFUND_SCRIPT)


@lru_cache(maxsize=2)
def _script(url: str) -> Any:
    return _connect(url).register_script(SCRIPT)


def _connect(url: str) -> Any:
    url = url.replace("redis+socket://", "unix://")
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
