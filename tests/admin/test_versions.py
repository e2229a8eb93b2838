"""Versions of a recipe side by side, and recipes as YAML files."""

from typing import Any

import pytest
import yaml
from django.test import Client
from django.urls import reverse

from jobs.admin.differences import compare_versions
from jobs.models import Recipe, RecipeVersion
from tests.admin.tenants import STEPS, Tenant

WIDER = [{"operation": "resize", "params": {"width": {"value": 60, "unit": "%"}}}]
FLIP = {"operation": "flip", "params": {"direction": "horizontal"}}
IMPORT = reverse("recipe-import")
FILE = """
id: fresh
name: Fresh
steps:
  - {operation: resize, params: {width: {value: 100}}}
output: {format: webp}
"""


def versions_url(recipe: Recipe, query: str = "") -> str:
    return reverse("recipe-versions", args=[recipe.pk]) + query


def compare(old: list[Any], new: list[Any], *outputs: dict[str, Any]) -> list[tuple[str, str, str]]:
    before, after = outputs or ({}, {})
    found = compare_versions({"steps": old, "output": before}, {"steps": new, "output": after})
    return [(one.kind, one.where, one.text) for one in found]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (STEPS, STEPS, []),
        (STEPS, WIDER, [("changed", "Step 1, resize", "width: 50 % → 60 %")]),
        (STEPS, [FLIP, *STEPS], [("added", "Step 1", "flip: direction horizontal")]),
        ([FLIP, *STEPS], STEPS, [("removed", "Step 1", "flip: direction horizontal")]),
        (
            [FLIP, *STEPS],
            [{"operation": "auto_levels"}, *STEPS],
            [("removed", "Step 1", "flip: direction horizontal"), ("added", "Step 1", "auto_levels")],
        ),
        (
            STEPS,
            [*WIDER, FLIP],
            [("changed", "Step 1, resize", "width: 50 % → 60 %"), ("added", "Step 2", "flip: direction horizontal")],
        ),
    ],
)
def test_differences_are_told_step_by_step(old: Any, new: Any, found: Any) -> None:
    assert compare(old, new) == found


def test_differences_of_the_output_are_told() -> None:
    found = compare(STEPS, STEPS, {"format": "jpeg", "quality": 80}, {"format": "webp"})
    assert found == [
        ("changed", "Output", "format: jpeg → webp"),
        ("changed", "Output", "quality: 80 → as usual"),
    ]


def test_the_newest_two_are_shown_unless_others_are_named(editor: Client, a: Tenant) -> None:
    for number, steps in ((2, WIDER), (3, [FLIP])):
        RecipeVersion.objects.create(recipe=a["recipe"], number=number, steps=steps)
    shown = editor.get(versions_url(a["recipe"])).context["sides"]
    assert [side["version"].number for side in shown] == [2, 3]
    answer = editor.get(versions_url(a["recipe"], "?left=1&right=2"))
    assert [side["version"].number for side in answer.context["sides"]] == [1, 2]
    assert "width: 50 % → 60 %" in answer.content.decode()


def test_a_viewer_compares_without_pictures(viewer: Client, editor: Client, a: Tenant) -> None:
    assert "compare-photo" not in viewer.get(versions_url(a["recipe"])).content.decode()
    assert "compare-photo" in editor.get(versions_url(a["recipe"])).content.decode()


def test_another_accounts_recipes_are_not_found(editor: Client, a: Tenant, b: Tenant) -> None:
    assert editor.get(versions_url(b["recipe"])).status_code == 404
    export = reverse("recipe-export")
    assert editor.get(export, {"recipe": b["recipe"].pk}).status_code == 404
    assert editor.get(export, {"recipe": [a["recipe"].pk, b["recipe"].pk]}).status_code == 404


def test_what_is_exported_is_imported_again(editor: Client, a: Tenant) -> None:
    answer = editor.get(reverse("recipe-export"), {"recipe": a["recipe"].pk})
    assert answer["Content-Disposition"] == 'attachment; filename="recipe-alpha.yaml"'
    text = answer.content.decode()
    assert yaml.safe_load(text)["steps"] == STEPS
    assert editor.post(IMPORT, {"text": text}).status_code == 302
    assert a["recipe"].versions.count() == 1
    a["recipe"].delete()
    editor.post(IMPORT, {"text": text})
    again = Recipe.objects.get(account=a.account, public_id="recipe-alpha")
    assert again.latest is not None
    assert (again.name, again.latest.steps) == ("White for alpha", STEPS)


def test_chosen_recipes_are_exported_together(editor: Client, a: Tenant) -> None:
    editor.post(IMPORT, {"text": FILE})
    chosen = list(Recipe.objects.filter(account=a.account).values_list("pk", flat=True))
    sent = {"action": "export_selected", "_selected_action": chosen}
    answer = editor.post(reverse("admin:jobs_recipe_changelist"), sent, follow=True)
    assert {one["id"] for one in yaml.safe_load(answer.content)["recipes"]} == {"recipe-alpha", "fresh"}


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "not YAML"), ("id: x", "recipes[0].steps"), (FILE.replace("100", "-1"), "steps[0].params.width.value")],
)
def test_a_file_with_a_fault_brings_nothing_and_says_why(text: str, words: str, editor: Client, a: Tenant) -> None:
    answer = editor.post(IMPORT, {"text": text})
    assert answer.status_code == 400
    assert words in " ".join(answer.context["form"].errors["text"])
    assert a.account.recipes.count() == 1


def test_a_viewer_imports_nothing_and_exports(viewer: Client, a: Tenant) -> None:
    assert viewer.get(IMPORT).status_code == 403
    assert viewer.post(IMPORT, {"text": FILE}).status_code == 403
    assert IMPORT not in viewer.get(reverse("admin:jobs_recipe_changelist")).content.decode()
    assert viewer.get(reverse("recipe-export"), {"recipe": a["recipe"].pk}).status_code == 200


def test_recipes_are_brought_into_ones_own_account_alone(
    editor: Client, operator: Client, a: Tenant, b: Tenant
) -> None:
    assert editor.post(IMPORT, {"text": FILE, "account": b.account.pk}).status_code == 302
    assert a.account.recipes.filter(public_id="fresh").exists()
    assert not b.account.recipes.filter(public_id="fresh").exists()
    assert operator.post(IMPORT, {"text": FILE, "account": b.account.pk}).status_code == 302
    assert b.account.recipes.filter(public_id="fresh").exists()
