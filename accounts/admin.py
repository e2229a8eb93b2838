"""The admin pages of accounts, people, keys and domains, and of what they have done."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.forms import AdminPasswordChangeForm

from accounts import second_factor
from accounts.actions import ActingAdmin, ObjectAction, object_action
from accounts.audit import ACTIONS
from accounts.filters import ActionFilter
from accounts.forms import ApiKeyForm, DomainForm, NewApiKeyForm, UserChangeForm, UserCreationForm
from accounts.models import Account, ApiKey, AuditEntry, Domain, Role, Session, User
from accounts.plans import LIMITS
from accounts.scoping import ReadOnlyAdmin, ScopedAdmin
from accounts.tokens import revoke_all

# Who may do what follows from account and role; groups would be a second answer to the same question.
admin.site.unregister(Group)


@admin.register(Account)
class AccountAdmin(ScopedAdmin):
    """Tenants. People see their own; only operators change one."""

    account_path = "pk"
    writer_roles = frozenset()
    audited = "account"
    audited_values = frozenset({"name", "plan", "credits", "payment_due", *LIMITS})
    list_display = ("name", "plan", "credits", "payment_due", "created_at")
    list_filter = ("plan", "payment_due")
    search_fields = ("name",)
    readonly_fields = ("created_at",)
    fieldsets = (
        (None, {"fields": ("name", "plan", "credits", "payment_due", "created_at")}),
        ("Limits", {"fields": [name for name in LIMITS if not name.startswith("keep_")]}),
        ("What is kept", {"fields": [name for name in LIMITS if name.startswith("keep_")]}),
    )
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Not while it has jobs: `manage.py purge` takes those away in pieces, one page could not."""
        is_empty = not isinstance(obj, Account) or not obj.jobs.exists()
        return is_empty and super().has_delete_permission(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Whoever may delete an account may delete what it holds, also rows that have no delete button."""
        found, counts, _, protected = super().get_deleted_objects(objs, request)
        return found, counts, set(), protected


@admin.register(User)
class UserAdmin(BaseUserAdmin, ActingAdmin):  # type: ignore[misc]
    """People. Without an account and with the staff mark: an operator."""

    form = UserChangeForm
    add_form = UserCreationForm
    object_actions = ("log_out_everywhere", "take_second_step_away")
    actions = ("log_out_selected",)
    change_password_form = AdminPasswordChangeForm
    audited = "user"
    audited_values = frozenset({"email", "role", "account", "is_active", "is_staff"})
    list_display = ("email", "name", "account", "role", "is_active", "is_staff", "last_login")
    list_filter = ("account", "role", "is_active", "is_staff")
    list_select_related = ("account",)
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = ("second_step", "last_login", "created_at")
    fieldsets = (
        (None, {"fields": ("email", "name", "account", "role")}),
        ("Access", {"fields": ("is_active", "is_staff", "second_step", "last_login", "created_at")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "account", "role", "is_staff", "password1", "password2")}),)

    @admin.display(description="second step")
    def second_step(self, user: User) -> str:
        return "asked for at each login" if second_factor.is_set_up(user) else "not set up"

    def object_tools(self, request: HttpRequest, obj: Model) -> Iterator[dict[str, str]]:
        if self.has_change_permission(request, obj):
            link = reverse("admin:auth_user_password_change", args=[obj.pk])
            yield {"title": "Set password", "icon": "password", "link": link}
            yield from super().object_tools(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Whoever may delete a person may delete their sessions, which have no delete button."""
        found, counts, _, protected = super().get_deleted_objects(objs, request)
        return found, counts, set(), protected

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        answer: HttpResponse = super().user_change_password(request, id, form_url)
        if request.method == "POST" and answer.status_code == 302:
            self.audit(request, User.objects.get(pk=id), "password_set")
        return answer

    @object_action(
        ObjectAction(
            title="Log out everywhere",
            icon="logout",
            question="End every session and every token of {}? Programs that use one must log in anew.",
            is_destructive=True,
            audit="sessions_ended",
        )
    )
    def log_out_everywhere(self, request: HttpRequest, user: User) -> None:
        revoke_all(user)
        messages.success(request, f"{user} is logged out everywhere.")

    @admin.action(description="Log out everywhere", permissions=["act"])
    def log_out_selected(self, request: HttpRequest, rows: QuerySet[User]) -> HttpResponse | None:
        question = "End every session and every token of these people?"
        return self.act_on_selected(request, rows, question=question, act=_log_out, audit="sessions_ended")

    @object_action(
        ObjectAction(
            title="Take second step away",
            icon="phonelink_erase",
            question="Let {} log in with the password alone? They are logged out everywhere.",
            is_destructive=True,
            when=second_factor.is_set_up,
            audit="second_step_removed",
        )
    )
    def take_second_step_away(self, request: HttpRequest, user: User) -> None:
        if user == request.user:
            raise ValidationError("Your own second step is taken away on the page Security, with a code.")
        if not second_factor.forget(user):
            raise ValidationError(f"{user} has set up no second step.")
        messages.success(request, f"{user} logs in with the password alone from now on.")


@admin.register(ApiKey)
class ApiKeyAdmin(ActingAdmin):
    """Keys. They are revoked, never deleted: a row that is gone could be brought along again."""

    form = ApiKeyForm
    object_actions = ("revoke",)
    list_display = ("name", "account", "shown_secret", "shown_scopes", "expires_at", "revoked_at", "last_used_at")
    list_filter = ("account", "revoked_at", "expires_at")
    list_select_related = ("account",)
    search_fields = ("name", "last_four")
    readonly_fields = ("shown_secret", "created_at", "last_used_at", "revoked_at")
    editable = ("account", "name", "scopes", "expires_at", "requests_per_minute")
    fields = (*editable, "shown_secret", "created_at", "last_used_at", "revoked_at")
    actions = None

    @admin.display(description="secret")
    def shown_secret(self, key: ApiKey) -> str:
        return f"…{key.last_four}"

    @admin.display(description="scopes")
    def shown_scopes(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return super().get_fields(request, obj) if obj else (*self.editable, "secret")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **kwargs, **({} if obj else {"form": NewApiKeyForm}))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        obj.new_secret = getattr(form, "new_secret", None)
        if form.changed_data or not change:
            what = "changed" if change else "created" if obj.new_secret else "imported"
            self.audit(request, obj, f"api_key_{what}", last_four=obj.last_four, scopes=obj.scopes)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """The page that shows the new secret; a brought one is known already."""
        if obj.new_secret:
            return self.render_secret(request, obj, obj.new_secret, what="New API key")
        return super().response_add(request, obj, post_url_continue)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @object_action(
        ObjectAction(
            title="Revoke",
            icon="key_off",
            question="Revoke the key {}? Clients that use it are refused from now on. It cannot be taken back.",
            is_destructive=True,
            when=lambda key: key.revoked_at is None,
            audit="api_key_revoked",
        )
    )
    def revoke(self, request: HttpRequest, key: ApiKey) -> None:
        if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
            raise ValidationError("This key has been revoked before.")
        messages.success(request, f"The key {key} is revoked.")


@admin.register(Domain)
class DomainAdmin(ScopedAdmin):
    """Hosts whose pages may call from a browser."""

    form = DomainForm
    audited = "domain"
    list_display = ("host", "account")
    list_filter: ClassVar = ("account",)
    list_select_related = ("account",)
    search_fields = ("host",)


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Logins over the API. They end together, by a button on the person's page."""

    account_path = "user__account"
    reader_roles = frozenset({Role.OWNER})
    list_display = ("user", "address", "agent", "created_at", "expires_at", "revoked_at")
    list_filter = ("user__account", "created_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "address", "agent")
    fields = ("user", "address", "agent", "created_at", "expires_at", "revoked_at")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what to what is to be kept safe. Owners see their account's part."""

    reader_roles = frozenset({Role.OWNER})
    list_display = ("shown_at", "account", "actor", "shown_action", "target", "address")
    list_filter = ("account", ActionFilter, "at")
    list_select_related = ("account",)
    search_fields = ("actor", "target", "address")
    fields = ("shown_at", "account", "actor", "shown_action", "target", "address", "shown_details")

    @admin.display(description="time", ordering="at")
    def shown_at(self, entry: AuditEntry) -> str:
        return f"{entry.at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="action", ordering="action")
    def shown_action(self, entry: AuditEntry) -> str:
        return ACTIONS.get(entry.action, entry.action)

    @admin.display(description="details")
    def shown_details(self, entry: AuditEntry) -> str:
        return json.dumps(entry.details, ensure_ascii=False) if entry.details else ""


def _log_out(user: User) -> bool:
    revoke_all(user)
    return True
