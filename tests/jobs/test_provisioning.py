"""Accounts from a file, as often as one likes."""

import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.keys import find_key
from accounts.models import Account, ApiKey, Domain, User
from accounts.plans import LIMITS
from jobs.models import Recipe, Service
from jobs.provisioning import ProvisionError, provision
from jobs.secrets import find_service_by_secret, live_signing_secrets
from storage.models import Connection

pytestmark = pytest.mark.django_db

WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def content(tmp_path: Path) -> dict[str, Any]:
    """A file that names one of everything."""
    account = {
        "name": "acme",
        "plan": "enterprise",
        "credits": None,
        "payment_due": False,
        "limits": {"requests_per_minute": 120, "requests_per_second": 4},
        "users": [{"email": "Ops@acme.example", "password": "first-password", "name": "Ops", "role": "owner"}],
        "api_keys": [{"name": "production", "secret": "api_test1234", "scopes": ["image_editing", "storage"]}],
        "domains": ["Shop.acme.example"],
        "storages": [
            {"name": "photos", "type": "local", "parameters": {"path": str(tmp_path)}},
            {
                "name": "bucket",
                "type": "s3",
                "private": True,
                "parameters": {
                    "bucket": "b",
                    "path": "",
                    "endpoint_url": "http://127.0.0.1:9",
                    "credentials": {"access_key": "AK", "secret_access_key": "planted-secret"},
                },
            },
        ],
        "services": [
            {"id": 1, "secret": "tokA", "storage": "photos", "allowed_ips": ["10.0.0.0/8"], "callback_secret": WHSEC}
        ],
        "recipes": [
            {
                "id": "recipe-id-1",
                "name": "Small",
                "steps": [{"operation": "resize", "params": {"width": {"value": 100}}}],
                "output": {"format": "jpeg"},
            }
        ],
    }
    return {"accounts": [account]}


def test_everything_that_the_file_names_is_there(content: dict[str, Any]) -> None:
    assert provision(content)
    account = Account.objects.get(name="acme")
    assert (account.plan, account.requests_per_minute, account.requests_per_second) == ("enterprise", 120, 4)
    user = User.objects.get(email="ops@acme.example")
    assert user.check_password("first-password")
    assert (user.account, user.role) == (account, "owner")
    assert find_key("api_test1234").account == account
    assert Domain.objects.get().host == "shop.acme.example"
    assert Connection.objects.get(name="bucket").credentials["secret_access_key"] == "planted-secret"
    assert "credentials" not in Connection.objects.get(name="bucket").parameters
    service = find_service_by_secret("tokA")
    assert (service.number, service.connection.name, service.allowed_ips) == (1, "photos", ["10.0.0.0/8"])
    assert live_signing_secrets(service) == [WHSEC]
    assert Recipe.objects.get().latest.number == 1


def test_the_same_file_again_changes_nothing(content: dict[str, Any]) -> None:
    provision(copy.deepcopy(content))
    assert provision(content) == []


def test_a_changed_file_changes_just_what_differs(content: dict[str, Any]) -> None:
    provision(copy.deepcopy(content))
    content["accounts"][0]["plan"] = "pro"
    content["accounts"][0]["recipes"][0]["steps"][0]["params"]["width"]["value"] = 200
    content["accounts"][0]["users"][0]["password"] = "another"
    changes = provision(content)
    assert changes == ["account acme: changed", "recipe recipe-id-1: version 2"]
    assert [version.steps[0]["params"]["width"]["value"] for version in Recipe.objects.get().versions.all()] == [
        200,
        100,
    ]
    assert User.objects.get().check_password("first-password"), "people change their own"


def test_what_was_revoked_stays_revoked(content: dict[str, Any]) -> None:
    provision(copy.deepcopy(content))
    ApiKey.objects.update(revoked_at=timezone.now())
    Service.objects.get().secrets.update(revoked_at=timezone.now())
    assert provision(content) == []
    assert ApiKey.objects.get().revoked_at is not None
    assert not Service.objects.get().secrets.filter(revoked_at=None).exists()


def test_a_service_without_a_callback_secret_gets_one_once(content: dict[str, Any]) -> None:
    del content["accounts"][0]["services"][0]["callback_secret"]
    provision(copy.deepcopy(content))
    first = live_signing_secrets(Service.objects.get())
    assert len(first) == 1
    provision(content)
    assert live_signing_secrets(Service.objects.get()) == first


def test_every_limit_of_an_account_and_of_a_key_can_be_in_the_file(content: dict[str, Any]) -> None:
    limits = {name: number for number, name in enumerate(LIMITS, 1)}
    entry = content["accounts"][0]
    entry["limits"] = dict(limits)
    entry["api_keys"][0] |= {"requests_per_minute": 30, "expires_at": "2030-01-02T03:04:05Z"}
    provision(copy.deepcopy(content))
    account, key = Account.objects.get(), ApiKey.objects.get()
    assert {name: getattr(account, name) for name in LIMITS} == limits
    assert key.requests_per_minute == 30
    assert key.expires_at == datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert provision(copy.deepcopy(content)) == []
    entry["api_keys"][0]["requests_per_minute"] = None
    assert provision(content) == ["API key production (…1234): changed"]
    assert ApiKey.objects.get().requests_per_minute is None


def test_limits_that_the_file_does_not_name_stay_and_null_takes_one_away(content: dict[str, Any]) -> None:
    provision(copy.deepcopy(content))
    Account.objects.update(max_pixels=5, keep_jobs_days=7)
    ApiKey.objects.update(requests_per_minute=9)
    assert provision(copy.deepcopy(content)) == []
    content["accounts"][0]["limits"]["max_pixels"] = None
    assert provision(content) == ["account acme: changed"]
    account = Account.objects.get()
    assert (account.max_pixels, account.keep_jobs_days, account.requests_per_minute) == (None, 7, 120)
    assert ApiKey.objects.get().requests_per_minute == 9


def test_a_variable_is_the_environments(content: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    content["accounts"][0]["services"][0]["secret"] = "${OLD_SECRET}"
    monkeypatch.setenv("OLD_SECRET", "from-outside")
    provision(content)
    assert find_service_by_secret("from-outside").number == 1


def test_a_variable_that_is_not_set_is_named(content: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    content["accounts"][0]["services"][0]["secret"] = "${OLD_SECRET}"
    monkeypatch.delenv("OLD_SECRET", raising=False)
    with pytest.raises(ProvisionError, match="OLD_SECRET"):
        provision(content)


FAULTS: dict[str, tuple[Any, str]] = {
    "an unknown name": (lambda account: account.update(colour="red"), r"accounts\[0\]\.colour"),
    "an unknown plan": (lambda account: account.update(plan="gold"), r"accounts\[0\]\.plan"),
    "an unknown kind": (lambda account: account["storages"][0].update(type="ftp"), r"storages\[0\].*ftp"),
    "a missing parameter": (
        lambda account: account["storages"][1]["parameters"].pop("bucket"),
        r"storages\[1\].*bucket",
    ),
    "an unknown storage": (lambda account: account["services"][0].update(storage="none"), r"services\[0\].*none"),
    "a bad address": (lambda account: account["services"][0].update(allowed_ips=["here"]), r"services\[0\].*here"),
    "a bad signing secret": (
        lambda account: account["services"][0].update(callback_secret="x"),
        r"services\[0\].*whsec_",
    ),
    "an unknown operation": (
        lambda account: account["recipes"][0]["steps"][0].update(operation="x"),
        r"recipes\[0\].*steps\[0\]",
    ),
    "an unknown limit": (lambda account: account["limits"].update(speed=1), r"accounts\[0\]\.limits\.speed"),
    "a limit of nothing": (lambda account: account["limits"].update(max_pixels=0), r"limits\.max_pixels"),
    "a limit of a key that is none": (
        lambda account: account["api_keys"][0].update(requests_per_minute=0),
        r"api_keys\[0\]\.requests_per_minute",
    ),
    "an end without a time zone": (
        lambda account: account["api_keys"][0].update(expires_at="2030-01-01T00:00:00"),
        r"api_keys\[0\]\.expires_at",
    ),
    "a bad scope": (lambda account: account["api_keys"][0].update(scopes=["all"]), r"api_keys\[0\]\.scopes"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_by_its_place_and_nothing_is_written(content: dict[str, Any], fault: str) -> None:
    spoil, where = FAULTS[fault]
    spoil(content["accounts"][0])
    with pytest.raises(ProvisionError, match=where):
        provision(content)
    assert not Account.objects.exists()


@pytest.mark.parametrize("part", ["users", "api_keys", "services"])
def test_what_belongs_to_another_account_is_refused(content: dict[str, Any], part: str) -> None:
    provision(copy.deepcopy(content))
    other = {"name": "bob", "storages": content["accounts"][0]["storages"], part: content["accounts"][0][part]}
    with pytest.raises(ProvisionError, match="another"):
        provision({"accounts": [other]})
    assert not Account.objects.filter(name="bob").exists()


def test_the_command_says_what_is_wrong_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("provision", str(tmp_path / "missing.yaml"))
    path = tmp_path / "broken.yaml"
    path.write_text("accounts: [")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("provision", str(path))
