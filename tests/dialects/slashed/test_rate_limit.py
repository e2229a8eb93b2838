"""How often an account may ask, whoever counts."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.errors import TooManyRequests
from accounts.limits import spend
from accounts.models import Account
from tests import services
from tests.dialects.slashed.calls import Clock, call, count_rows, get, message, post, request_of

pytestmark = pytest.mark.django_db

LIMIT = 5


@pytest.fixture
def limited(shop: object, minute: Clock) -> Clock:
    """Alice may ask five times a minute. Gives the clock that decides which minute it is."""
    Account.objects.filter(name="alice").update(requests_per_minute=LIMIT)
    return minute


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    url = services.redis_url()
    if url is None:
        pytest.skip("needs Redis on 127.0.0.1:6379")
    yield url
    services.release_redis(url)


def ask(client: Client, times: int) -> list[int]:
    return [get(client, "/request/x").status_code for _ in range(times)]


def expect_limit(client: Client) -> None:
    assert ask(client, LIMIT) == [404] * LIMIT
    answer = post(client, "/request", request_of())
    assert message(answer, 429) == "Too many requests. Try again in 31 s."
    assert answer.headers["retry-after"] == "31"
    assert count_rows() == 0


def test_one_request_over_the_limit_is_429_and_told_when_to_come_back(client: Client, limited: Clock) -> None:
    expect_limit(client)


@pytest.mark.parametrize(("method", "path"), [("POST", "/request"), ("POST", "/retry"), ("PUT", "/request")])
def test_every_operation_is_limited(client: Client, limited: Clock, method: str, path: str) -> None:
    ask(client, LIMIT)
    message(call(client, method, path, b"{"), 429)


def test_requests_that_are_refused_count_too(client: Client, limited: Clock) -> None:
    for _ in range(LIMIT):
        assert post(client, "/request", b"{").status_code == 400
    assert ask(client, 1) == [429]


def test_requests_without_a_good_secret_take_nothing_from_anyone(client: Client, limited: Clock) -> None:
    for _ in range(LIMIT + 1):
        assert get(client, "/request/x", token="nope").status_code == 401
    assert ask(client, 1) == [404]


def test_who_comes_back_when_told_gets_through_and_after_a_quiet_minute_all_is_free(
    client: Client, limited: Clock
) -> None:
    assert ask(client, LIMIT + 1)[-1] == 429
    limited.now += 29.9
    assert get(client, "/request/x").headers["retry-after"] == "1"
    limited.now += 1
    assert ask(client, 1) == [404]
    limited.now += 120
    assert ask(client, LIMIT + 1) == [404] * LIMIT + [429]


def test_all_services_of_an_account_share_its_limit_and_no_other_account_does(client: Client, limited: Clock) -> None:
    for _ in range(LIMIT):
        get(client, "/request/x", token="tokA3", REMOTE_ADDR="192.1.1.68")
    assert ask(client, 1) == [429]
    assert get(client, "/request/x", token="tokB").status_code == 404


def test_a_limit_a_second_holds_beside_that_a_minute(client: Client, limited: Clock) -> None:
    Account.objects.filter(name="alice").update(requests_per_second=2)
    assert ask(client, 3) == [404, 404, 429]
    assert get(client, "/request/x").headers["retry-after"] == "2"
    limited.now += 2
    assert ask(client, 2) == [404, 404]


def test_an_account_without_a_limit_of_its_own_has_the_server_s(
    client: Client, limited: Clock, settings: Settings
) -> None:
    Account.objects.update(requests_per_minute=None)
    settings.PHOTOMILL_REQUESTS_PER_MINUTE = 2
    assert ask(client, 3) == [404, 404, 429]


@pytest.mark.redis
def test_the_limit_holds_on_redis(client: Client, limited: Clock, settings: Settings, redis_url: str) -> None:
    settings.PHOTOMILL_CACHE_URL = redis_url
    expect_limit(client)


@pytest.mark.redis
def test_fifty_at_once_get_no_more_than_the_limit_from_redis(settings: Settings, redis_url: str) -> None:
    settings.PHOTOMILL_CACHE_URL = redis_url
    with ThreadPoolExecutor(50) as pool:
        admitted = sum(pool.map(lambda _: may_spend("fifty at once", 20), range(200)))
    assert admitted == 20


def may_spend(name: str, limit: int) -> bool:
    """Whether one more is within the limit of a day, so that no test meets the end of the stretch of time."""
    try:
        spend(name, limit, 86_400)
    except TooManyRequests:
        return False
    return True


@pytest.mark.parametrize("kind", ["refused", "silent"])
def test_the_limit_holds_while_redis_is_down(client: Client, limited: Clock, settings: Settings, kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if kind == "refused":
            server.close()
        settings.PHOTOMILL_CACHE_URL = f"redis://127.0.0.1:{port}/0?socket_timeout=0.05"
        expect_limit(client)
