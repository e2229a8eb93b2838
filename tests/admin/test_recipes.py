"""The page of recipes: versions are added, never changed, and a mistake is named by step and field."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import Recipe, RecipeVersion
from tests.admin.tenants import STEPS, Tenant, send_form

ADD = reverse("admin:jobs_recipe_add")


def post_version(client: Client, recipe: Recipe, steps: Any, output: str = "") -> Any:
    path = reverse("admin:jobs_recipe_new_version", args=[recipe.pk])
    return client.post(path, {"steps": steps if isinstance(steps, str) else json.dumps(steps), "output": output})


def test_a_recipe_begins_with_its_first_version(editor: Client, a: Tenant) -> None:
    sent = {"name": "Half", "steps": json.dumps(STEPS), "output": '{"format": "webp"}'}
    assert editor.post(ADD, sent).status_code == 302
    made = Recipe.objects.get(name="Half")
    assert made.account == a.account
    assert len(made.public_id) == 21
    assert made.latest is not None
    assert (made.latest.number, made.latest.steps, made.latest.output) == (1, STEPS, {"format": "webp"})


def test_a_recipe_is_renamed_and_keeps_its_id(editor: Client, a: Tenant) -> None:
    path = reverse("admin:jobs_recipe_change", args=[a["recipe"].pk])
    assert send_form(editor, path, name="Renamed", public_id="other").status_code == 302
    a["recipe"].refresh_from_db()
    assert (a["recipe"].name, a["recipe"].public_id) == ("Renamed", "recipe-alpha")


def test_an_id_can_be_given_once(editor: Client, a: Tenant) -> None:
    sent = {"public_id": "recipe-alpha", "name": "again", "steps": json.dumps(STEPS)}
    assert "already exists" in editor.post(ADD, sent).content.decode()


def test_a_new_version_leaves_the_old_one_alone(editor: Client, a: Tenant) -> None:
    other = [{"operation": "resize", "params": {"height": {"value": 10}}}]
    assert post_version(editor, a["recipe"], other).status_code == 302
    kept = {version.number: version.steps for version in RecipeVersion.objects.filter(recipe=a["recipe"])}
    assert kept == {1: STEPS, 2: other}
    shown = editor.get(reverse("admin:jobs_recipe_change", args=[a["recipe"].pk])).content.decode()
    assert "resize: width 50 %" in shown
    assert "resize: height 10 px" in shown


def test_the_form_begins_with_the_newest_version(editor: Client, a: Tenant) -> None:
    shown = editor.get(reverse("admin:jobs_recipe_new_version", args=[a["recipe"].pk]))
    assert json.loads(shown.context["form"]["steps"].value()) == STEPS


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("[", "not JSON: Expecting value in line 1, column 2"),
        ("[" * 100_000, "cannot be read as JSON"),
        ([], "at least one step"),
        ({"operation": "resize"}, "list"),
        ([{"params": {}}], "Step 1: operation: Field required"),
        ([*STEPS, {"operation": "explode"}], "Step 2 (explode): there is no operation"),
        ([*STEPS, {"operation": "resize", "params": {"width": {"value": -1}}}], "Step 2 (resize): width.value: "),
        ([{"operation": "resize", "params": {"widht": {"value": 1}}}], "Step 1 (resize): widht: "),
        ([{"operation": "resize", "params": {"width": {"value": "1"}}}], "Step 1 (resize): width.value: "),
    ],
)
def test_a_mistake_is_named_by_step_and_field(editor: Client, a: Tenant, steps: Any, words: str) -> None:
    answer = post_version(editor, a["recipe"], steps)
    assert answer.status_code == 400
    assert words in " ".join(answer.context["form"].errors["steps"])
    assert RecipeVersion.objects.filter(recipe=a["recipe"]).count() == 1


def test_a_mistake_in_the_output_is_named(editor: Client, a: Tenant) -> None:
    answer = post_version(editor, a["recipe"], STEPS, '{"quality": 101}')
    assert "quality" in " ".join(answer.context["form"].errors["output"])


def watermark(**ref: Any) -> list[dict[str, Any]]:
    return [{"operation": "watermark", "params": {"source": ref}}]


def test_a_step_names_pictures_of_the_accounts_own_storages_only(editor: Client, a: Tenant, b: Tenant) -> None:
    own = watermark(kind="storage", storage_id=a["connection"].pk, location="logo.png")
    assert post_version(editor, a["recipe"], own).status_code == 302
    theirs = watermark(kind="storage", storage_id=b["connection"].pk, location="logo.png")
    answer = post_version(editor, a["recipe"], theirs)
    assert "none of this account's storages" in " ".join(answer.context["form"].errors["steps"])
    house = watermark(kind="house", location="2026-01-01/1/1/1/0.png")
    assert post_version(editor, a["recipe"], house).status_code == 400
    assert post_version(editor, a["recipe"], watermark(kind="web", location="http://10.0.0.1/x.png")).status_code == 400


def test_a_picture_that_an_earlier_version_named_may_stay(editor: Client, a: Tenant) -> None:
    steps = watermark(kind="house", location="reference/1")
    RecipeVersion.objects.create(recipe=a["recipe"], number=2, steps=steps)
    assert post_version(editor, a["recipe"], [*STEPS, *steps]).status_code == 302


def test_an_operator_makes_a_recipe_for_an_account(operator: Client, a: Tenant, b: Tenant) -> None:
    steps = json.dumps(watermark(kind="storage", storage_id=a["connection"].pk, location="logo.png"))
    sent = {"name": "w", "steps": steps, "account": b.account.pk}
    assert "none of this account" in operator.post(ADD, sent).content.decode()
    assert operator.post(ADD, {**sent, "account": a.account.pk}).status_code == 302
