"""What a caller is told of its limits: what they are, what is left, and when there is more."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.errors import TooManyItems, TooManyRequests
from accounts.keys import create_key
from accounts.limits import Quota, check_items, count_listable, spend_request
from accounts.models import Account, ApiKey, RequestWindow
from tests.services import redis_url, release_redis

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["database", pytest.param("redis", marks=pytest.mark.redis)])
def counter(request: pytest.FixtureRequest, settings: Any) -> Iterator[None]:
    url = "database" if request.param == "database" else redis_url()
    if url is None:
        pytest.skip("needs Redis on 127.0.0.1:6379 (apt install redis-server)")
    settings.PHOTOMILL_CACHE_URL = url
    yield
    if url != "database":
        release_redis(url)


@pytest.fixture
def clock(counter: None, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> list[float]:
    """The time that limits see: 20 s into a minute of its own, for what Redis counts stays there."""
    now = [60.0 * (40_000_000 + 10 * abs(hash(request.node.nodeid)) % 10_000_000) + 20]
    monkeypatch.setattr("accounts.limits.time.time", lambda: now[0])
    return now


def make(**limits: int | None) -> Account:
    return Account.objects.create(name="acme", **{"requests_per_minute": 120, "requests_per_second": 4, **limits})


def make_key(account: Account, per_minute: int | None) -> ApiKey:
    return create_key(account, name=f"{per_minute}", scopes=[], requests_per_minute=per_minute)[0]


def refused(account: Account, key: ApiKey | None = None) -> TooManyRequests:
    with pytest.raises(TooManyRequests) as error:
        spend_request(account, key=key)
    return error.value


def ask(account: Account, times: int, key: ApiKey | None = None) -> list[int]:
    found = [spend_request(account, key=key) for _ in range(times)]
    return [quota.remaining for quota in found if quota]


def test_the_headers_name_the_minute_first_then_each_policy(clock: list[float]) -> None:
    quota = spend_request(make())
    assert quota is not None
    assert quota.headers == {
        "RateLimit-Limit": "120, 120;w=60, 4;w=1",
        "RateLimit-Remaining": "119",
        "RateLimit-Reset": "40",
    }


def test_what_is_left_counts_down_to_nothing_and_is_minus_one_once_it_is_exceeded(clock: list[float]) -> None:
    account = make(requests_per_minute=3, requests_per_second=None)
    assert ask(account, 3) == [2, 1, 0]
    error = refused(account)
    assert error.quota == Quota(((3, 60),), -1, 41)
    assert error.retry_after_seconds == 41


def test_what_an_earlier_minute_weighs_is_not_left(clock: list[float]) -> None:
    account = make(requests_per_minute=10, requests_per_second=None)
    ask(account, 8)
    clock[0] += 70
    # Half of the minute before still counts.
    assert ask(account, 2) == [5, 4]


def test_a_second_that_is_exceeded_says_so_and_takes_nothing_from_the_minute(clock: list[float]) -> None:
    account = make()
    assert ask(account, 4) == [119, 118, 117, 116]
    error = refused(account)
    assert error.quota == Quota(((120, 60), (4, 1)), -1, error.retry_after_seconds)
    assert error.retry_after_seconds <= 2
    clock[0] += 2
    assert ask(account, 1) == [115]


def test_an_account_without_a_limit_is_told_nothing(clock: list[float], settings: Any) -> None:
    settings.PHOTOMILL_REQUESTS_PER_MINUTE = 0
    assert spend_request(make(requests_per_minute=None, requests_per_second=None)) is None
    quota = spend_request(Account.objects.create(name="b", requests_per_second=5))
    assert quota is not None
    assert quota.headers["RateLimit-Limit"] == "5, 5;w=1"


# --- keys --------------------------------------------------------------------------------------------------------


def test_a_key_has_its_own_limit_within_the_account_s(clock: list[float]) -> None:
    account = make(requests_per_second=None)
    narrow, wide = make_key(account, 2), make_key(account, None)
    quota = spend_request(account, key=narrow)
    assert quota is not None
    assert quota.headers["RateLimit-Limit"] == "2, 2;w=60"
    assert ask(account, 1, narrow) == [0]
    assert refused(account, narrow).quota == Quota(((2, 60),), -1, 41)
    assert ask(account, 1, wide) == [117], "the account's other keys go on"


def test_a_key_s_limit_above_its_account_s_says_nothing_more(clock: list[float]) -> None:
    account = make(requests_per_minute=3, requests_per_second=None)
    key = make_key(account, 100)
    assert ask(account, 3, key) == [2, 1, 0]
    assert refused(account, key).quota == Quota(((3, 60),), -1, 41)


def test_what_the_account_refuses_takes_nothing_from_the_key(clock: list[float]) -> None:
    account = make(requests_per_minute=2, requests_per_second=None)
    key = make_key(account, 3)
    ask(account, 2)
    for _ in range(5):
        refused(account, key)
    Account.objects.update(requests_per_minute=100)
    account.refresh_from_db()
    assert ask(account, 3, key) == [2, 1, 0]


def test_two_keys_do_not_count_for_each_other(clock: list[float]) -> None:
    account = make(requests_per_second=None)
    one, other = make_key(account, 1), make_key(account, 2)
    ask(account, 1, one)
    refused(account, one)
    assert ask(account, 2, other) == [1, 0]
    assert RequestWindow.objects.count() in (0, 3)


# --- items in flight ---------------------------------------------------------------------------------------------


def test_as_many_items_as_the_limit_are_taken_and_one_more_is_not() -> None:
    account = make(max_items_in_flight=10)
    check_items(account, in_flight=7, new=3)
    with pytest.raises(TooManyItems) as error:
        check_items(account, in_flight=7, new=4)
    assert error.value.code == "too_many_requests"
    assert error.value.retry_after_seconds == 10
    assert error.value.message == (
        "Too many items at once: 7 are queued or at work, this request has 4, and the account may have 10. "
        "Try again in 10 s."
    )


def test_without_a_limit_any_number_is_taken(settings: Any) -> None:
    account = make(plan="enterprise")
    check_items(account, in_flight=10**9, new=10**9)
    assert count_listable(account, in_flight=10**9, most=500) == 500


@pytest.mark.parametrize(
    ("limit", "in_flight", "most", "expected"),
    [
        (10_000, 0, 500, 500),
        (10_000, 8_500, 500, 500),
        (10_000, 8_501, 500, 0),
        (100, 0, 500, 90),
        (100, 45, 500, 45),
        (100, 46, 500, 0),
        (1, 0, 500, 1),
        (1, 1, 500, 0),
        (2, 0, 500, 1),
    ],
)
def test_folders_leave_a_tenth_free_and_go_on_in_good_pieces(
    limit: int, in_flight: int, most: int, expected: int
) -> None:
    assert count_listable(make(max_items_in_flight=limit), in_flight=in_flight, most=most) == expected
