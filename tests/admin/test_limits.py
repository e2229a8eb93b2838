"""An account's limits and a key's: an operator sets them, its people see them."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, ApiKey, AuditEntry
from accounts.plans import LIMITS
from tests.admin.tenants import Tenant


def page(tenant: Tenant) -> str:
    return reverse("admin:accounts_account_change", args=[tenant.account.pk])


def form_of(tenant: Tenant, **limits: int | str) -> dict[str, int | str]:
    return {"name": tenant.account.name, "plan": "free", **dict.fromkeys(LIMITS, ""), **limits}


def test_an_operator_sets_every_limit_and_that_is_written_down(operator: Client, a: Tenant) -> None:
    limits = {name: number for number, name in enumerate(LIMITS, 1)}
    assert operator.post(page(a), form_of(a, **limits)).status_code == 302
    account = Account.objects.get(pk=a.account.pk)
    assert {name: getattr(account, name) for name in LIMITS} == limits
    details = AuditEntry.objects.get(action="account_changed").details
    assert {name: details["changes"][name][1] for name in LIMITS} == limits


def test_an_empty_limit_is_the_plan_s(operator: Client, a: Tenant) -> None:
    Account.objects.update(max_pixels=5)
    assert operator.post(page(a), form_of(a)).status_code == 302
    assert Account.objects.get(pk=a.account.pk).max_pixels is None


@pytest.mark.parametrize("name", [name for name in LIMITS if not name.startswith("keep_")])
@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5"])
def test_a_limit_is_a_whole_number_from_one_on(name: str, value: str, operator: Client, a: Tenant) -> None:
    answer = operator.post(page(a), form_of(a, **{name: value}))
    assert list(answer.context["adminform"].errors) == [name]
    assert getattr(Account.objects.get(pk=a.account.pk), name) is None


def test_an_account_s_people_see_its_limits_and_change_none(owner: Client, a: Tenant) -> None:
    Account.objects.update(max_items_in_flight=4711)
    assert "4711" in owner.get(page(a)).content.decode()
    assert owner.post(page(a), form_of(a, max_items_in_flight=9_999_999)).status_code == 403
    assert Account.objects.get(pk=a.account.pk).max_items_in_flight == 4711


def test_an_owner_gives_a_key_fewer_requests(owner: Client, a: Tenant) -> None:
    path = reverse("admin:accounts_apikey_change", args=[a["apikey"].pk])
    owner.post(path, {"name": "production", "scopes": ["storage"], "requests_per_minute": 30})
    assert ApiKey.objects.get(pk=a["apikey"].pk).requests_per_minute == 30
    owner.post(reverse("admin:accounts_apikey_add"), {"name": "new", "scopes": [], "requests_per_minute": 7})
    assert ApiKey.objects.get(name="new").requests_per_minute == 7
