"""API keys: good until they expire or are revoked, and their use is noted without a write for every call."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.errors import BadCredentials
from accounts.keys import create_key, find_key, hash_secret
from accounts.models import Account, ApiKey

pytestmark = pytest.mark.django_db


@pytest.fixture
def made() -> tuple[ApiKey, str]:
    return create_key(Account.objects.create(name="acme"), name="production", scopes=["image_editing"])


def used_at(key: ApiKey) -> datetime | None:
    key.refresh_from_db()
    return key.last_used_at


def writes_of(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]


def test_only_the_hash_and_the_last_four_characters_are_kept(made: tuple[ApiKey, str]) -> None:
    key, secret = made
    row = ApiKey.objects.values().get(pk=key.pk)
    assert row["secret_hash"] == hash_secret(secret)
    assert row["last_four"] == secret[-4:]
    assert not any(secret in str(value) for value in row.values())


def test_the_first_use_is_noted(made: tuple[ApiKey, str]) -> None:
    key, secret = made
    assert used_at(key) is None
    find_key(secret)
    noted = used_at(key)
    assert noted is not None
    assert abs(timezone.now() - noted) < timedelta(seconds=5)


def test_a_use_within_a_minute_of_the_noted_one_writes_nothing(made: tuple[ApiKey, str]) -> None:
    key, secret = made
    find_key(secret)
    noted = used_at(key)
    with CaptureQueriesContext(connection) as queries:
        for _ in range(3):
            find_key(secret)
    assert writes_of(queries) == []
    assert len(queries) == 3
    assert used_at(key) == noted


def test_a_use_after_a_minute_is_noted_again(made: tuple[ApiKey, str]) -> None:
    key, secret = made
    before = timezone.now() - timedelta(seconds=61)
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=before)
    with CaptureQueriesContext(connection) as queries:
        find_key(secret)
        find_key(secret)
    assert len(writes_of(queries)) == 1
    noted = used_at(key)
    assert noted is not None
    assert noted > before


def test_a_refused_use_is_not_noted(made: tuple[ApiKey, str]) -> None:
    key, secret = made
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())
    with pytest.raises(BadCredentials):
        find_key(secret)
    assert used_at(key) is None


@pytest.mark.parametrize(
    "change", [{"revoked_at": timedelta()}, {"expires_at": timedelta()}, {"expires_at": timedelta(days=-1)}]
)
def test_a_key_is_refused_at_once_when_it_is_revoked_or_expired(
    made: tuple[ApiKey, str], change: dict[str, Any]
) -> None:
    key, secret = made
    assert find_key(secret) == key
    ApiKey.objects.filter(pk=key.pk).update(**{name: timezone.now() + span for name, span in change.items()})
    with pytest.raises(BadCredentials):
        find_key(secret)


def test_a_key_that_expires_later_is_good(made: tuple[ApiKey, str]) -> None:
    key, secret = made
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() + timedelta(minutes=1))
    assert find_key(secret) == key


@pytest.mark.parametrize("change", [lambda s: s[:-1], lambda s: s + "x", lambda s: s.swapcase(), hash_secret])
def test_what_is_nearly_the_secret_is_not_it(made: tuple[ApiKey, str], change: Any) -> None:
    with pytest.raises(BadCredentials):
        find_key(change(made[1]))
