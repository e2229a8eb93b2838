"""Forms of the accounts' admin pages, and fields that others share."""

import re
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.forms import BaseUserCreationForm, SetPasswordForm
from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.errors import BadCredentials, TooManyRequests
from accounts.keys import SCOPES, hash_secret, make_secret
from accounts.logins import WRONG, check_credentials
from accounts.models import ApiKey, Domain, User
from accounts.secrets import check_secret

HOST = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != self.to_python(data)


class SecretInput(UnfoldAdminTextInputWidget):
    """What is typed here is readable, but never sent back: a page with an error does not hold it."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs={"autocomplete": "off", "spellcheck": "false", **(attrs or {})})

    def format_value(self, value: Any) -> str | None:
        return None


class LoginForm(AuthenticationForm):
    """The login to the admin. It is counted with the API's: whoever is out of tries there is so here."""

    retry_after_seconds: int | None = None

    def clean(self) -> dict[str, Any]:
        """Whoever may not use the admin is told no more than somebody with a wrong password."""
        email, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if email and password:
            try:
                self.user_cache = check_credentials(self.request, email, password)
            except TooManyRequests as error:
                self.retry_after_seconds = error.retry_after_seconds
                raise ValidationError(error.message) from None
            except BadCredentials as error:
                raise ValidationError(error.message) from None
            if not self.user_cache.is_staff:
                raise ValidationError(WRONG)
        return self.cleaned_data


class CodeForm(forms.Form):
    """A code of the second step."""

    code = forms.CharField(
        max_length=40,
        label="Code",
        help_text="The six digits that the app shows now, or a recovery code.",
        widget=SecretInput(attrs={"autocomplete": "one-time-code", "autofocus": True}),
    )


class FirstCodeForm(CodeForm):
    """The first code, which sets the second step up."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = "Six digits; a new code appears every half minute."


class EmailForm(forms.Form):
    """Whose password was forgotten."""

    email = forms.EmailField(
        max_length=254,
        label="E-mail address",
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "email", "autofocus": True}),
    )


class NewPasswordForm(SetPasswordForm):
    """A new password, typed twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("new_password1", "new_password2"):
            self.fields[name].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})


class UserCreationForm(BaseUserCreationForm):
    """A new person, known by an e-mail address, with a password typed twice."""

    class Meta:
        model = User
        fields: ClassVar = ["email"]
        widgets: ClassVar = {"email": UnfoldAdminEmailInputWidget()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("password1", "password2"):
            self.fields[name].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})

    def clean_email(self) -> str:
        return clean_email(self)


class UserChangeForm(forms.ModelForm):
    """A person's facts. The password has a page of its own."""

    class Meta:
        model = User
        fields: ClassVar = ["email", "name", "account", "role", "is_active", "is_staff"]

    def clean_email(self) -> str:
        return clean_email(self)


def clean_email(form: "forms.ModelForm[User]") -> str:
    """The address in small letters: people don't remember how they once wrote it."""
    email: str = form.cleaned_data["email"].lower()
    if User.objects.filter(email__iexact=email).exclude(pk=form.instance.pk).exists():
        raise ValidationError("This address is in use already.")
    return email


class ApiKeyForm(forms.ModelForm):
    """What of a key can be changed."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in SCOPES],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        required=False,
        help_text="What calls with this key may do.",
    )

    class Meta:
        model = ApiKey
        fields: ClassVar = ["account", "name", "scopes", "expires_at", "requests_per_minute"]


class NewApiKeyForm(ApiKeyForm):
    """A new key: with a secret of its own, or with one that clients have already."""

    secret = forms.CharField(
        required=False,
        strip=True,
        widget=SecretInput,
        label="Existing secret",
        help_text="Only to bring a key of another service along, so that its clients need no change. "
        "Left empty, a new secret is made and shown once.",
    )
    new_secret: str | None = None

    def clean_secret(self) -> str:
        secret: str = self.cleaned_data["secret"]
        fault = check_secret(secret) if secret else None
        if fault:
            raise ValidationError(f"A secret {fault}.")
        if secret and ApiKey.objects.filter(secret_hash=hash_secret(secret)).exists():
            raise ValidationError("This secret is or was in use already.")
        return secret

    def save(self, commit: bool = True) -> ApiKey:
        """Keeps the hash and the last four characters. The secret itself lives on in `new_secret` alone."""
        brought = self.cleaned_data["secret"]
        secret = brought or make_secret()
        self.new_secret = None if brought else secret
        self.instance.secret_hash = hash_secret(secret)
        self.instance.last_four = secret[-4:]
        return super().save(commit)


class DomainForm(forms.ModelForm):
    """A host that browsers may call from."""

    class Meta:
        model = Domain
        fields: ClassVar = ["account", "host"]

    def clean_host(self) -> str:
        host: str = self.cleaned_data["host"].strip().lower()
        if not HOST.fullmatch(host):
            raise ValidationError("A host reads shop.example.com or *.example.com, without scheme, port or path.")
        return host
