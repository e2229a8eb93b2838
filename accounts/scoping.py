"""What every admin page has in common: who sees which rows, and who may change them."""

from collections.abc import Collection
from typing import Any, ClassVar

from django.contrib.admin.filters import ListFilter
from django.core.paginator import Paginator
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import HiddenInput
from django.forms.models import ModelChoiceField
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin, TabularInline

from accounts.audit import record
from accounts.models import Account, Role, User

SECRET_FIELDS = frozenset({"password", "secret", "secret_hash", "credentials"})
"""Never a filter in an address: answers of yes and no would spell a secret out."""

COUNTED = 10_000
"""Rows are counted up to here: beyond it nobody pages, and counting takes longer than reading."""


def is_operator(request: HttpRequest) -> bool:
    """Whether an operator is asking."""
    return isinstance(request.user, User) and request.user.is_operator


def own_account(request: HttpRequest) -> int | None:
    """The account whose rows alone may be seen, or None for an operator. A stranger gets an account without rows."""
    if is_operator(request):
        return None
    return getattr(request.user, "account_id", None) or 0


class BoundedPaginator(Paginator):
    """Pages of a table that may be very long."""

    @cached_property
    def count(self) -> int:
        if isinstance(self.object_list, QuerySet):
            return self.object_list.order_by()[:COUNTED].count()
        return len(self.object_list)


class ScopedAdmin(ModelAdmin):
    """An admin page that shows an account's people nothing but their account's rows.

    account_path: the way from a row to its account, `pk` for the account itself, None where only operators look.
    reader_roles, writer_roles: who in an account may view rows, and who may change them.
    audited: what the audit log calls a row, where it keeps what is done to it. audited_values: the fields whose values
    it keeps too; of others it keeps the name.
    """

    account_path: ClassVar[str | None] = "account"
    reader_roles: ClassVar[frozenset[str]] = frozenset(Role.values)
    writer_roles: ClassVar[frozenset[str]] = frozenset({Role.OWNER})
    audited: ClassVar[str] = ""
    audited_values: ClassVar[frozenset[str]] = frozenset()
    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    warn_unsaved_form = True

    class Media:
        css: ClassVar = {"all": ["accounts/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return scope(super().get_queryset(request), request, self.account_path)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        may_read = is_operator(request) or getattr(request.user, "role", None) in self.reader_roles
        return may_read and self._reaches(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_act_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_act_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_act_permission(request, obj)

    def has_act_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether actions may be run on the row, also where nobody may edit it by hand."""
        return self._may_write(request) and self._reaches(request, obj)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        if SECRET_FIELDS & set(lookup.split("__")):
            return False
        return bool(super().lookup_allowed(lookup, value, request))

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """The filter by account would name the others to its reader."""
        found: list[str | type[ListFilter] | tuple[str, Any]] = list(super().get_list_filter(request))
        return found if is_operator(request) else [one for one in found if one != self.account_path]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        found = list(super().get_list_display(request))
        return found if is_operator(request) else [one for one in found if one != "account"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """A row never moves from one account to another: what it points to would stay behind."""
        fixed = ["account"] if obj and self.account_path == "account" else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "ModelChoiceField[Any] | None":
        kwargs["queryset"] = self._choices(db_field.remote_field.model, request)
        mine = own_account(request)
        if mine is None or db_field.remote_field.model is not Account:
            return super().formfield_for_foreignkey(db_field, request, **kwargs)
        field = super().formfield_for_foreignkey(db_field, request, initial=mine, widget=HiddenInput(), **kwargs)
        if field:
            # A disabled field takes its initial value, whatever was sent.
            field.disabled = True
        return field

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if self.audited and (form.changed_data or not change):
            changes = _describe_changes(form, self.audited_values)
            self.audit(request, obj, f"{self.audited}_{'changed' if change else 'created'}", changes=changes)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        if self.audited:
            self.audit(request, obj, f"{self.audited}_deleted")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for obj in queryset if self.audited else ():
            self.audit(request, obj, f"{self.audited}_deleted")
        super().delete_queryset(request, queryset)

    def audit(self, request: HttpRequest, obj: Model, action: str, **details: Any) -> None:
        """Write down what was done to the row, and by whom. No secrets: the last four characters at most."""
        account_id = find_account_id(obj, self.account_path) if self.account_path else None
        account = Account.objects.filter(pk=account_id).first() if account_id else None
        record(action, account=account, target=f"{self.opts.verbose_name} {obj}", request=request, **details)

    def _choices(self, model: type[Model], request: HttpRequest) -> QuerySet[Any]:
        """What a foreign key may point to: what its own page shows. Rows without a page are nobody's choice."""
        page = self.admin_site._registry.get(model)
        return page.get_queryset(request) if isinstance(page, ScopedAdmin) else model._default_manager.none()

    def _may_write(self, request: HttpRequest) -> bool:
        if self.account_path is None or is_operator(request):
            return is_operator(request)
        return bool(own_account(request)) and getattr(request.user, "role", None) in self.writer_roles

    def _reaches(self, request: HttpRequest, obj: Model | None) -> bool:
        mine = own_account(request)
        if mine is None:
            return True
        if not mine or self.account_path is None:
            return False
        return obj is None or find_account_id(obj, self.account_path) == mine


class ReadOnlyAdmin(ScopedAdmin):
    """Rows that are looked at, and neither made, changed nor deleted by hand."""

    writer_roles = frozenset()
    warn_unsaved_form = False
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyInline(TabularInline):
    """Rows below another that are looked at and never edited. They are in scope where the row above them is."""

    extra = 0
    can_delete = False
    show_change_link = False
    hide_title = True

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def scope(rows: QuerySet[Any], request: HttpRequest, account_path: str | None) -> QuerySet[Any]:
    """The rows that whoever asks may see."""
    mine = own_account(request)
    if mine is None:
        return rows
    return rows.none() if account_path is None else rows.filter(**{account_path: mine})


def find_account_id(obj: Model, account_path: str) -> int | None:
    """The account of a row, at the end of a path such as `job__account`."""
    *way, last = account_path.split("__")
    found: Any = obj
    for step in way:
        found = getattr(found, step)
    account_id: int | None = found.pk if last == "pk" else getattr(found, f"{last}_id")
    return account_id


def _describe_changes(form: Any, shown: Collection[str]) -> dict[str, Any]:
    """The fields that were changed: what they were and are of those that may be shown, nothing of the others."""
    pairs = {name: (form.initial.get(name), form.cleaned_data.get(name)) for name in form.changed_data}
    return {name: [_spell(value) for value in pair] if name in shown else None for name, pair in pairs.items()}


def _spell(value: Any) -> Any:
    if isinstance(value, Model):
        return value.pk
    return value if value is None or isinstance(value, bool | int) else str(value)
