"""What the answers of a view that counts say of its caller's rate, in every product's words."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.keys import create_key
from accounts.models import Account
from jobs import dialects
from jobs.dialect import Dialect, DialectView
from jobs.errors import MalformedRequest

pytestmark = pytest.mark.django_db

NAMES = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")

every_dialect = pytest.mark.parametrize("dialect", dialects.all().values(), ids=lambda dialect: dialect.name)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still, 20 s into a minute."""
    monkeypatch.setattr("accounts.limits.time.time", lambda: 60.0 * 30_000_000 + 20)


@pytest.fixture
def secret(db: None) -> str:
    account = Account.objects.create(name="acme", requests_per_minute=3, requests_per_second=2)
    return create_key(account, name="production", scopes=["image_editing"])[1]


def ask(dialect: Dialect, secret: str, *, counted: bool = True, fails: bool = False) -> HttpResponse:
    """What a view of the dialect answers to the key, where it counts or does not."""

    class Probe(DialectView):
        dialect_name = dialect.name
        is_counted = counted

        def get(self, _request: Request) -> Response:
            self.find_caller()
            if fails:
                raise MalformedRequest("what happened")
            return Response({})

    request = RequestFactory().get("/", headers={"authorization": f"Bearer {secret}"})
    return Probe.as_view()(request).render()  # type: ignore[no-any-return]


def told(answer: HttpResponse) -> list[str | None]:
    return [answer.get(name) for name in NAMES]


@every_dialect
def test_a_view_that_counts_says_what_is_left_until_it_is_exceeded(dialect: Dialect, secret: str) -> None:
    assert told(ask(dialect, secret)) == ["3, 3;w=60, 2;w=1", "2", "40"]
    assert told(ask(dialect, secret)) == ["3, 3;w=60, 2;w=1", "1", "40"]
    refused = ask(dialect, secret)
    assert refused.status_code == dialect.statuses["too_many_requests"] == 429
    assert told(refused) == ["3, 3;w=60, 2;w=1", "-1", "2"]
    assert refused["Retry-After"] == "2"


@every_dialect
def test_an_error_s_answer_says_so_too(dialect: Dialect, secret: str) -> None:
    answer = ask(dialect, secret, fails=True)
    assert answer.status_code == dialect.statuses["malformed_request"]
    assert told(answer) == ["3, 3;w=60, 2;w=1", "2", "40"]


@every_dialect
def test_a_view_that_does_not_count_takes_nothing_and_says_nothing(dialect: Dialect, secret: str) -> None:
    for _ in range(5):
        answer = ask(dialect, secret, counted=False)
        assert (answer.status_code, told(answer)) == (200, [None] * 3)
    assert told(ask(dialect, secret))[1] == "2"


@every_dialect
def test_who_has_no_good_key_is_told_nothing(dialect: Dialect, secret: str) -> None:
    answer = ask(dialect, "api_nobody")
    assert (answer.status_code, told(answer)) == (401, [None] * 3)


@every_dialect
def test_an_account_without_limits_is_told_nothing(dialect: Dialect, secret: str, settings: Any) -> None:
    settings.PHOTOMILL_REQUESTS_PER_MINUTE = 0
    Account.objects.update(requests_per_minute=None, requests_per_second=None)
    assert told(ask(dialect, secret)) == [None] * 3
