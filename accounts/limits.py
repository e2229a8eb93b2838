"""How often an account may ask: at most so many requests in any stretch of time, shared by every web process.

Counted in fixed stretches; what the one before counts for shrinks as the present one goes on, so that no burst
across a border gets twice the limit. Refused requests are not counted: who waits as told gets through.
"""

import math
import time
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now

from accounts.errors import TooManyRequests
from accounts.models import Account, RequestWindow

# Counts one more in KEYS[2] unless that and what KEYS[1] still weighs are over the limit. One step, so that no two
# callers can both take the last place.
SCRIPT = """
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
local now = tonumber(redis.call('GET', KEYS[2]) or '0')
if math.floor(before * tonumber(ARGV[1])) + now >= tonumber(ARGV[2]) then return 0 end
redis.call('INCR', KEYS[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 1
"""
REFUND_SCRIPT = "if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then redis.call('DECR', KEYS[1]) end"


def spend_request(account: Account) -> None:
    """Count one request of this account. Raises TooManyRequests, which says when to come back."""
    per_minute = account.requests_per_minute or settings.PHOTOMILL_REQUESTS_PER_MINUTE
    # The shorter stretch first: what it refuses takes nothing from the longer one.
    spend(f"account:{account.pk}:second", account.requests_per_second or 0, 1)
    spend(f"account:{account.pk}:minute", per_minute, 60)


def spend(name: str, limit: int, seconds: int) -> None:
    """Count one use, of at most `limit` in any `seconds`; a limit of 0 is none. Raises TooManyRequests."""
    if not limit:
        return
    window, passed = divmod(time.time(), seconds)
    weight = 1 - passed / seconds
    keys = [f"photomill:rate:{name}:{int(window) + step}" for step in (-1, 0)]
    if not _take_place(keys, weight, limit, seconds):
        # A moment into the next stretch the present one weighs less than it counts.
        raise TooManyRequests(math.floor(seconds - passed) + 1)


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


def _take_place(keys: list[str], weight: float, limit: int, seconds: int) -> bool:
    if settings.PHOTOMILL_CACHE_URL == "database":
        return _take_place_in_database(keys, weight, limit, seconds)
    try:
        return bool(_script(settings.PHOTOMILL_CACHE_URL)(keys=keys, args=[weight, limit, seconds * 2]))
    except redis.RedisError:
        # The limit must hold, and requests must be answered, while the broker is down.
        return _take_place_in_database(keys, weight, limit, seconds)


def _take_place_in_database(keys: list[str], weight: float, limit: int, seconds: int) -> bool:
    before = RequestWindow.objects.filter(key=keys[0]).values_list("count", flat=True).first() or 0
    ends_at = datetime.fromtimestamp(time.time() + seconds * 2, UTC)
    RequestWindow.objects.get_or_create(key=keys[1], defaults={"ends_at": ends_at})
    free = limit - math.floor(before * weight)
    return bool(RequestWindow.objects.filter(key=keys[1], count__lt=free).update(count=F("count") + 1))


@lru_cache(maxsize=2)
def _refund_script(url: str) -> Any:
    return _connect(url).register_script(REFUND_SCRIPT)


@lru_cache(maxsize=2)
def _script(url: str) -> Any:
    return _connect(url).register_script(SCRIPT)


def _connect(url: str) -> Any:
    url = url.replace("redis+socket://", "unix://")
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
