"""The admin pages of storages and of reference images."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.actions import ActingAdmin, ObjectAction, ObjectForm, object_action
from accounts.scoping import ReadOnlyAdmin, is_operator
from storage import kinds
from storage.forms import (
    CREDENTIALS,
    FORGET,
    PARAMETERS,
    ConnectionForm,
    choices_of_kinds,
    describe_kept,
    field_names,
    for_kind,
)
from storage.house import make_link
from storage.models import Connection, ReferenceImage
from storage.trial import try_connection


class TrialForm(ObjectForm):
    """What to read in a try."""

    key = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Path of an object to read. Left empty, the smallest of the first few that are listed.",
    )


@admin.register(Connection)
class ConnectionAdmin(ActingAdmin):
    """Storages. A kind is chosen first, then the form asks for what the kind needs."""

    audited = "storage"
    object_actions = ("test_connection",)
    list_display = ("name", "account", "kind", "where", "is_private", "updated_at")
    list_filter = ("account", "kind", "is_private")
    list_select_related = ("account",)
    search_fields = ("name",)
    readonly_fields = ("kind", "created_at", "updated_at", "kept_access_key")
    actions = None

    @admin.display(description="place")
    def where(self, connection: Connection) -> str:
        shown = connection.public_parameters
        place = shown.get("bucket") or shown.get("base_url") or shown.get("path") or ""
        return "/".join(part for part in (place, shown.get("path", "") if shown.get("bucket") else "") if part)

    @admin.display(description="access key")
    def kept_access_key(self, connection: Connection) -> str:
        return describe_kept("access_key", _kept(connection).get("access_key")).split(".")[0]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """First the choice of the kind, where the address does not name one that this person can connect."""
        choices = dict(choices_of_kinds(operator=is_operator(request)))
        if self.has_add_permission(request) and request.GET.get("kind") not in choices:
            return self.render_page(request, "storage/choose_kind.html", {"kinds": choices}, title="Add a storage")
        answer: HttpResponse = super().add_view(request, form_url, extra_context)
        return answer

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kind = obj.kind if obj else request.GET.get("kind", "")
        form = for_kind(kind) if kind in kinds.all() else ConnectionForm
        return super().get_form(request, obj, change, **{**kwargs, "form": form})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        kind = obj.kind if obj else request.GET.get("kind", "")
        general = ["account", "name", *(["kind"] if obj else []), *(["is_private"] if is_operator(request) else [])]
        if kind not in kinds.all():
            return [(None, {"fields": general})]
        credentials = field_names(kind, CREDENTIALS)
        if not self._edits(request, obj):
            return [(None, {"fields": [*general, "shown_parameters", "kept_access_key"]})]
        found = [(None, {"fields": general}), ("Parameters", {"fields": field_names(kind, PARAMETERS)})]
        if credentials:
            forget = [FORGET] if obj and obj.credentials else []
            found.append(("Credentials", {"fields": [*credentials, *forget]}))
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "shown_parameters"]

    @admin.display(description="parameters")
    def shown_parameters(self, connection: Connection) -> str:
        return ", ".join(f"{name}: {value}" for name, value in connection.public_parameters.items())

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What opens a private network, or this machine's disk, is for operators to point somewhere else."""
        return super().has_change_permission(request, obj) and (is_operator(request) or not _is_guarded(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (is_operator(request) or not _is_guarded(obj))

    def _edits(self, request: HttpRequest, obj: Any) -> bool:
        return self.has_change_permission(request, obj) if obj else self.has_add_permission(request)

    @object_action(
        ObjectAction(
            title="Test connection",
            icon="network_check",
            question="List {} and read one object of it?",
            form=TrialForm,
        )
    )
    def test_connection(self, request: HttpRequest, connection: Connection, form: TrialForm) -> None:
        went_well, said = try_connection(connection, form.cleaned_data["key"])
        messages.add_message(request, messages.SUCCESS if went_well else messages.ERROR, said)


@admin.register(ReferenceImage)
class ReferenceImageAdmin(ReadOnlyAdmin):
    """Pictures that accounts keep for their recipes. They come and go over the API."""

    list_display = ("name", "account", "address", "mime", "size_bytes", "created_at")
    list_filter = ("account", "mime", "created_at")
    list_select_related = ("account",)
    search_fields = ("name", "public_id")
    fields = ("name", "account", "address", "mime", "size_bytes", "created_at", "picture")

    @admin.display(description="address")
    def address(self, image: ReferenceImage) -> str:
        return f"storage://reference/{image.public_id}"

    @admin.display(description="picture")
    def picture(self, image: ReferenceImage) -> SafeString:
        url = make_link(image.key, filename=image.name, content_type=image.mime)
        return format_html('<a class="pm-link" href="{}">Open</a>', url)


def _kept(connection: Connection) -> dict[str, str]:
    return connection.credentials or {}  # type: ignore[return-value]


def _is_guarded(connection: Connection | None) -> bool:
    if connection is None:
        return False
    kind = kinds.all().get(connection.kind)
    return connection.is_private or kind is None or kind.operator_only
