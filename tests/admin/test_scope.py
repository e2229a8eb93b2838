"""Every page of the admin, for everyone who may log in: nobody sees another account's rows."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import ActingAdmin
from accounts.audit import record
from accounts.models import Account, AuditEntry, Session, User
from accounts.scoping import ScopedAdmin
from storage.models import ReferenceImage
from tests.admin.tenants import Tenant

PAGES: list[Any] = list(admin.site._registry.values())
NAMES = [page.opts.model_name for page in PAGES]
ONLY_OPERATORS = {"node"}
ONLY_OWNERS = {"session", "auditentry"}
"""Pages that the others in an account don't see."""
WRITES = {
    "owner": {"user", "apikey", "accountwebhook", "domain", "connection", "service", "recipe"},
    "editor": {"recipe"},
    "viewer": set(),
    "operator": {"account", "user", "apikey", "accountwebhook", "domain", "connection", "service", "recipe"},
}
ACTS = {
    "owner": WRITES["owner"] | {"job", "item", "delivery"},
    "editor": {"recipe", "job", "item", "delivery"},
    "viewer": set(),
}
every_page = pytest.mark.parametrize("page", PAGES, ids=NAMES)


def url(page: Any, what: str, *args: object) -> str:
    return reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_{what}", args=args)


@pytest.fixture(autouse=True)
def records(a: Tenant, b: Tenant) -> None:
    """What came of the tenants' doings: a login, an entry in the log, a picture that is kept."""
    for name, tenant in (("alpha", a), ("beta", b)):
        record("login", account=tenant.account, actor=f"colleague@{name}.example", target=name)
        tenant.rows["auditentry"] = AuditEntry.objects.get(account=tenant.account)
        tenant.rows["session"] = Session.objects.create(
            user=tenant["user"], token_id=f"token-of-{name}", agent=f"shop of {name}", expires_at=timezone.now()
        )
        tenant.rows["referenceimage"] = ReferenceImage.objects.create(
            account=tenant.account, public_id=f"of-{name}", name=f"{name}.png", mime="image/png", size_bytes=9, key="k"
        )


def may_see(name: str, role: str) -> bool:
    return role == "owner" or name not in ONLY_OWNERS


@pytest.fixture
def people(operator: Client, owner: Client, editor: Client, viewer: Client) -> dict[str, Client]:
    return {"operator": operator, "owner": owner, "editor": editor, "viewer": viewer}


def test_every_page_is_scoped() -> None:
    assert all(isinstance(page, ScopedAdmin) for page in PAGES)
    unscoped = {page.opts.model_name for page in PAGES if page.account_path is None}  # type: ignore[attr-defined]
    assert unscoped == ONLY_OPERATORS


@every_page
def test_an_operator_opens_every_page(page: Any, operator: Client, a: Tenant, b: Tenant) -> None:
    assert operator.get(url(page, "changelist")).status_code == 200
    row = a.rows.get(page.opts.model_name) or page.model.objects.get()
    assert operator.get(url(page, "change", row.pk)).status_code == 200
    may_add = page.opts.model_name in WRITES["operator"]
    assert operator.get(url(page, "add")).status_code == (200 if may_add else 403)


@every_page
@pytest.mark.parametrize("role", ["owner", "editor", "viewer"])
def test_people_of_an_account_see_their_rows_and_no_others(
    page: Any, role: str, people: dict[str, Client], a: Tenant, b: Tenant
) -> None:
    client, name = people[role], page.opts.model_name
    if name in ONLY_OPERATORS or not may_see(name, role):
        assert client.get(url(page, "changelist")).status_code == 403
        return
    answer = client.get(url(page, "changelist"))
    assert answer.status_code == 200
    shown = set(answer.context["cl"].queryset.values_list("pk", flat=True))
    assert a[name].pk in shown
    assert b[name].pk not in shown
    assert "beta" not in answer.content.decode()
    assert client.get(url(page, "change", a[name].pk)).status_code == 200


@every_page
@pytest.mark.parametrize("role", ["owner", "editor", "viewer"])
def test_another_accounts_row_is_not_found(
    page: Any, role: str, people: dict[str, Client], a: Tenant, b: Tenant
) -> None:
    row = b.rows.get(page.opts.model_name) or page.model.objects.get()
    for what in ("change", "delete", "history"):
        answer = people[role].get(url(page, what, row.pk))
        # Django sends those who ask for a row that is not there back to the first page.
        assert answer.status_code in (302, 403, 404), what
        assert "beta" not in answer.content.decode()
    for name in getattr(page, "object_actions", ()):
        assert people[role].post(url(page, name, row.pk)).status_code == 404, name


@every_page
@pytest.mark.parametrize("role", ["owner", "editor", "viewer"])
def test_a_role_adds_and_changes_what_it_may(
    page: Any, role: str, people: dict[str, Client], a: Tenant, b: Tenant
) -> None:
    client, name = people[role], page.opts.model_name
    allowed = name in WRITES[role]
    assert client.get(url(page, "add")).status_code == (200 if allowed else 403)
    if name in a.rows:
        answer = client.post(url(page, "change", a[name].pk), {})
        assert answer.status_code == (200 if allowed else 403)


@every_page
@pytest.mark.parametrize("role", ["owner", "editor", "viewer"])
def test_a_role_sees_and_opens_only_the_buttons_it_may_press(
    page: Any, role: str, people: dict[str, Client], a: Tenant, b: Tenant
) -> None:
    name = page.opts.model_name
    if not isinstance(page, ActingAdmin) or name in ONLY_OPERATORS:
        return
    shown = people[role].get(url(page, "change", a[name].pk)).content.decode()
    for action in page.object_actions:
        path = url(page, action, a[name].pk)
        assert people[role].get(path).status_code == (200 if name in ACTS[role] else 403)
        assert name in ACTS[role] or path not in shown


def test_the_first_page_is_scoped(owner: Client, a: Tenant, b: Tenant) -> None:
    shown = owner.get(reverse("admin:index")).content.decode()
    assert "job-of-alpha" in shown
    assert "beta" not in shown
    assert "nodes alive" not in shown


def test_filters_do_not_name_other_accounts(owner: Client, operator: Client, a: Tenant, b: Tenant) -> None:
    for page in PAGES:
        if page.opts.model_name in a.rows:
            assert "beta" not in owner.get(url(page, "changelist")).content.decode()
    assert "beta" in operator.get(reverse("admin:jobs_job_changelist")).content.decode()


def test_choices_of_a_form_are_the_accounts_own(owner: Client, operator: Client, a: Tenant, b: Tenant) -> None:
    path = reverse("admin:jobs_service_add")
    assert set(owner.get(path).context["adminform"].form.fields["connection"].queryset) == {a["connection"]}
    both = {a["connection"], b["connection"]}
    assert set(operator.get(path).context["adminform"].form.fields["connection"].queryset) == both


def test_another_accounts_storage_is_refused_as_a_choice(owner: Client, a: Tenant, b: Tenant) -> None:
    answer = owner.post(reverse("admin:jobs_service_add"), {"name": "x", "connection": b["connection"].pk})
    assert answer.status_code == 200
    assert "connection" in answer.context["adminform"].form.errors
    assert a.account.services.count() == 1


def test_a_new_row_lands_in_the_owners_account_whatever_was_sent(owner: Client, a: Tenant, b: Tenant) -> None:
    sent = {"host": "new.alpha.example", "account": b.account.pk}
    assert owner.post(reverse("admin:accounts_domain_add"), sent).status_code == 302
    assert a.account.domains.filter(host="new.alpha.example").exists()
    assert not b.account.domains.filter(host="new.alpha.example").exists()


def test_a_row_stays_in_its_account(operator: Client, a: Tenant, b: Tenant) -> None:
    path = reverse("admin:accounts_domain_change", args=[a["domain"].pk])
    assert operator.post(path, {"host": "moved.example", "account": b.account.pk}).status_code == 302
    a["domain"].refresh_from_db()
    assert (a["domain"].host, a["domain"].account) == ("moved.example", a.account)


def test_actions_reach_no_row_of_another_account(owner: Client, a: Tenant, b: Tenant) -> None:
    sent = {"action": "delete_selected", "_selected_action": [b["domain"].pk], "post": "yes"}
    owner.post(reverse("admin:accounts_domain_changelist"), sent)
    assert b.account.domains.exists()


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("admin:accounts_apikey_changelist", "secret_hash__startswith=a"),
        ("admin:accounts_user_changelist", "password__startswith=pbkdf2"),
        ("admin:storage_connection_changelist", "credentials__gt=a"),
        ("admin:jobs_service_changelist", "secrets__secret_hash__startswith=a"),
        ("admin:accounts_domain_changelist", "account__users__password__startswith=a"),
    ],
)
def test_no_address_asks_about_a_secret(owner: Client, a: Tenant, path: str, query: str) -> None:
    assert owner.get(f"{reverse(path)}?{query}").status_code == 400


def test_a_person_without_the_staff_mark_stays_outside(a: Tenant) -> None:
    client = Client()
    client.force_login(User.objects.create_user("api@alpha.example", account=a.account, role="owner"))
    assert client.get(reverse("admin:jobs_job_changelist")).status_code == 302


def test_a_superuser_of_an_account_is_no_operator(a: Tenant, b: Tenant) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root@alpha.example", account=a.account, role="viewer"))
    shown = client.get(reverse("admin:jobs_job_changelist")).content.decode()
    assert "job-of-alpha" in shown
    assert "job-of-beta" not in shown
    assert client.get(reverse("admin:accounts_domain_add")).status_code == 403


def test_an_account_with_jobs_cannot_be_deleted_by_a_click(operator: Client, a: Tenant) -> None:
    path = reverse("admin:accounts_account_delete", args=[a.account.pk])
    assert operator.post(path, {"post": "yes"}).status_code == 403
    assert Account.objects.filter(pk=a.account.pk).exists()


def test_an_account_without_jobs_can_be_deleted_after_a_question(operator: Client) -> None:
    account = Account.objects.create(name="gone")
    path = reverse("admin:accounts_account_delete", args=[account.pk])
    assert operator.get(path).status_code == 200
    assert Account.objects.filter(pk=account.pk).exists()
    assert operator.post(path, {"post": "yes"}).status_code == 302
    assert not Account.objects.filter(pk=account.pk).exists()


def test_no_button_can_be_pressed_from_another_site(editor: Client, a: Tenant) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = editor.cookies
    path = reverse("admin:jobs_job_retry_all", args=[a["job"].pk])
    assert strict.get(path).status_code == 200
    assert strict.post(path).status_code == 403
    a["job"].refresh_from_db()
    assert a["job"].run == 1
