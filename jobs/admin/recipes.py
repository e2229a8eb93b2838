"""The admin page of recipes, whose versions are added to and never changed."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.actions import ActingAdmin, ObjectAction, ObjectForm, object_action
from accounts.models import Account
from accounts.scoping import ReadOnlyInline, is_operator
from jobs.admin.recipe_pages import describe_faults
from jobs.admin.records import EDITORS
from jobs.admin.wording import describe_variant
from jobs.chains import ChainFault, name_assets, parse_output, parse_steps
from jobs.ids import make_id
from jobs.models import Recipe, RecipeVersion

STEPS_HELP = (
    'What is done to a picture, in this order. As JSON: [{"operation": "resize", "params": {"width": {"value": 2000}}}]'
)
OUTPUT_HELP = 'How results are written; left empty, as the source. As JSON: {"format": "jpeg", "quality": 90}'


class ChainFields(forms.Form):
    """Steps and output as JSON, which the page's script shows as a form with a preview beside it."""

    steps = forms.CharField(
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 16, "class": "pm-code", "data-chain": "steps"}),
        help_text=STEPS_HELP,
    )
    output = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "class": "pm-code", "data-chain": "output"}),
        help_text=OUTPUT_HELP,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = {f"data-{name}": reverse(f"recipe-{name}") for name in ("catalogue", "places", "preview", "keep")}
        self.fields["steps"].widget.attrs |= {"required": False, **places}

    def mark_faults(self, account_id: int, known: frozenset[str] = frozenset()) -> None:
        """Tell the page's script which field of which step every fault is about."""
        sent = (self.data.get(self.add_prefix(name), "") for name in ("steps", "output"))
        found = describe_faults(*sent, account_id=account_id, known=known)
        self.fields["steps"].widget.attrs["data-faults"] = json.dumps(found)

    def read_steps(self, account_id: int, known: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
        """The checked steps. Raises ValidationError."""
        try:
            return parse_steps(self.cleaned_data["steps"], account_id=account_id, known=known)
        except ChainFault as fault:
            raise ValidationError(str(fault)) from None

    def clean_output(self) -> dict[str, Any]:
        try:
            return parse_output(self.cleaned_data["output"])
        except ChainFault as fault:
            raise ValidationError(str(fault)) from None


class VersionForm(ChainFields, ObjectForm):
    """A new version, which begins as a copy of the newest."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.latest: RecipeVersion | None = self.obj.latest
        self.fields["steps"].widget.attrs["data-account"] = self.obj.account_id
        if self.latest:
            self.initial = {"steps": _indent(self.latest.steps), "output": _indent(self.latest.output)}

    def clean_steps(self) -> list[dict[str, Any]]:
        known = name_assets(self.latest.steps) if self.latest else frozenset()
        self.mark_faults(self.obj.account_id, known)
        return self.read_steps(self.obj.account_id, known)


class RecipeForm(forms.ModelForm):
    """What of a recipe can be changed: how it is called."""

    class Meta:
        model = Recipe
        fields: ClassVar = ["account", "public_id", "name", "description"]
        widgets: ClassVar = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 2})}


class NewRecipeForm(ChainFields, RecipeForm):
    """A new recipe with its first version."""

    public_id = forms.CharField(
        required=False,
        max_length=64,
        label="Id",
        widget=UnfoldAdminTextInputWidget,
        help_text="What calls name it by. Left empty, one is made.",
    )

    def clean_public_id(self) -> str:
        return self.cleaned_data["public_id"] or make_id()

    def clean(self) -> dict[str, Any]:
        """The steps last: which storages they may name depends on the account."""
        cleaned = super().clean() or self.cleaned_data
        account: Account | None = cleaned.get("account")
        self.mark_faults(account.pk if account else 0)
        if "steps" in cleaned:
            try:
                cleaned["steps"] = self.read_steps(account.pk if account else 0)
            except ValidationError as error:
                self.add_error("steps", error)
        return cleaned


class VersionInline(ReadOnlyInline):
    """Every version, the newest first."""

    model = RecipeVersion
    fields = readonly_fields = ("number", "chain", "created_at")
    ordering = ("-number",)
    per_page = 20

    @admin.display(description="steps")
    def chain(self, version: RecipeVersion) -> SafeString:
        lines = describe_variant({"steps": version.steps, "output": version.output})
        return format_html_join("", "<div>{}</div>", ((line,) for line in lines))


@admin.register(Recipe)
class RecipeAdmin(ActingAdmin):
    """Recipes: chains with a name."""

    form = RecipeForm
    writer_roles = EDITORS
    object_actions = ("new_version",)
    change_list_template = "jobs/recipe_list.html"
    actions = ("export_selected",)
    inlines = (VersionInline,)
    list_display = ("name", "public_id", "account", "newest", "created_at")
    list_filter = ("account",)
    list_select_related = ("account",)
    search_fields = ("name", "public_id")
    readonly_fields = ("created_at",)

    class Media:
        css: ClassVar = {"all": ["jobs/admin.css", "jobs/recipe.css"]}
        js: ClassVar = ["jobs/fields.js", "jobs/preview.js", "jobs/recipe.js"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recipe]:
        return super().get_queryset(request).annotate(newest_number=Max("versions__number"))

    @admin.display(description="version", ordering="newest_number", empty_value="none")
    def newest(self, recipe: Any) -> int | None:
        return recipe.newest_number

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("account", "public_id", "name", "description", *(("created_at",) if obj else ("steps", "output")))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Calls name a recipe by its id: it stays what it was."""
        return [*super().get_readonly_fields(request, obj), *(["public_id"] if obj else [])]

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.inlines if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **kwargs, **({} if obj else {"form": NewRecipeForm}))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            _add_version(obj, form.cleaned_data)

    def object_tools(self, request: HttpRequest, obj: Any) -> Iterator[dict[str, str]]:
        yield from super().object_tools(request, obj)
        if self.has_act_permission(request, obj):
            link = _link("run", recipe=obj.pk, **({"account": obj.account_id} if is_operator(request) else {}))
            yield {"title": "Run", "icon": "play_circle", "link": link}
        yield {"title": "Versions", "icon": "compare", "link": reverse("recipe-versions", args=[obj.pk])}
        yield {"title": "Export", "icon": "download", "link": _link("recipe-export", recipe=obj.pk)}

    @admin.action(description="Export as YAML", permissions=["view"])
    def export_selected(self, request: HttpRequest, rows: QuerySet[Recipe]) -> HttpResponse:
        return HttpResponseRedirect(_link("recipe-export", recipe=list(rows.values_list("pk", flat=True))))

    @object_action(
        ObjectAction(
            title="New version",
            icon="add_notes",
            question="Make a new version of {}. Jobs that are under way keep the one that they began with.",
            form=VersionForm,
            template="jobs/recipe_version.html",
        )
    )
    def new_version(self, request: HttpRequest, recipe: Recipe, form: VersionForm) -> None:
        version = _add_version(recipe, form.cleaned_data)
        messages.success(request, f"{version} is the newest now.")


def _add_version(recipe: Recipe, chain: dict[str, Any]) -> RecipeVersion:
    with transaction.atomic():
        Recipe.objects.select_for_update().get(pk=recipe.pk)
        newest = recipe.versions.aggregate(newest=Max("number"))["newest"] or 0
        return recipe.versions.create(number=newest + 1, steps=chain["steps"], output=chain["output"])


def _link(name: str, **query: Any) -> str:
    return f"{reverse(name)}?{urlencode(query, doseq=True)}"


def _indent(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
