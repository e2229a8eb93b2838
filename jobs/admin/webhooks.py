"""The admin page of an account's webhooks."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.actions import ActingAdmin, ObjectAction, ObjectForm, object_action
from accounts.forms import SecretInput
from jobs.admin.wording import badge, clean_address
from jobs.models import AccountWebhook
from jobs.models.webhooks import Event
from jobs.webhooks import delete_webhook, issue_secret


class WebhookForm(forms.ModelForm):
    """An address, and what it is told."""

    events = forms.MultipleChoiceField(
        choices=[(event.value, f"{event.label} ({event.value})") for event in Event],
        initial=Event.values,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What is sent: that all of a job went well, or that some of it did not.",
    )

    class Meta:
        model = AccountWebhook
        fields: ClassVar = ["account", "url", "events", "is_enabled"]


class ImportForm(ObjectForm):
    """A secret that the receiver has already."""

    secret = forms.CharField(
        strip=True, widget=SecretInput, help_text="The secret that the receiver checks with. It is kept encrypted."
    )


@admin.register(AccountWebhook)
class WebhookAdmin(ActingAdmin):
    """Addresses that hear of the end of every job of an account."""

    form = WebhookForm
    audited = "webhook"
    object_actions = ("make_secret", "import_secret")
    list_display = ("shown_url", "account", "shown_events", "shown_state", "shown_secret")
    list_filter = ("account", "is_enabled")
    list_select_related = ("account",)
    readonly_fields = ("shown_secret", "created_at", "shown_url", "shown_events", "shown_state")
    actions = None

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whoever only looks sees no more of the address than lists do."""
        may_change = self.has_change_permission(request, obj) if obj else True
        facts = ("url", "events", "is_enabled") if may_change else ("shown_url", "shown_events", "shown_state")
        return ("account", *facts, *(("shown_secret", "created_at") if obj else ()))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.audit(request, obj, "webhook_deleted")
        delete_webhook(obj)

    @admin.display(description="URL", ordering="url")
    def shown_url(self, hook: AccountWebhook) -> str:
        return clean_address(hook.url)

    @admin.display(description="events")
    def shown_events(self, hook: AccountWebhook) -> str:
        return ", ".join(hook.events)

    @admin.display(description="state", ordering="is_enabled")
    def shown_state(self, hook: AccountWebhook) -> SafeString:
        return badge("enabled", "good") if hook.is_enabled else badge("disabled", "warn")

    @admin.display(description="secret")
    def shown_secret(self, hook: AccountWebhook) -> str:
        return f"…{hook.last_four}" if hook.last_four else "none: messages are not signed"

    @object_action(
        ObjectAction(
            title="Make a new secret",
            icon="key",
            question="Make a new secret for {}? It is shown once. Messages are signed with it from now on.",
            is_destructive=True,
        )
    )
    def make_secret(self, request: HttpRequest, hook: AccountWebhook) -> HttpResponse:
        secret = issue_secret(hook)
        self.audit(request, hook, "webhook_secret_created", last_four=secret[-4:])
        return self.render_secret(request, hook, secret, what="New secret")

    @object_action(
        ObjectAction(
            title="Import a secret",
            icon="key_vertical",
            question="Sign the messages to {} with a secret that the receiver has already?",
            form=ImportForm,
        )
    )
    def import_secret(self, request: HttpRequest, hook: AccountWebhook, form: ImportForm) -> None:
        secret = issue_secret(hook, form.cleaned_data["secret"])
        self.audit(request, hook, "webhook_secret_imported", last_four=secret[-4:])
        messages.success(request, "Messages are signed with it from now on.")
