"""The secrets of a service, from the making to the last day."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.errors import BadCredentials
from accounts.models import Account
from accounts.signing import SECRET_PREFIX, check_signing_secret, make_signing_secret
from jobs.models import Service, ServiceSecret
from jobs.secrets import (
    find_service_by_secret,
    issue_secret,
    issue_signing_secret,
    live_secrets,
    live_signing_secrets,
)
from storage.models import Connection

pytestmark = pytest.mark.django_db


def make_service(number: int = 1) -> Service:
    account = Account.objects.create(name=f"account {number}")
    connection = Connection.objects.create(account=account, name="shop", kind="s3", parameters={"bucket": "b"})
    return Service.objects.create(number=number, account=account, connection=connection)


@pytest.fixture
def service() -> Service:
    return make_service()


def test_a_secret_finds_its_service(service: Service) -> None:
    secret = issue_secret(service)
    other = issue_secret(make_service(2))
    assert find_service_by_secret(secret) == service
    assert find_service_by_secret(other).number == 2


def test_an_unknown_secret_is_refused_in_the_words_of_the_contract(service: Service) -> None:
    issue_secret(service)
    with pytest.raises(BadCredentials) as refused:
        find_service_by_secret("svc_nobody")
    assert refused.value.message == "Invalid Secret"


def test_neither_the_secret_nor_a_part_beyond_four_characters_is_kept(service: Service) -> None:
    secret = issue_secret(service)
    row = ServiceSecret.objects.values().get()
    assert row["last_four"] == secret[-4:]
    assert secret[:-4] not in str(row)


def test_the_secret_before_stays_good_for_a_day(service: Service) -> None:
    first, second = issue_secret(service), issue_secret(service)
    assert find_service_by_secret(first) == find_service_by_secret(second) == service
    until = ServiceSecret.objects.get(last_four=first[-4:]).expires_at
    assert until is not None
    assert timedelta(hours=23, minutes=59) < until - timezone.now() <= timedelta(hours=24)


def test_a_third_secret_revokes_the_oldest(service: Service) -> None:
    first, second, third = issue_secret(service), issue_secret(service), issue_secret(service)
    assert [row.last_four for row in live_secrets(service)] == [third[-4:], second[-4:]]
    with pytest.raises(BadCredentials):
        find_service_by_secret(first)


def test_a_secret_ends_when_its_day_is_over(service: Service) -> None:
    secret = issue_secret(service)
    ServiceSecret.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(BadCredentials):
        find_service_by_secret(secret)


def test_replacing_never_lengthens_a_life(service: Service) -> None:
    issue_secret(service)
    soon = timezone.now() + timedelta(minutes=5)
    ServiceSecret.objects.update(expires_at=soon)
    issue_secret(service)
    assert ServiceSecret.objects.filter(expires_at=soon).count() == 1


def test_a_secret_of_the_old_service_can_be_brought_along(service: Service) -> None:
    assert issue_secret(service, "old-secret") == "old-secret"
    assert find_service_by_secret("old-secret") == service


@pytest.mark.parametrize("secret", ["", "abc", "with space", "naïve", "line\nbreak"])
def test_a_secret_that_no_header_can_carry_is_refused(service: Service, secret: str) -> None:
    with pytest.raises(ValidationError):
        issue_secret(service, secret)
    assert not live_secrets(service)


def test_a_secret_that_was_ever_used_cannot_be_brought_again(service: Service) -> None:
    issue_secret(service, "old-secret")
    ServiceSecret.objects.update(revoked_at=timezone.now())
    with pytest.raises(ValidationError, match="already"):
        issue_secret(make_service(2), "old-secret")


def test_callbacks_are_signed_with_the_new_secret_and_the_one_before(service: Service) -> None:
    secrets = [issue_signing_secret(service) for _ in range(3)]
    assert all(check_signing_secret(secret) is None for secret in secrets)
    assert live_signing_secrets(service) == [secrets[2], secrets[1]]


def test_a_callback_secret_can_be_brought_along(service: Service) -> None:
    secret = make_signing_secret()
    assert issue_signing_secret(service, secret) == secret
    assert live_signing_secrets(service) == [secret]


@pytest.mark.parametrize("secret", ["short", SECRET_PREFIX + "AAAA", SECRET_PREFIX + "!!"])
def test_a_callback_secret_of_another_form_is_refused(service: Service, secret: str) -> None:
    with pytest.raises(ValidationError):
        issue_signing_secret(service, secret)
    assert live_signing_secrets(service) == []
