"""Sessions, the audit log and kept pictures: looked at and never edited; and the button that ends every session."""

from urllib.parse import urlsplit

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client
from django.urls import reverse

from accounts.audit import record
from accounts.errors import BadCredentials
from accounts.models import AuditEntry, Session, User
from accounts.tokens import issue_token, read_token
from jobs import references
from storage.models import ReferenceImage
from tests.admin.tenants import Tenant
from tests.images import encode, ramps


def log_in_over_the_api(user: User) -> str:
    """A token of the user."""
    return issue_token(user, address="192.0.2.7", agent="shop/1.0")


def expect_ended(token: str) -> None:
    with pytest.raises(BadCredentials):
        read_token(token)


def button(user: User) -> str:
    return reverse("admin:accounts_user_log_out_everywhere", args=[user.pk])


def written() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.filter(action="sessions_ended").values_list("action", "actor", "target"))


# --- Logging out everywhere ----------------------------------------------------------------------------------------


def test_an_owner_logs_a_colleague_out_everywhere_after_a_question(owner: Client, a: Tenant) -> None:
    tokens = [log_in_over_the_api(a["user"]) for _ in range(2)]
    assert "every token" in owner.get(button(a["user"])).content.decode()
    assert read_token(tokens[0]) == a["user"]
    assert owner.post(button(a["user"])).status_code == 302
    for token in tokens:
        expect_ended(token)
    assert written() == [("sessions_ended", "owner@alpha.example", "user colleague@alpha.example")]
    assert read_token(log_in_over_the_api(User.objects.get(pk=a["user"].pk))) == a["user"]


def test_an_editor_logs_nobody_out(editor: Client, a: Tenant) -> None:
    token = log_in_over_the_api(a["user"])
    assert editor.post(button(a["user"])).status_code == 403
    assert read_token(token) == a["user"]


def test_somebody_of_another_account_is_out_of_reach(owner: Client, a: Tenant, b: Tenant) -> None:
    token = log_in_over_the_api(b["user"])
    assert owner.post(button(b["user"])).status_code == 404
    assert read_token(token) == b["user"]


def test_those_who_are_chosen_are_logged_out_together_once_it_is_confirmed(
    operator: Client, a: Tenant, b: Tenant
) -> None:
    tokens = [log_in_over_the_api(tenant["user"]) for tenant in (a, b)]
    chosen = {"action": "log_out_selected", ACTION_CHECKBOX_NAME: [a["user"].pk, b["user"].pk]}
    operator.post(reverse("admin:accounts_user_changelist"), chosen)
    assert read_token(tokens[0]) == a["user"]
    operator.post(reverse("admin:accounts_user_changelist"), {**chosen, "confirmed": "yes"})
    for token in tokens:
        expect_ended(token)
    assert len(written()) == 2


def test_the_own_session_in_the_admin_ends_too(owner: Client, a: Tenant) -> None:
    owner.post(button(User.objects.get(email="owner@alpha.example")))
    assert owner.get(reverse("admin:index")).status_code == 302


# --- Sessions ------------------------------------------------------------------------------------------------------


def test_a_session_is_shown_without_what_names_its_token(owner: Client, a: Tenant) -> None:
    token = log_in_over_the_api(a["user"])
    session = Session.objects.get()
    for path in (
        reverse("admin:accounts_session_changelist"),
        reverse("admin:accounts_session_change", args=[session.pk]),
    ):
        shown = owner.get(path).content.decode()
        assert "192.0.2.7" in shown
        assert "shop/1.0" in shown
        assert session.token_id not in shown
        assert token not in shown


def test_somebody_who_has_logged_in_can_still_be_deleted(owner: Client, a: Tenant) -> None:
    log_in_over_the_api(a["user"])
    path = reverse("admin:accounts_user_delete", args=[a["user"].pk])
    assert "does not have permission" not in owner.get(path).content.decode()
    owner.post(path, {"post": "yes"})
    assert not User.objects.filter(pk=a["user"].pk).exists()
    assert not Session.objects.exists()


# --- The audit log -------------------------------------------------------------------------------------------------


def test_an_entry_is_shown_in_words_with_its_details(owner: Client, a: Tenant) -> None:
    record("api_key_revoked", account=a.account, actor="ops@alpha.example", target="API key x", last_four="wxyz")
    entry = AuditEntry.objects.get(action="api_key_revoked")
    listed = owner.get(reverse("admin:accounts_auditentry_changelist")).content.decode()
    assert "API key revoked" in listed
    assert "ops@alpha.example" in listed
    shown = owner.get(reverse("admin:accounts_auditentry_change", args=[entry.pk])).content.decode()
    assert "wxyz" in shown


@pytest.mark.parametrize("what", ["change", "delete"])
def test_nobody_rewrites_the_log_nor_a_session(operator: Client, a: Tenant, what: str) -> None:
    log_in_over_the_api(a["user"])
    record("login", account=a.account)
    for page, row in (("session", Session.objects.get()), ("auditentry", AuditEntry.objects.get())):
        path = reverse(f"admin:accounts_{page}_{what}", args=[row.pk])
        assert operator.post(path, {"post": "yes"}).status_code == 403
        assert type(row).objects.filter(pk=row.pk).exists()


# --- Reference images ----------------------------------------------------------------------------------------------


def test_a_kept_picture_is_shown_with_its_address_and_a_link_that_opens_it(owner: Client, a: Tenant) -> None:
    data = encode(ramps((8, 6)))
    image = references.keep_image(a.account, name="mark.png", mime="image/png", data=data)
    answer = owner.get(reverse("admin:storage_referenceimage_change", args=[image.pk]))
    shown = answer.content.decode()
    assert f"storage://reference/{image.public_id}" in shown
    link = shown.partition('class="pm-link" href="')[2].partition('"')[0]
    assert Client().get(urlsplit(link).path).content == data
    path = reverse("admin:storage_referenceimage_delete", args=[image.pk])
    assert owner.post(path, {"post": "yes"}).status_code == 403
    assert ReferenceImage.objects.exists()
