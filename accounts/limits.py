"""How often an account may ask: counted in fixed stretches of time, atomically, shared by every web process."""

import math
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from django.db import transaction
from django.db.models import F

from accounts.errors import TooManyRequests
from accounts.models import Account, RequestWindow


def spend_request(account: Account) -> None:
    """Count one request of this account. Raises TooManyRequests, which says when to come back."""
    per_minute = account.requests_per_minute or settings.PHOTOMILL_REQUESTS_PER_MINUTE
    spend(f"account:{account.pk}:second", account.requests_per_second or 0, 1)
    spend(f"account:{account.pk}:minute", per_minute, 60)


def spend(name: str, limit: int, seconds: int) -> None:
    """Count one use in the current stretch of `seconds`. A limit of 0 is none. Raises TooManyRequests."""
    if not limit:
        return
    now = time.time()
    window = math.floor(now / seconds)
    if _count(f"photomill:rate:{name}:{window}", seconds) > limit:
        raise TooManyRequests(max(1, math.ceil((window + 1) * seconds - now)))


def _count(key: str, seconds: int) -> int:
    if settings.PHOTOMILL_CACHE_URL == "database":
        return _count_in_database(key, seconds)
    pipeline = _redis(settings.PHOTOMILL_CACHE_URL).pipeline()
    pipeline.incr(key)
    pipeline.expire(key, seconds * 2)
    try:
        return int(pipeline.execute()[0])
    except redis.RedisError:
        # The limit must hold, and requests must be answered, while the broker is down.
        return _count_in_database(key, seconds)


def _count_in_database(key: str, seconds: int) -> int:
    ends_at = datetime.fromtimestamp(time.time() + seconds * 2, UTC)
    with transaction.atomic():
        RequestWindow.objects.get_or_create(key=key, defaults={"ends_at": ends_at})
        RequestWindow.objects.filter(key=key).update(count=F("count") + 1)
        return RequestWindow.objects.values_list("count", flat=True).get(key=key)


@lru_cache(maxsize=2)
def _redis(url: str) -> Any:
    url = url.replace("redis+socket://", "unix://")
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
