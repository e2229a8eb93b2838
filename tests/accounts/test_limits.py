"""At most so many requests in any stretch of time, also across its borders and from many at once."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from accounts.errors import TooManyRequests
from accounts.limits import forget_windows, spend
from accounts.models import RequestWindow
from tests.services import redis_url, release_redis

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["database", pytest.param("redis", marks=pytest.mark.redis)])
def counter(request: pytest.FixtureRequest, settings: Any) -> Iterator[str]:
    """Where requests are counted."""
    url = "database" if request.param == "database" else redis_url()
    if url is None:
        pytest.skip("needs Redis on 127.0.0.1:6379 (apt install redis-server)")
    settings.PHOTOMILL_CACHE_URL = url
    yield str(request.param)
    if url != "database":
        release_redis(url)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that limits see: its one entry, a whole number of minutes at first."""
    now = [60.0 * 30_000_000]
    monkeypatch.setattr("accounts.limits.time.time", lambda: now[0])
    return now


def admitted(name: str, count: int, *, limit: int = 10, seconds: int = 60) -> int:
    """How many of so many uses get through."""
    taken = 0
    for _ in range(count):
        try:
            spend(name, limit, seconds)
        except TooManyRequests:
            continue
        taken += 1
    return taken


def test_the_first_over_the_limit_is_refused_and_told_when_to_come_back(counter: str, clock: list[float]) -> None:
    assert admitted("a", 10) == 10
    clock[0] += 20
    with pytest.raises(TooManyRequests) as refused:
        spend("a", 10, 60)
    assert refused.value.retry_after_seconds == 41
    clock[0] += 41
    spend("a", 10, 60)


def test_a_burst_across_a_border_gets_no_more_than_the_limit(counter: str, clock: list[float]) -> None:
    clock[0] += 58
    assert admitted("b", 5) == 5
    clock[0] += 4
    assert admitted("b", 20) in (5, 6)


def test_refused_requests_do_not_keep_the_door_shut(counter: str, clock: list[float]) -> None:
    assert admitted("c", 500) == 10
    clock[0] += 120
    assert admitted("c", 10) == 10


def test_a_limit_of_none_counts_nothing(counter: str) -> None:
    assert admitted("d", 100, limit=0) == 100


def test_of_many_at_once_no_more_than_the_limit_get_through(counter: str, clock: list[float]) -> None:
    gate = threading.Barrier(16)

    def ask(_number: int) -> int:
        try:
            gate.wait(timeout=20)
            return admitted("e", 20, limit=100)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(ask, range(16))) == 100


def test_counts_of_stretches_that_are_over_are_deleted(clock: list[float], settings: Any) -> None:
    settings.PHOTOMILL_CACHE_URL = "database"
    clock[0] = 1_000_000.0
    spend("f", 5, 60)
    assert RequestWindow.objects.count() == 1
    forget_windows()
    assert RequestWindow.objects.count() == 0


def test_the_limit_holds_while_redis_is_away(settings: Any, clock: list[float]) -> None:
    settings.PHOTOMILL_CACHE_URL = "redis://127.0.0.1:1/0"
    assert admitted("g", 12) == 10
