"""The page of services."""

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import Service
from tests.admin.tenants import Tenant, send_form

ADD = reverse("admin:jobs_service_add")


def test_the_number_is_the_next_free_one_when_none_is_given(operator: Client, a: Tenant, b: Tenant) -> None:
    sent = {"account": a.account.pk, "name": "x", "connection": a["connection"].pk, "number": ""}
    assert operator.post(ADD, sent).status_code == 302
    assert Service.objects.get(name="x").number == 13
    assert operator.post(ADD, {**sent, "name": "y", "number": "99"}).status_code == 302
    assert Service.objects.get(name="y").number == 99


def test_a_number_is_taken_once(operator: Client, a: Tenant) -> None:
    sent = {"account": a.account.pk, "connection": a["connection"].pk, "number": "11"}
    assert "already exists" in operator.post(ADD, sent).content.decode()


def test_an_owner_is_given_a_number_and_cannot_choose_it(owner: Client, a: Tenant, b: Tenant) -> None:
    sent = {"name": "x", "connection": a["connection"].pk, "number": "4711"}
    assert owner.post(ADD, sent).status_code == 302
    made = Service.objects.get(name="x")
    assert (made.number, made.account) == (13, a.account)


def test_a_storage_of_another_account_is_refused(operator: Client, a: Tenant, b: Tenant) -> None:
    sent = {"account": a.account.pk, "connection": b["connection"].pk, "number": ""}
    assert "another account" in operator.post(ADD, sent).content.decode()


def test_addresses_are_written_one_a_line(owner: Client, a: Tenant) -> None:
    path = reverse("admin:jobs_service_change", args=[a["service"].pk])
    ranges = ["203.0.113.7", "203.0.113.0/24", "203.0.113.7-203.0.113.20"]
    sent = {"connection": a["connection"].pk, "allowed_ips": "\n".join([*ranges, ""])}
    assert send_form(owner, path, **sent).status_code == 302
    assert Service.objects.get(pk=a["service"].pk).allowed_ips == ranges
    assert "203.0.113.7-203.0.113.20" in owner.get(path).content.decode()


def test_the_number_and_the_account_stay(operator: Client, a: Tenant, b: Tenant) -> None:
    path = reverse("admin:jobs_service_change", args=[a["service"].pk])
    send_form(operator, path, connection=a["connection"].pk, number="4711", account=b.account.pk)
    kept = Service.objects.get(pk=a["service"].pk)
    assert (kept.number, kept.account) == (11, a.account)


@pytest.mark.parametrize("line", ["nobody", "203.0.113.300", "203.0.113.9-203.0.113.1"])
def test_what_is_no_address_is_refused(owner: Client, a: Tenant, line: str) -> None:
    path = reverse("admin:jobs_service_change", args=[a["service"].pk])
    answer = send_form(owner, path, connection=a["connection"].pk, allowed_ips=line)
    assert "neither an address nor a range" in answer.content.decode()


def test_the_page_lists_secrets_by_their_last_four(viewer: Client, a: Tenant) -> None:
    shown = viewer.get(reverse("admin:jobs_service_change", args=[a["service"].pk])).content.decode()
    for secret in a.secrets[:2]:
        assert f"…{secret[-4:]}" in shown
    assert "it is replaced" in shown


def test_a_storage_that_a_service_needs_stays(owner: Client, a: Tenant) -> None:
    path = reverse("admin:storage_connection_delete", args=[a["connection"].pk])
    assert owner.post(path, {"post": "yes"}).status_code == 200
    assert Service.objects.filter(pk=a["service"].pk).exists()
