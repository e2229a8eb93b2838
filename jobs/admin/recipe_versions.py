"""Two versions of a recipe on the same picture, and recipes as YAML."""

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from accounts.models import Account
from accounts.scoping import own_account, scope
from jobs.admin.differences import compare_versions
from jobs.admin.tenancy import check_editor, may_edit
from jobs.admin.wording import describe_variant
from jobs.errors import PUBLIC_ERRORS
from jobs.models import Recipe, RecipeVersion
from jobs.recipe_files import export_recipes, import_recipes

YAML_HELP = "One recipe, or several under recipes: as Export writes them. One that is there gets a new version."


class ImportForm(forms.Form):
    """A file of recipes, and for whom."""

    account = forms.ModelChoiceField(Account.objects.none(), widget=UnfoldAdminSelectWidget)
    text = forms.CharField(
        label="YAML",
        max_length=500_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 18, "class": "pm-code"}),
        help_text=YAML_HELP,
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["account"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = scope(Account.objects.order_by("name"), request, "pk")
        if own_account(request) is not None:
            field.initial, field.disabled, field.widget = own_account(request), True, forms.HiddenInput()


@require_safe
def show_versions(request: HttpRequest, pk: int) -> HttpResponse:
    """Two versions side by side. Whoever may edit sees them on a picture, too."""
    recipe = _find_recipe(request, pk)
    versions = list(recipe.versions.order_by("-number"))
    if not versions:
        raise Http404
    right = _pick(versions, request.GET.get("right"), versions[0])
    left = _pick(versions, request.GET.get("left"), versions[1] if len(versions) > 1 else versions[0])
    context = {
        "recipe": recipe,
        "versions": versions,
        "sides": [_describe(side, version) for side, version in (("left", left), ("right", right))],
        "differences": compare_versions(_values(left), _values(right)),
        "may_preview": may_edit(request),
    }
    return _render(request, "jobs/recipe_versions.html", context, title=f"Versions of {recipe}")


@require_safe
def show_export(request: HttpRequest) -> HttpResponse:
    """The recipes that are named, as a YAML file."""
    ids = [int(pk[:18]) for pk in request.GET.getlist("recipe") if pk.isdecimal()]
    found = list(scope(Recipe.objects.filter(pk__in=ids), request, "account"))
    if not found or len(found) < len(set(ids)):
        raise Http404
    answer = HttpResponse(export_recipes(found), content_type="application/yaml; charset=utf-8")
    name = found[0].public_id if len(found) == 1 else "recipes"
    answer["Content-Disposition"] = f'attachment; filename="{_to_filename(name)}.yaml"'
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
def show_import(request: HttpRequest) -> HttpResponse:
    """The form for a file of recipes."""
    check_editor(request)
    form = ImportForm(request.POST if request.method == "POST" else None, request=request)
    if form.is_bound and form.is_valid():
        try:
            return _import(request, form.cleaned_data["account"], form.cleaned_data["text"])
        except PUBLIC_ERRORS as error:
            form.add_error("text", error.message)
    status = 400 if form.is_bound else 200
    return _render(request, "jobs/recipe_import.html", {"form": form}, title="Import recipes", status=status)


def _import(request: HttpRequest, account: Account, text: str) -> HttpResponse:
    brought = import_recipes(account, text)
    changed = [str(recipe) for recipe, is_changed in brought if is_changed]
    messages.success(request, f"Brought: {', '.join(changed)}." if changed else "Everything was there already.")
    return HttpResponseRedirect(reverse("admin:jobs_recipe_changelist"))


def _find_recipe(request: HttpRequest, pk: int) -> Recipe:
    found: Recipe | None = scope(Recipe.objects.filter(pk=pk), request, "account").first()
    if found is None:
        raise Http404
    return found


def _pick(versions: list[RecipeVersion], number: str | None, default: RecipeVersion) -> RecipeVersion:
    return next((version for version in versions if str(version.number) == number), default)


def _values(version: RecipeVersion) -> dict[str, Any]:
    return {"steps": version.steps, "output": version.output}


def _describe(side: str, version: RecipeVersion) -> dict[str, Any]:
    return {
        "side": side,
        "version": version,
        "lines": describe_variant(_values(version)),
        "steps": json.dumps(version.steps),
        "output": json.dumps(version.output),
    }


def _to_filename(name: str) -> str:
    return "".join(char if char.isascii() and (char.isalnum() or char in "._-") else "_" for char in name)


def _render(
    request: HttpRequest, template: str, context: dict[str, Any], *, title: str, status: int = 200
) -> HttpResponse:
    frame = {**admin.site.each_context(request), "title": title}
    return TemplateResponse(request, template, {**frame, **context}, status=status)
