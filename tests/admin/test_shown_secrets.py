"""Secrets are shown once, on the answer that made them, and nowhere else."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.keys import find_key, hash_secret
from accounts.models import ApiKey, User
from accounts.signing import make_signing_secret
from jobs.models import Service, ServiceSecret, SigningSecret
from jobs.secrets import find_service_by_secret, live_secrets, live_signing_secrets
from tests.admin.tenants import PASSWORD, Tenant

SHOWN = re.compile(r'class="pm-secret"[^>]*value="([^"]+)"')


def service_url(action: str, service: Service) -> str:
    return reverse(f"admin:jobs_service_{action}", args=[service.pk])


def read_secret(answer: Any) -> str:
    found = SHOWN.search(answer.content.decode())
    assert found
    assert "no-store" in answer["Cache-Control"]
    return found.group(1).replace("&#x2B;", "+").replace("&#x3D;", "=")


def every_path(tenant: Tenant) -> list[str]:
    found = [reverse("admin:index")]
    for page in admin.site._registry.values():
        name = f"admin:{page.opts.app_label}_{page.opts.model_name}"
        found += [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
        row = tenant.rows.get(page.opts.model_name)
        if row is not None:
            whats = ["change", "history", "delete", *getattr(page, "object_actions", ())]
            found += [reverse(f"{name}_{what}", args=[row.pk]) for what in whats]
    return found


def test_no_page_shows_a_secret_or_its_hash(operator: Client, a: Tenant) -> None:
    hashes = [hash_secret(secret) for secret in a.secrets]
    hashes += User.objects.values_list("password", flat=True)
    for path in every_path(a):
        shown = operator.get(path).content.decode()
        for secret in [*a.secrets, *hashes]:
            assert secret not in shown, path


def test_a_new_secret_is_on_the_answer_and_then_nowhere(owner: Client, a: Tenant) -> None:
    secret = read_secret(owner.post(service_url("make_secret", a["service"])))
    assert find_service_by_secret(secret) == a["service"]
    for what in ("change", "history", "make_secret"):
        assert secret not in owner.get(service_url(what, a["service"])).content.decode(), what
    kept = [str(session.get_decoded()) for session in Session.objects.all()]
    assert not any(secret in text for text in [*kept, *map(str, LogEntry.objects.values())])


def test_a_new_secret_needs_a_yes(owner: Client, a: Tenant) -> None:
    assert owner.get(service_url("make_secret", a["service"])).status_code == 200
    assert ServiceSecret.objects.count() == 1


def test_two_secrets_are_live_and_the_third_revokes_the_first(owner: Client, a: Tenant) -> None:
    made = [read_secret(owner.post(service_url("make_secret", a["service"]))) for _ in range(2)]
    assert [row.last_four for row in live_secrets(a["service"])] == [made[1][-4:], made[0][-4:]]


def test_a_callback_secret_is_replaced(owner: Client, a: Tenant) -> None:
    before = live_signing_secrets(a["service"])
    secret = read_secret(owner.post(service_url("replace_callback_secret", a["service"])))
    assert live_signing_secrets(a["service"]) == [secret, *before]


def test_the_old_services_secret_is_imported_and_not_shown(owner: Client, a: Tenant) -> None:
    answer = owner.post(service_url("import_secret", a["service"]), {"secret": "old-service-secret"}, follow=True)
    assert find_service_by_secret("old-service-secret") == a["service"]
    assert "old-service-secret" not in answer.content.decode()


@pytest.mark.parametrize(("secret", "words"), [("abc", "at least 4"), ("", "required"), ("taken-already", "in use")])
def test_a_secret_that_cannot_be_imported_is_refused_at_its_field(
    owner: Client, a: Tenant, b: Tenant, secret: str, words: str
) -> None:
    owner.post(service_url("import_secret", a["service"]), {"secret": "taken-already"})
    before = ServiceSecret.objects.count()
    answer = owner.post(service_url("import_secret", a["service"]), {"secret": secret})
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert ServiceSecret.objects.count() == before


def test_a_callback_secret_is_imported(owner: Client, a: Tenant) -> None:
    secret = make_signing_secret()
    path = service_url("import_callback_secret", a["service"])
    assert owner.post(path, {"secret": "whsec_short"}).status_code == 400
    assert owner.post(path, {"secret": secret}).status_code == 302
    assert live_signing_secrets(a["service"])[0] == secret
    assert SigningSecret.objects.count() == 2


def test_a_secret_is_revoked_at_once(owner: Client, a: Tenant) -> None:
    row = ServiceSecret.objects.get()
    owner.post(service_url("revoke_secret", a["service"]), {"secret": row.pk})
    row.refresh_from_db()
    assert row.revoked_at is not None


def test_another_services_secret_cannot_be_revoked_here(owner: Client, a: Tenant, b: Tenant) -> None:
    row = b["service"].secrets.get()
    assert owner.post(service_url("revoke_secret", a["service"]), {"secret": row.pk}).status_code == 400
    row.refresh_from_db()
    assert row.revoked_at is None


def add_key(client: Client, **sent: Any) -> Any:
    return client.post(reverse("admin:accounts_apikey_add"), {"name": "new", "scopes": ["storage"], **sent})


def test_a_key_is_made_and_its_secret_shown_once(owner: Client, a: Tenant) -> None:
    secret = read_secret(add_key(owner))
    key = find_key(secret)
    assert (key.account, key.name, key.scopes) == (a.account, "new", ["storage"])
    for path in (reverse("admin:accounts_apikey_change", args=[key.pk]), reverse("admin:accounts_apikey_changelist")):
        assert secret not in owner.get(path).content.decode(), path


def test_a_key_of_another_service_is_imported(owner: Client, a: Tenant) -> None:
    answer = add_key(owner, secret="brought-along")
    assert answer.status_code == 302
    assert find_key("brought-along").name == "new"


@pytest.mark.parametrize(
    "sent", [{"secret": "abc"}, {"secret": "two words"}, {"scopes": ["root"]}, {"name": "production"}]
)
def test_a_key_that_cannot_be_is_refused(owner: Client, a: Tenant, sent: dict[str, Any]) -> None:
    answer = add_key(owner, **sent)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    assert ApiKey.objects.count() == 1


def test_a_key_is_revoked_and_stays(owner: Client, a: Tenant) -> None:
    path = reverse("admin:accounts_apikey_revoke", args=[a["apikey"].pk])
    assert owner.get(path).status_code == 200
    assert ApiKey.objects.get().revoked_at is None
    owner.post(path)
    assert ApiKey.objects.get().revoked_at is not None
    assert "revoked before" in owner.post(path, follow=True).content.decode()
    assert owner.post(reverse("admin:accounts_apikey_delete", args=[a["apikey"].pk])).status_code == 403


def test_an_expiry_is_set(owner: Client, a: Tenant) -> None:
    path = reverse("admin:accounts_apikey_change", args=[a["apikey"].pk])
    owner.post(path, {"name": "production", "expires_at_0": "2020-01-01", "expires_at_1": "00:00:00"})
    assert ApiKey.objects.get().expires_at < timezone.now()


def test_a_person_is_added_with_a_password_and_logs_in_by_mail(operator: Client, a: Tenant) -> None:
    sent = {"email": "New@Alpha.example", "name": "N", "account": a.account.pk, "role": "editor", "is_staff": "on"}
    sent |= {"password1": PASSWORD, "password2": PASSWORD}
    assert operator.post(reverse("admin:accounts_user_add"), sent).status_code == 302
    client = Client()
    login = {"username": "new@alpha.EXAMPLE", "password": PASSWORD}
    assert client.post(reverse("admin:login"), login).status_code == 302
    assert client.get(reverse("admin:jobs_job_changelist")).status_code == 200


def test_a_weak_password_is_refused(operator: Client, a: Tenant) -> None:
    sent = {"email": "n@alpha.example", "role": "viewer", "password1": "12345", "password2": "12345"}
    assert operator.post(reverse("admin:accounts_user_add"), sent).status_code == 200
    assert not User.objects.filter(email="n@alpha.example").exists()


def test_an_address_belongs_to_one_person_however_it_is_written(operator: Client, a: Tenant) -> None:
    sent = {"email": "COLLEAGUE@alpha.example", "role": "viewer", "password1": PASSWORD, "password2": PASSWORD}
    answer = operator.post(reverse("admin:accounts_user_add"), sent)
    assert "in use already" in answer.content.decode()


def test_an_owner_makes_nobody_an_operator(owner: Client, a: Tenant) -> None:
    sent = {"email": "x@alpha.example", "role": "owner", "is_staff": "on", "account": "", "is_superuser": "on"}
    owner.post(reverse("admin:accounts_user_add"), {**sent, "password1": PASSWORD, "password2": PASSWORD})
    made = User.objects.get(email="x@alpha.example")
    assert (made.account, made.is_superuser, made.is_operator) == (a.account, False, False)


def test_a_password_is_changed_by_an_owner_within_the_account_only(owner: Client, a: Tenant, b: Tenant) -> None:
    sent = {"password1": "another horse battery", "password2": "another horse battery"}
    path = "admin:auth_user_password_change"
    assert owner.post(reverse(path, args=[a["user"].pk]), sent).status_code == 302
    assert User.objects.get(pk=a["user"].pk).check_password("another horse battery")
    assert owner.post(reverse(path, args=[b["user"].pk]), sent).status_code == 404
    assert User.objects.get(pk=b["user"].pk).check_password(PASSWORD)


def test_a_viewer_changes_nobodys_password(viewer: Client, a: Tenant) -> None:
    path = reverse("admin:auth_user_password_change", args=[a["user"].pk])
    assert viewer.post(path, {"password1": "another horse", "password2": "another horse"}).status_code == 403
