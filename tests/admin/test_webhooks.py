"""The page of webhooks."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from jobs.models import AccountWebhook
from tests.admin.tenants import Tenant, send_form

ADD = reverse("admin:jobs_accountwebhook_add")
URL = "https://shop.example/new"


def page_of(hook: AccountWebhook, what: str = "change") -> str:
    return reverse(f"admin:jobs_accountwebhook_{what}", args=[hook.pk])


def actions(tenant: Tenant) -> list[str]:
    return list(AuditEntry.objects.filter(account=tenant.account).order_by("pk").values_list("action", flat=True))


def test_an_owner_adds_a_webhook_to_the_own_account(owner: Client, a: Tenant, b: Tenant) -> None:
    sent = {"account": b.account.pk, "url": URL, "events": ["job.finished", "job.failed"], "is_enabled": "on"}
    assert owner.post(ADD, sent).status_code == 302
    made = AccountWebhook.objects.get(url=URL)
    assert (made.account, made.events, made.is_enabled) == (a.account, ["job.finished", "job.failed"], True)
    assert actions(a) == ["webhook_created"]


def test_the_form_begins_with_both_events(owner: Client) -> None:
    shown = owner.get(ADD).content.decode()
    assert len(re.findall(r'<input[^>]*name="events"[^>]*checked', shown)) == 2
    assert "Success pipelines" in shown
    assert "Failed pipelines" in shown


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"url": "http://10.0.0.1/hook"}, "not public"),
        ({"url": "ftp://shop.example/"}, "http://"),
        ({"events": []}, "required"),
        ({"events": ["job.started"]}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_a_webhook_is_refused_at_its_field(
    owner: Client, a: Tenant, sent: dict[str, object], said: str
) -> None:
    answer = owner.post(ADD, {"url": URL, "events": ["job.failed"], **sent})
    errors = answer.context["adminform"].form.errors
    assert list(errors) == list(sent)
    assert said in str(errors)


def test_a_webhook_is_turned_off(owner: Client, a: Tenant) -> None:
    hook = a["accountwebhook"]
    send_form(owner, page_of(hook), url=hook.url, events=["job.failed"])
    assert not AccountWebhook.objects.get(pk=hook.pk).is_enabled
    assert AccountWebhook.objects.get(pk=hook.pk).secret == a.secrets[-1]


def test_a_new_secret_is_shown_once(owner: Client, a: Tenant) -> None:
    hook = a["accountwebhook"]
    shown = owner.post(page_of(hook, "make_secret")).content.decode()
    kept = str(AccountWebhook.objects.get(pk=hook.pk).secret)
    assert kept != a.secrets[-1]
    assert kept in shown
    for path in (page_of(hook), reverse("admin:jobs_accountwebhook_changelist")):
        again = owner.get(path).content.decode()
        assert kept not in again
        assert f"…{kept[-4:]}" in again
    assert actions(a) == ["webhook_secret_created"]


def test_a_receiver_s_own_secret_is_brought_along(owner: Client, a: Tenant) -> None:
    hook = a["accountwebhook"]
    assert owner.post(page_of(hook, "import_secret"), {"secret": "word-of-the-receiver"}).status_code == 302
    assert AccountWebhook.objects.get(pk=hook.pk).secret == "word-of-the-receiver"
    refused = owner.post(page_of(hook, "import_secret"), {"secret": "with space"})
    assert (refused.status_code, b"printable ASCII" in refused.content, b"with space" in refused.content) == (
        400,
        True,
        False,
    )
    assert actions(a) == ["webhook_secret_imported"]


def test_what_may_be_secret_in_an_address_is_not_listed(owner: Client, a: Tenant) -> None:
    shown = owner.get(reverse("admin:jobs_accountwebhook_changelist")).content.decode()
    assert "alpha.example/hook" in shown
    assert "hidden-word" not in shown


def test_a_webhook_is_removed(owner: Client, a: Tenant) -> None:
    hook = a["accountwebhook"]
    assert owner.post(page_of(hook, "delete"), {"post": "yes"}).status_code == 302
    assert not AccountWebhook.objects.filter(pk=hook.pk).exists()
    assert actions(a) == ["webhook_deleted"]


@pytest.mark.parametrize("role", ["editor", "viewer"])
def test_others_of_the_account_only_look(request: pytest.FixtureRequest, role: str, a: Tenant) -> None:
    client: Client = request.getfixturevalue(role)
    hook = a["accountwebhook"]
    answer = client.get(page_of(hook))
    assert (answer.status_code, b"alpha.example/hook" in answer.content) == (200, True)
    assert b"hidden-word" not in answer.content
    assert client.post(page_of(hook, "make_secret")).status_code == 403
    assert client.post(page_of(hook, "delete"), {"post": "yes"}).status_code == 403
    assert AccountWebhook.objects.get(pk=hook.pk).secret == a.secrets[-1]
