"""The audit log: who did what to what is to be kept safe, without any secret."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.audit import ACTIONS, record
from accounts.models import Account, AuditEntry, User
from accounts.signing import make_signing_secret
from jobs.models.jobs import JobState
from jobs.provisioning import provision
from storage.forms import PARAMETERS
from tests.accounts.codes import set_up
from tests.admin.tenants import PASSWORD, Tenant, make_job, send_form
from tests.admin.test_shown_secrets import add_key, read_secret, service_url

pytestmark = pytest.mark.django_db


def newest() -> AuditEntry:
    entry = AuditEntry.objects.order_by("-pk").first()
    assert entry is not None
    return entry


def facts_of(entry: AuditEntry) -> tuple[str, str, str, str]:
    return entry.action, entry.actor, entry.target, str(entry.address)


def change_url(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def test_an_entry_says_who_what_and_from_where(owner: Client, a: Tenant) -> None:
    owner.post(service_url("make_secret", a["service"]), REMOTE_ADDR="192.0.2.7")
    entry = newest()
    assert facts_of(entry) == ("service_secret_created", "owner@alpha.example", f"service {a['service']}", "192.0.2.7")
    assert entry.account == a.account


def test_an_unknown_action_is_a_fault_of_ours(a: Tenant) -> None:
    with pytest.raises(ValueError, match="no action of the audit log"):
        record("danced", account=a.account)


def test_an_entry_is_never_changed(owner: Client, a: Tenant) -> None:
    owner.post(service_url("make_secret", a["service"]))
    with pytest.raises(TypeError):
        newest().save()


def test_entries_outlive_the_account_that_they_are_about(operator: Client) -> None:
    account = Account.objects.create(name="gone")
    operator.post(reverse("admin:accounts_account_delete", args=[account.pk]), {"post": "yes"})
    assert not Account.objects.exists()
    assert facts_of(newest())[:3] == ("account_deleted", "operator@photomill.example", "account gone")


# --- secrets -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("button", "action"),
    [("make_secret", "service_secret_created"), ("replace_callback_secret", "callback_secret_created")],
)
def test_a_new_secret_is_written_down_by_its_last_four(owner: Client, a: Tenant, button: str, action: str) -> None:
    secret = read_secret(owner.post(service_url(button, a["service"])))
    assert (newest().action, newest().details) == (action, {"last_four": secret[-4:]})


@pytest.mark.parametrize(
    ("button", "action"),
    [("import_secret", "service_secret_imported"), ("import_callback_secret", "callback_secret_imported")],
)
def test_an_imported_secret_is_written_down_by_its_last_four(
    owner: Client, a: Tenant, button: str, action: str
) -> None:
    secret = make_signing_secret()
    owner.post(service_url(button, a["service"]), {"secret": secret})
    assert (newest().action, newest().details) == (action, {"last_four": secret[-4:]})
    assert secret not in str(AuditEntry.objects.values())


def test_a_revoked_secret_is_written_down(owner: Client, a: Tenant) -> None:
    row = a["service"].secrets.get()
    owner.post(service_url("revoke_secret", a["service"]), {"secret": row.pk})
    assert (newest().action, newest().details) == ("service_secret_revoked", {"last_four": row.last_four})


def test_the_life_of_a_key_is_written_down(owner: Client, a: Tenant) -> None:
    secret = read_secret(add_key(owner))
    assert (newest().action, newest().details) == (
        "api_key_created",
        {"last_four": secret[-4:], "scopes": ["storage"]},
    )
    add_key(owner, secret="brought-along", name="old")
    assert (newest().action, newest().details["last_four"]) == ("api_key_imported", "long")
    owner.post(change_url(a["apikey"]), {"name": "production", "scopes": ["admin"]})
    assert (newest().action, newest().details["scopes"]) == ("api_key_changed", ["admin"])
    owner.post(reverse("admin:accounts_apikey_revoke", args=[a["apikey"].pk]))
    assert (newest().action, newest().target) == ("api_key_revoked", f"API key {a['apikey']}")


def test_a_refused_button_leaves_no_entry(owner: Client, viewer: Client, a: Tenant) -> None:
    before = AuditEntry.objects.count()
    owner.post(service_url("import_secret", a["service"]), {"secret": "abc"})
    viewer.post(service_url("make_secret", a["service"]))
    owner.get(service_url("make_secret", a["service"]))
    assert AuditEntry.objects.count() == before


# --- people and accounts -----------------------------------------------------------------------------------------


def test_a_change_of_role_is_written_down_with_before_and_after(owner: Client, a: Tenant) -> None:
    send_form(owner, change_url(a["user"]), email=a["user"].email, role="editor", is_active="on")
    entry = newest()
    assert facts_of(entry)[:3] == ("user_changed", "owner@alpha.example", "user colleague@alpha.example")
    assert entry.details == {"changes": {"role": ["viewer", "editor"]}}


def test_a_change_of_plan_is_written_down_with_before_and_after(operator: Client, a: Tenant) -> None:
    operator.post(change_url(a.account), {"name": "alpha", "plan": "pro"})
    assert newest().action == "account_changed"
    assert newest().account == a.account
    assert newest().details == {"changes": {"plan": ["free", "pro"]}}


def test_a_form_that_changes_nothing_leaves_no_entry(operator: Client, a: Tenant) -> None:
    operator.post(change_url(a.account), {"name": "alpha", "plan": "free"})
    assert not AuditEntry.objects.exists()


def test_a_new_person_and_one_that_is_gone_are_written_down(owner: Client, a: Tenant) -> None:
    sent = {"email": "new@alpha.example", "role": "editor", "password1": PASSWORD, "password2": PASSWORD}
    send_form(owner, reverse("admin:accounts_user_add"), **sent)
    assert facts_of(newest())[0::2] == ("user_created", "user new@alpha.example")
    assert newest().details["changes"]["password1"] is None
    made = User.objects.get(email="new@alpha.example")
    owner.post(reverse("admin:accounts_user_delete", args=[made.pk]), {"post": "yes"})
    assert facts_of(newest())[0::2] == ("user_deleted", "user new@alpha.example")
    assert PASSWORD not in str(AuditEntry.objects.values())


def test_rows_that_are_deleted_together_are_written_down_one_by_one(owner: Client, a: Tenant) -> None:
    rows = [a.account.domains.create(host=f"{name}.example") for name in ("x", "y")]
    sent = {"action": "delete_selected", "_selected_action": [row.pk for row in rows], "post": "yes"}
    owner.post(reverse("admin:accounts_domain_changelist"), sent)
    written = AuditEntry.objects.filter(action="domain_deleted").values_list("target", flat=True)
    assert set(written) == {"domain x.example", "domain y.example"}


def test_a_password_that_another_sets_is_written_down(owner: Client, a: Tenant) -> None:
    path = reverse("admin:auth_user_password_change", args=[a["user"].pk])
    owner.post(path, {"password1": "another horse battery", "password2": "something else"})
    assert not AuditEntry.objects.exists()
    owner.post(path, {"password1": "another horse battery", "password2": "another horse battery"})
    assert facts_of(newest())[:3] == ("password_set", "owner@alpha.example", "user colleague@alpha.example")


# --- storages, jobs, deliveries ----------------------------------------------------------------------------------


def test_the_life_of_a_storage_is_written_down_without_its_values(operator: Client, a: Tenant) -> None:
    add = f"{reverse('admin:storage_connection_add')}?kind=web_folder"
    sent = {"account": a.account.pk, "name": "web", f"{PARAMETERS}base_url": "https://shop.example/in/"}
    operator.post(add, sent)
    assert facts_of(newest())[0::2] == ("storage_created", "storage web (web_folder)")
    made = a.account.connections.get(name="web")
    send_form(operator, change_url(made), **(sent | {"name": "net"}))
    assert (newest().action, newest().details) == ("storage_changed", {"changes": {"name": None}})
    operator.post(reverse("admin:storage_connection_delete", args=[made.pk]), {"post": "yes"})
    assert newest().action == "storage_deleted"


@pytest.mark.parametrize("button", ["retry_failed", "retry_all"])
def test_a_retried_job_is_written_down(editor: Client, a: Tenant, button: str) -> None:
    editor.post(reverse(f"admin:jobs_job_{button}", args=[a["job"].pk]))
    assert facts_of(newest())[:3] == ("job_retried", "editor@alpha.example", "job job-of-alpha")


def test_a_cancelled_job_is_written_down(editor: Client, a: Tenant) -> None:
    a["job"].state, a["job"].finished_at = JobState.RUNNING, None
    a["job"].save()
    editor.post(reverse("admin:jobs_job_cancel", args=[a["job"].pk]))
    assert newest().action == "job_cancelled"


def test_chosen_jobs_are_written_down_one_by_one_and_only_those_that_ran(editor: Client, a: Tenant) -> None:
    other = make_job(a.account, a["service"], "running")["job"]
    other.finished_at = None
    other.save()
    sent = {"action": "retry_all_selected", "_selected_action": [a["job"].pk, other.pk], "confirmed": "1"}
    editor.post(reverse("admin:jobs_job_changelist"), sent)
    assert [entry.target for entry in AuditEntry.objects.filter(action="job_retried")] == ["job job-of-alpha"]


def test_a_delivery_that_is_sent_again_is_written_down(editor: Client, a: Tenant) -> None:
    editor.post(reverse("admin:jobs_delivery_redeliver", args=[a["delivery"].pk]))
    assert (newest().action, newest().account) == ("delivery_redelivered", a.account)


def test_provisioning_writes_down_what_it_changed_and_nothing_where_it_changed_nothing(db: None) -> None:
    content = {"accounts": [{"name": "acme", "api_keys": [{"name": "k", "secret": "brought-along-secret"}]}]}
    provision(content)
    entry = newest()
    assert (entry.action, entry.actor, entry.account) == ("provisioned", "manage.py provision", Account.objects.get())
    assert entry.details == {"changes": ["account acme: created", "API key k: created"]}
    provision(content)
    assert AuditEntry.objects.count() == 1


def test_the_log_is_filtered_by_what_was_done(operator: Client, a: Tenant) -> None:
    for action in ("login", "logout", "login"):
        record(action, account=a.account)
    answer = operator.get(reverse("admin:accounts_auditentry_changelist"), {"action": "login"})
    assert {entry.action for entry in answer.context["cl"].queryset} == {"login"}
    assert answer.context["cl"].result_count == 2
    assert "API key imported" in answer.content.decode()


def test_an_operator_sees_who_has_a_second_step(operator: Client, a: Tenant) -> None:
    assert "not set up" in operator.get(change_url(a["user"])).content.decode()
    set_up(a["user"])
    assert "asked for at each login" in operator.get(change_url(a["user"])).content.decode()


def test_every_action_has_words() -> None:
    assert all(words[0].isupper() for words in ACTIONS.values())
    assert len({*ACTIONS.values()}) == len(ACTIONS)
