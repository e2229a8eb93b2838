"""The form that a run is put together with."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from accounts.models import Account
from jobs.errors import MalformedRequest
from jobs.gathering import MOST_FILES
from jobs.models import Recipe
from jobs.names import PLACEHOLDERS, check_pattern
from jobs.spec import Destination
from storage import kinds
from storage.errors import StorageError
from storage.keys import clean_key
from storage.models import Connection

KINDS = [
    ("pictures", "Files of this computer"),
    ("zip", "A ZIP"),
    ("folder", "A folder of a storage"),
    ("urls", "Addresses"),
    ("csv", "A CSV"),
]
COLLISIONS = [
    ("number", "give the new one a number"),
    ("overwrite", "put the new one in its place"),
    ("refuse", "leave it, and report the new one as failed"),
]
ONE_RECIPE, PATTERN = "{stem}.{ext}", "{stem}-{recipe}.{ext}"
PICTURES = "image/*,.heic,.tif,.tiff,.avif"


class FilesInput(forms.FileInput):
    """A field for files, of which what was chosen is read by whoever reads the request."""

    allow_multiple_selected = True


class RunForm(forms.Form):
    """What to work on, through which recipes, and where results go."""

    kind = forms.ChoiceField(
        choices=KINDS, initial="pictures", label="Pictures", widget=UnfoldAdminRadioSelectWidget(radio_style=1)
    )
    pictures = forms.FileField(
        required=False,
        widget=FilesInput(attrs={"multiple": True, "accept": PICTURES, "class": "pm-input"}),
        help_text=f"Up to {MOST_FILES} pictures.",
    )
    zip = forms.FileField(
        required=False,
        label="ZIP",
        widget=FilesInput(attrs={"accept": ".zip", "class": "pm-input"}),
        help_text=f"Its pictures, up to {MOST_FILES}, by their paths in it.",
    )
    storage = forms.ModelChoiceField(
        Connection.objects.none(), required=False, widget=UnfoldAdminSelectWidget, empty_label="choose …"
    )
    folder = forms.CharField(
        required=False, widget=UnfoldAdminTextInputWidget, help_text="Its path in the storage. Left empty, all of it."
    )
    is_recursive = forms.BooleanField(
        required=False, initial=True, label="Folders in it, too", widget=UnfoldBooleanWidget
    )
    urls = forms.CharField(
        required=False,
        label="Addresses",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6, "placeholder": "https://…", "class": "pm-code"}),
        help_text="One a line.",
    )
    csv = forms.FileField(
        required=False,
        label="CSV",
        widget=FilesInput(attrs={"accept": ".csv,.tsv,text/csv", "class": "pm-input"}),
        help_text="Its first line names the columns: url has the addresses, the others can be in names as {meta.NAME}.",
    )
    recipes = forms.ModelMultipleChoiceField(
        Recipe.objects.none(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Every picture goes through each of them, at the newest version.",
    )
    destination = forms.ModelChoiceField(
        Connection.objects.none(),
        required=False,
        widget=UnfoldAdminSelectWidget,
        label="Results go to",
        empty_label="Photomill's own storage, for a while",
    )
    pattern = forms.CharField(
        required=False,
        label="Names of results",
        widget=UnfoldAdminTextInputWidget(attrs={"class": "pm-code"}),
        help_text=f"Made of {', '.join(PLACEHOLDERS)}. Left empty, {ONE_RECIPE}, of several recipes {PATTERN}.",
    )
    collision = forms.ChoiceField(
        choices=COLLISIONS, initial="number", label="Where a name is taken", widget=UnfoldAdminSelectWidget
    )
    label = forms.CharField(
        required=False, max_length=200, widget=UnfoldAdminTextInputWidget, help_text="A word to find the job by."
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = Connection.objects.filter(account=account)
        readable = [name for name, kind in kinds.all().items() if kind.is_listable]
        writable = [name for name, kind in kinds.all().items() if kind.is_writable]
        self._choose("storage", own.filter(kind__in=readable))
        self._choose("destination", own.filter(kind__in=writable))
        self._choose("recipes", Recipe.objects.filter(account=account, versions__isnull=False).distinct())

    def _choose(self, name: str, rows: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows

    def clean_folder(self) -> str:
        folder = self.cleaned_data["folder"].strip().strip("/")
        try:
            return clean_key(folder) if folder else ""
        except StorageError as error:
            raise ValidationError(error.message) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("kind") == "folder" and not cleaned.get("storage") and "storage" not in self.errors:
            self.add_error("storage", "Choose the storage that has the folder.")
        return cleaned

    def clean_pattern(self) -> str:
        pattern: str = self.cleaned_data["pattern"].strip()
        try:
            if pattern:
                check_pattern(pattern, param="the name")
        except (MalformedRequest, StorageError) as error:
            raise ValidationError(error.message) from None
        return pattern

    def make_destination(self) -> Destination:
        """Where results go, and under which names."""
        place: Connection | None = self.cleaned_data["destination"]
        if place is None:
            return Destination()
        default = PATTERN if len(self.cleaned_data["recipes"]) > 1 else ONE_RECIPE
        pattern = self.cleaned_data["pattern"] or default
        return Destination(storage_id=place.pk, pattern=pattern, collision=self.cleaned_data["collision"])
