"""The form of a storage, built from what its kind asks for. Credentials go in and never come out again."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Literal, get_args, get_origin

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from pydantic.fields import FieldInfo
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from storage import kinds
from storage.errors import BadParameters
from storage.models import Connection

PARAMETERS, CREDENTIALS = "parameters_", "credentials_"
FORGET = "forget_credentials"
SHOWN = ("access_key",)
"""Credentials that name and do not open: their last four characters are shown."""


class ConnectionForm(forms.ModelForm):
    """A storage of one kind. `for_kind` makes the form with that kind's fields."""

    kind_name: ClassVar[str]

    class Meta:
        model = Connection
        fields: ClassVar = ["account", "name", "is_private"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in self.instance.parameters.items():
            self.initial.setdefault(PARAMETERS + name, value)
        kept = self.instance.credentials or {}
        for field in self._names(CREDENTIALS):
            self.fields[CREDENTIALS + field].help_text = describe_kept(field, kept.get(field))
        if not kept:
            self.fields.pop(FORGET, None)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.instance.kind = self.kind_name
        self.instance.parameters = self._given(PARAMETERS)
        kept = {} if cleaned.get(FORGET) else self.instance.credentials or {}
        self.instance.credentials = {**kept, **self._given(CREDENTIALS)} or None
        try:
            kinds.check(self.kind_name, self.instance.parameters, self.instance.credentials or {})
        except BadParameters as error:
            self._blame(error)
        return cleaned

    def _given(self, prefix: str) -> dict[str, Any]:
        """What was filled in. An empty field is left out, so that the kind's own default holds."""
        values = {name: self.cleaned_data.get(prefix + name) for name in self._names(prefix)}
        return {name: value for name, value in values.items() if value not in (None, "")}

    def _names(self, prefix: str) -> Iterator[str]:
        return (name.removeprefix(prefix) for name in self.fields if name.startswith(prefix))

    def _blame(self, error: BadParameters) -> None:
        """Put the error at the field that it names. The message begins with the path, which a form does not need."""
        path = (error.param or "").removeprefix("parameters.")
        field = path.replace("credentials.", CREDENTIALS) if path.startswith("credentials.") else PARAMETERS + path
        message = error.message.removeprefix(f"{error.param}: ")
        if field not in self.errors:
            self.add_error(field if field in self.fields else None, message)

    def _update_errors(self, errors: ValidationError) -> None:
        """The model's own check of the same fields names a column that this form has in parts: it says nothing new."""
        found: dict[str, Any] = (
            errors.error_dict if hasattr(errors, "error_dict") else {NON_FIELD_ERRORS: errors.error_list}
        )
        known = {name: found[name] for name in found if name in self.fields or name == NON_FIELD_ERRORS}
        if known or not self.errors:
            super()._update_errors(ValidationError(known or found))  # type: ignore[misc]


def for_kind(name: str) -> type[ConnectionForm]:
    """The form for storages of this kind."""
    kind = kinds.get(name)
    fields: dict[str, Any] = {"kind_name": name}
    for field, info in kind.Parameters.model_fields.items():
        fields[PARAMETERS + field] = make_field(field, info)
    for field in kind.Credentials.model_fields:
        fields[CREDENTIALS + field] = make_secret_field(field)
    if kind.Credentials.model_fields:
        fields[FORGET] = forms.BooleanField(
            required=False, label="Remove the kept credentials", widget=UnfoldBooleanSwitchWidget
        )
    return type("ConnectionForm", (ConnectionForm,), fields)


def field_names(name: str, prefix: str) -> list[str]:
    """The names of a kind's fields in its form."""
    kind = kinds.get(name)
    schema = kind.Parameters if prefix == PARAMETERS else kind.Credentials
    return [prefix + field for field in schema.model_fields]


def make_field(name: str, info: FieldInfo) -> forms.Field:
    """A form field for a parameter of a kind."""
    given: dict[str, Any] = {"label": _label(name), "help_text": _sentence(info), "required": info.is_required()}
    if info.default is not None and not info.is_required():
        given["initial"] = info.default
    inner = _inner_type(info.annotation)
    if inner is bool:
        return forms.BooleanField(widget=UnfoldBooleanSwitchWidget, **{**given, "required": False})
    if inner is int:
        return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget, **given)
    if get_origin(inner) is Literal:
        choices = [(choice, choice) for choice in get_args(inner)]
        return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget, **given)
    return forms.CharField(widget=UnfoldAdminTextInputWidget, **given)


def make_secret_field(name: str) -> forms.Field:
    """A form field for a credential: it is never filled in from what is kept."""
    widget = UnfoldAdminPasswordWidget(render_value=False, attrs={"autocomplete": "new-password"})
    return forms.CharField(widget=widget, label=_label(name), required=False)


def describe_kept(name: str, value: str | None) -> str:
    """What is said of a credential beside its empty field."""
    if not value:
        return "None is kept."
    shown = f"The one kept ends in …{value[-4:]}." if name in SHOWN else "One is kept."
    return f"{shown} Left empty, it stays."


def choices_of_kinds(*, operator: bool) -> Iterable[tuple[str, str]]:
    """The kinds that this person can connect, with what they are."""
    for name, kind in sorted(kinds.all().items()):
        if operator or not kind.operator_only:
            yield name, (kind.__doc__ or "").strip().split("\n")[0]


def _inner_type(annotation: Any) -> Any:
    """The type beside None in an optional one."""
    if get_origin(annotation) is Literal:
        return annotation
    inner = [one for one in get_args(annotation) if one is not type(None)]
    return inner[0] if len(inner) == 1 else annotation


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize().replace(" url", " URL")


def _sentence(info: FieldInfo) -> str:
    text = info.description or ""
    return f"{text[:1].upper()}{text[1:]}."
