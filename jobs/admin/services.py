"""The admin page of services, with their secrets."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Max, Model, QuerySet
from django.forms.models import ModelChoiceField
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from accounts.actions import ActingAdmin, ObjectAction, ObjectForm, object_action
from accounts.forms import LinesField, SecretInput
from accounts.keys import is_live
from accounts.scoping import ReadOnlyInline, is_operator
from jobs.admin.wording import badge, show_time
from jobs.models import Service, ServiceSecret, SigningSecret
from jobs.secrets import issue_secret, issue_signing_secret

OVERLAP_NOTE = "The one before it stays good for 24 hours; any older is revoked at once."


class ServiceForm(forms.ModelForm):
    """A service. Its number is the next free one where none is given."""

    number = forms.IntegerField(
        required=False,
        min_value=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="What clients name it by. Left empty, the next free one.",
    )
    allowed_ips = LinesField(
        required=False,
        label="Allowed addresses",
        help_text="One a line: 203.0.113.7, 203.0.113.0/24 or 203.0.113.7-203.0.113.20. Empty: any may call.",
    )

    class Meta:
        model = Service
        fields: ClassVar = ["number", "account", "name", "connection", "allowed_ips"]

    def clean_number(self) -> int:
        number: int | None = self.cleaned_data["number"]
        return number or (Service.objects.aggregate(last=Max("number"))["last"] or 0) + 1

    def _post_clean(self) -> None:
        # A new service whose form has no number field, as account owners have it, gets one all the same.
        if not self.instance.number:
            self.instance.number = (Service.objects.aggregate(last=Max("number"))["last"] or 0) + 1
        super()._post_clean()  # type: ignore[misc]


class ImportForm(ObjectForm):
    """A secret that clients have already."""

    secret = forms.CharField(
        strip=True,
        widget=SecretInput,
        help_text="The secret of the old service, as its clients send it. Only a hash of it is kept.",
    )


class ImportSigningForm(ObjectForm):
    """A callback secret that the receiver has already."""

    secret = forms.CharField(
        strip=True,
        widget=SecretInput,
        help_text="whsec_ and 24 to 64 bytes in base64. It is kept encrypted.",
    )


class RevokeForm(ObjectForm):
    """Which of the live secrets goes."""

    secret = ModelChoiceField(queryset=ServiceSecret.objects.none(), widget=UnfoldAdminSelectWidget, empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["secret"]
        assert isinstance(field, ModelChoiceField)
        field.queryset = self.obj.secrets.filter(is_live())


class SecretInline(ReadOnlyInline):
    """The bearer secrets, by their last four characters."""

    model: type[Model] = ServiceSecret
    verbose_name_plural = "secrets"
    fields = readonly_fields = ("shown", "created", "live_until", "state")

    @admin.display(description="ends in")
    def shown(self, secret: Any) -> str:
        return f"…{secret.last_four}"

    @admin.display(description="live until")
    def live_until(self, secret: Any) -> SafeString | str:
        ends_at = secret.revoked_at or secret.expires_at
        return show_time(ends_at) if ends_at else "it is replaced"

    @admin.display(description="created")
    def created(self, secret: Any) -> SafeString | str:
        return show_time(secret.created_at)

    @admin.display(description="state")
    def state(self, secret: Any) -> SafeString:
        if secret.revoked_at:
            return badge("revoked", "bad")
        is_over = secret.expires_at and secret.expires_at <= timezone.now()
        return badge("expired", "warn") if is_over else badge("live", "good")


class SigningSecretInline(SecretInline):
    """What callbacks are signed with."""

    model = SigningSecret
    verbose_name_plural = "callback secrets"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SigningSecret]:
        # The page has no use for the secret itself: it stays encrypted in the database.
        return super().get_queryset(request).defer("secret")


@admin.register(Service)
class ServiceAdmin(ActingAdmin):
    """Services: a number, a secret, a storage, and who may call from where."""

    form = ServiceForm
    audited = "service"
    object_actions = (
        "make_secret",
        "import_secret",
        "revoke_secret",
        "replace_callback_secret",
        "import_callback_secret",
    )
    inlines = (SecretInline, SigningSecretInline)
    list_display = ("number", "name", "account", "connection", "addresses")
    list_display_links = ("number", "name")
    list_filter = ("account",)
    list_select_related = ("account", "connection")
    search_fields = ("=number", "name")
    readonly_fields = ("created_at",)
    actions = None

    class Media:
        css: ClassVar = {"all": ["jobs/admin.css"]}

    @admin.display(description="may call")
    def addresses(self, service: Service) -> str:
        return ", ".join(service.allowed_ips) or "any address"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Numbers are shared by all accounts, so only operators choose one."""
        number = ("number",) if obj or is_operator(request) else ()
        return (*number, "account", "name", "connection", "allowed_ips", *(("created_at",) if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), *(["number"] if obj else [])]

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.inlines if obj else ()

    @object_action(
        ObjectAction(
            title="Make a new secret",
            icon="key",
            question="Make a new secret for {}? It is shown once. " + OVERLAP_NOTE,
            is_destructive=True,
        )
    )
    def make_secret(self, request: HttpRequest, service: Service) -> HttpResponse:
        secret = issue_secret(service)
        self.audit(request, service, "service_secret_created", last_four=secret[-4:])
        return self.render_secret(request, service, secret, what="New secret")

    @object_action(
        ObjectAction(
            title="Import a secret",
            icon="key_vertical",
            question="Bring a secret along for {}, so that its clients change nothing but the address. " + OVERLAP_NOTE,
            form=ImportForm,
        )
    )
    def import_secret(self, request: HttpRequest, service: Service, form: ImportForm) -> None:
        secret = issue_secret(service, form.cleaned_data["secret"])
        self.audit(request, service, "service_secret_imported", last_four=secret[-4:])
        messages.success(request, "The secret is good from now on.")

    @object_action(
        ObjectAction(
            title="Revoke a secret",
            icon="key_off",
            question="Revoke a secret of {}? Clients that use it are refused from now on. It cannot be taken back.",
            form=RevokeForm,
            is_destructive=True,
            when=lambda service: service.secrets.filter(is_live()).exists(),
        )
    )
    def revoke_secret(self, request: HttpRequest, service: Service, form: RevokeForm) -> None:
        secret: ServiceSecret = form.cleaned_data["secret"]
        ServiceSecret.objects.filter(pk=secret.pk, revoked_at=None).update(revoked_at=timezone.now())
        self.audit(request, service, "service_secret_revoked", last_four=secret.last_four)
        messages.success(request, f"The secret {secret} is revoked.")

    @object_action(
        ObjectAction(
            title="Replace callback secret",
            icon="signature",
            question="Make a new callback secret for {}? It is shown once. "
            "Callbacks are signed with both for 24 hours; any older is revoked at once.",
            is_destructive=True,
        )
    )
    def replace_callback_secret(self, request: HttpRequest, service: Service) -> HttpResponse:
        secret = issue_signing_secret(service)
        self.audit(request, service, "callback_secret_created", last_four=secret[-4:])
        return self.render_secret(request, service, secret, what="New callback secret")

    @object_action(
        ObjectAction(
            title="Import a callback secret",
            icon="ink_pen",
            question="Sign the callbacks of {} with a secret that the receiver has already? "
            "Callbacks are signed with the one before it too for 24 hours.",
            form=ImportSigningForm,
        )
    )
    def import_callback_secret(self, request: HttpRequest, service: Service, form: ImportSigningForm) -> None:
        secret = issue_signing_secret(service, form.cleaned_data["secret"])
        self.audit(request, service, "callback_secret_imported", last_four=secret[-4:])
        messages.success(request, "Callbacks are signed with it from now on.")
