"""What the form of recipes is told of operations: every parameter there is, with its range, default and words."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jobs.admin.step_fields import describe_operations, describe_output
from processing import operations
from processing.formats import Output
from tests.admin.tenants import Tenant

KINDS = {"number", "text", "choice", "flag", "color", "several", "lines", "picture", "group", "either"}
"""What jobs/static/jobs/fields.js has a field for."""


def walk(node: dict[str, Any]) -> Any:
    yield node
    for inner in (*node.get("fields", ()), *node.get("choices", ())):
        yield from walk(inner)


def test_every_parameter_of_every_operation_has_a_field() -> None:
    found = {one["name"]: [node["name"] for node in one["fields"]] for one in describe_operations()}
    assert found == {name: list(one.Params.model_fields) for name, one in operations.all().items()}
    assert [node["name"] for node in describe_output()] == list(Output.model_fields)


def test_every_field_is_of_a_kind_that_the_form_draws() -> None:
    fields = [field for one in describe_operations() for field in one["fields"]]
    kinds = {node["kind"] for field in [*fields, *describe_output()] for node in walk(field)}
    assert kinds == KINDS


def test_every_field_says_what_it_is_for() -> None:
    for one in describe_operations():
        assert one["summary"]
        assert [node["name"] for node in one["fields"] if not node["help"]] == []


def test_ranges_defaults_and_units_are_those_of_the_schema() -> None:
    by_name = {one["name"]: {node["name"]: node for node in one["fields"]} for one in describe_operations()}
    exposure = by_name["adjust"]["exposure"]
    assert (exposure["min"], exposure["max"], exposure["whole"], exposure["default"]) == (-100, 100, True, 0)
    width = by_name["resize"]["width"]
    assert (width["optional"], width["required"]) == (True, False)
    value, unit, _ = width["fields"]
    assert (value["above"], value["required"]) == (0, True)
    assert unit["options"] == ["px", "%", "%w", "%h"]
    assert by_name["watermark"]["source"]["kind"] == "picture"
    assert by_name["watermark"]["source"]["required"]


def test_an_operation_that_cannot_run_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations.get("upscale"), "missing", lambda: "no model")
    (found,) = [one for one in describe_operations() if one["name"] == "upscale"]
    assert found["missing"] == "no model"


def test_the_catalogue_is_for_people_of_the_admin(viewer: Client, client: Client, a: Tenant) -> None:
    assert len(viewer.get(reverse("recipe-catalogue")).json()["operations"]) == len(operations.all())
    assert client.get(reverse("recipe-catalogue")).status_code == 302


def test_faults_of_a_form_that_was_sent_come_back_with_their_fields(editor: Client, a: Tenant) -> None:
    path = reverse("admin:jobs_recipe_new_version", args=[a["recipe"].pk])
    sent = {"steps": '[{"operation": "resize", "params": {"width": {"value": 0}}}]', "output": ""}
    shown = editor.post(path, sent).content.decode()
    assert "&quot;step&quot;: 0, &quot;field&quot;: &quot;width.value&quot;" in shown
