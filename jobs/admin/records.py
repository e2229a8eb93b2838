"""What the pages of the engine's rows have in common: they are looked at, acted on, and never edited by hand."""

from typing import Any, ClassVar

from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from accounts.actions import ActingAdmin
from accounts.models import Role
from accounts.scoping import own_account
from jobs.models import Job

EDITORS = frozenset({Role.OWNER, Role.EDITOR})


class RecordAdmin(ActingAdmin):
    """Rows that the engine alone writes. What is deleted when is `manage.py purge`'s to say."""

    writer_roles = EDITORS
    change_form_template = "jobs/record.html"
    list_disable_select_all = False
    warn_unsaved_form = False

    class Media:
        css: ClassVar = {"all": ["jobs/admin.css"]}
        js: ClassVar = ["jobs/thumbnails.js", "jobs/progress.js"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Rows below a job are scoped by a look at each one's job: a join would sort them all to show a page."""
        mine = own_account(request)
        if mine is None or self.account_path != "job__account":
            return super().get_queryset(request)
        rows: QuerySet[Any] = ModelAdmin.get_queryset(self, request)
        return rows.filter(Exists(Job.every.filter(pk=OuterRef("job_id"), account=mine)))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        found: dict[str, Any] = super().get_actions(request)
        found.pop("delete_selected", None)
        return found
