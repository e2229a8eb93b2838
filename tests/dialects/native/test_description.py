"""What the API says of itself: whole, valid, and shown by a page that asks nobody else."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from jobs import dialects
from tests.dialects.matrix.routes import list_routes
from tests.dialects.native.calls import JOBS, RECIPES, post, schema

pytestmark = pytest.mark.django_db

SHOWN = {"Schema", "Docs"}
OWN = [route for route in list_routes() if route.owner == "native" and route.methods and route.view not in SHOWN]


def test_the_description_is_valid_and_made_without_a_warning(tmp_path: Path) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", file=str(tmp_path / "schema.yaml"))
    assert "openapi: 3.1.0" in (tmp_path / "schema.yaml").read_text()


def test_every_route_and_method_is_described_and_no_other() -> None:
    described = {(path, method.upper()) for path, methods in schema()["paths"].items() for method in methods}
    assert described == {(route.path, method) for route in OWN for method in route.methods or ()}


def test_every_operation_says_what_it_does_and_how_it_refuses() -> None:
    for methods in schema()["paths"].values():
        for operation in methods.values():
            assert operation["description"]
            assert operation["security"] == [{"key": []}]
            for status in ("400", "401", "403", "429"):
                assert operation["responses"][status]["content"]["application/json"]["schema"] == {
                    "$ref": "#/components/schemas/Error"
                }


@pytest.mark.usefixtures("bucket")
def test_the_examples_are_taken_as_they_are(client: Client) -> None:
    examples = {
        name: shape["examples"][0] for name, shape in schema()["components"]["schemas"].items() if "examples" in shape
    }
    assert examples.keys() == {"JobFields", "RecipeFields"}
    recipe = examples["RecipeFields"]
    for number in (recipe["id"], "marketplace-white", "web-small"):
        post(client, RECIPES, {**recipe, "id": number})
    job = json.loads(json.dumps(examples["JobFields"]).replace('"photos"', '"main"'))
    assert post(client, JOBS, job)["outputs"]["total"] == 4


def test_no_other_product_s_paths_are_in_it() -> None:
    assert all(path.startswith("/api/") for path in schema()["paths"])
    assert "slashed" in dialects.all()


@pytest.mark.parametrize("path", ["/api/schema/", "/api/schema"])
def test_it_is_served_to_anybody(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["paths"].keys() == schema()["paths"].keys()


def test_the_page_s_scripts_and_styles_are_this_server_s_own(client: Client) -> None:
    page = client.get("/api/docs/")
    assert page.headers["content-type"].startswith("text/html")
    files = re.findall(r'(?:src|href)="(/[^"]*)"', page.content.decode())
    assert len(files) >= 3
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", page.content.decode())
    assert not re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", page.content.decode())
    assert [client.get(file).status_code for file in files] == [200] * len(files)


def test_the_page_may_load_from_and_ask_this_server_alone(client: Client) -> None:
    policy: dict[str, Any] = {}
    for part in client.get("/api/docs/")["Content-Security-Policy"].split("; "):
        name, _, policy[name] = part.partition(" ")
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
