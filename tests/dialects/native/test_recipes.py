"""Recipes as data: made, changed by versions, taken from one server to another as YAML."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from jobs import references
from jobs.models import Recipe, RecipeVersion
from storage.models import Connection
from tests.dialects.native.calls import FLIP, OTHER_KEY, READER, RECIPES, SMALL, call, get, post, read, refusal
from tests.images import encode, ramps

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("account")]

WHITE = {"id": "white", "name": "White", "steps": SMALL, "output": {"format": "jpeg", "quality": 90}}


def send_yaml(client: Client, text: str, *, key: str | None = None) -> Any:
    return call(client, "POST", f"{RECIPES}/import", text.encode(), **({"key": key} if key else {}))


def export(client: Client, recipe_id: str) -> str:
    answer = call(client, "GET", f"{RECIPES}/{recipe_id}/export")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_recipe_is_made_with_its_first_version_and_found_again(client: Client) -> None:
    made = post(client, RECIPES, WHITE)
    assert made["newest"]["number"] == 1
    assert made["newest"]["steps"] == SMALL
    assert made["newest"]["output"] == {"format": "jpeg", "quality": 90}
    assert get(client, f"{RECIPES}/white") == made


def test_a_change_is_a_new_version_and_the_old_one_stays(client: Client) -> None:
    post(client, RECIPES, WHITE)
    added = post(client, f"{RECIPES}/white/versions", {"steps": FLIP})
    assert (added["number"], added["steps"]) == (2, FLIP)
    found = get(client, f"{RECIPES}/white", key=READER)
    assert [version["steps"] for version in found["versions"]] == [FLIP, SMALL]


def test_what_the_newest_version_says_already_adds_none(client: Client) -> None:
    post(client, RECIPES, WHITE)
    again = post(client, f"{RECIPES}/white/versions", {"steps": SMALL, "output": WHITE["output"]}, status=200)
    assert again["number"] == RecipeVersion.objects.filter(recipe__public_id="white").count() == 1


def test_an_id_is_taken_once(client: Client) -> None:
    post(client, RECIPES, WHITE)
    _, param = refusal(call(client, "POST", RECIPES, {**WHITE, "name": "Another"}), 409, "conflict")
    assert param == "id"
    assert post(client, RECIPES, WHITE, key=OTHER_KEY)["id"] == "white"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"id": "a/b"}, "id"),
        ({"id": "import"}, "id"),
        ({"name": ""}, "name"),
        ({"steps": []}, "steps"),
        ({"steps": [{"operation": "resize", "params": {"width": {"value": -1}}}]}, "steps[0].params.width.value"),
        ({"steps": [*SMALL, {"operation": "vanish"}]}, "steps[1].operation"),
        (
            {"steps": [{"operation": "flip", "params": {"direction": "horizontal", "twice": True}}]},
            "steps[0].params.twice",
        ),
        ({"output": {"format": "bmp"}}, "output.format"),
        ({"output": {"quality": 101}}, "output.quality"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_refused_by_the_path_of_its_field(client: Client, change: Any, param: str) -> None:
    message, named = refusal(call(client, "POST", RECIPES, {**WHITE, **change}), 400, "malformed_request")
    assert named == param
    assert message
    assert not Recipe.objects.filter(public_id="white").exists()


def test_recipes_come_in_pages(client: Client, account: Account) -> None:
    for number in range(5):
        post(client, RECIPES, {**WHITE, "id": f"white-{number}"})
    first = get(client, f"{RECIPES}?limit=4")
    rest = get(client, f"{RECIPES}?limit=4&after={first['next']}")
    ids = [recipe["id"] for page in (first, rest) for recipe in page["recipes"]]
    assert ids == ["flip", "small", *(f"white-{number}" for number in range(5))]
    assert rest["next"] is None


def test_another_account_s_recipe_is_unknown(client: Client) -> None:
    for path in ("flip", "flip/export"):
        refusal(call(client, "GET", f"{RECIPES}/{path}", key=OTHER_KEY), 404, "unknown_recipe")
    refusal(call(client, "POST", f"{RECIPES}/flip/versions", {"steps": SMALL}, key=OTHER_KEY), 404, "unknown_recipe")


# --- pictures that steps name ------------------------------------------------------------------------------------


def watermark(address: str) -> dict[str, Any]:
    return {**WHITE, "steps": [{"operation": "watermark", "params": {"source": address}}]}


@pytest.mark.usefixtures("bucket")
def test_a_picture_is_named_by_its_address_and_kept_by_its_place(client: Client, account: Account) -> None:
    image = references.keep_image(account, name="logo.png", mime="image/png", data=encode(ramps((8, 8))))
    storage = Connection.objects.get(account=account, name="main")
    for number, address in enumerate(
        ["storage://main/logo.png", f"storage://reference/{image.public_id}", "https://example.com/logo.png"]
    ):
        body = {**watermark(address), "id": f"mark-{number}"}
        assert post(client, RECIPES, body)["newest"]["steps"][0]["params"]["source"] == address
    kept = RecipeVersion.objects.get(recipe__public_id="mark-0").steps[0]["params"]["source"]
    assert (kept["kind"], kept["storage_id"], kept["location"]) == ("storage", storage.pk, "logo.png")


@pytest.mark.usefixtures("bucket")
def test_a_picture_of_another_account_cannot_be_named(client: Client, account: Account) -> None:
    image = references.keep_image(account, name="logo.png", mime="image/png", data=encode(ramps((8, 8))))
    storage = Connection.objects.get(account=account, name="main")
    for source, code in [
        ("storage://main/logo.png", 400),
        (f"storage://reference/{image.public_id}", 400),
        ({"kind": "storage", "storage_id": storage.pk, "location": "logo.png"}, 400),
        ({"kind": "reference", "location": image.public_id}, 400),
        ({"kind": "house", "location": image.key}, 400),
        ("http://10.0.0.1/logo.png", 400),
    ]:
        answer = call(client, "POST", RECIPES, watermark(source), key=OTHER_KEY)  # type: ignore[arg-type]
        assert answer.status_code == code, (source, answer.content)
        assert read(answer, code)["error"]["param"] == "steps[0].params.source"


# --- YAML --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("bucket")
def test_what_is_exported_can_be_imported_by_another_account_and_says_the_same(client: Client, tmp_path: Any) -> None:
    post(client, RECIPES, {**watermark("storage://main/logo.png"), "description": "Größe"})
    text = export(client, "white")
    assert "storage://main/logo.png" in text
    refusal(send_yaml(client, text, key=OTHER_KEY), 400, "malformed_request")
    rival = Account.objects.get(name="rival")
    Connection.objects.create(account=rival, name="main", kind="local", parameters={"path": str(tmp_path)})
    assert read(send_yaml(client, text, key=OTHER_KEY))["recipes"] == [{"id": "white", "version": 1, "changed": True}]
    theirs = get(client, f"{RECIPES}/white", key=OTHER_KEY)
    ours = get(client, f"{RECIPES}/white")
    assert theirs["newest"]["steps"] == ours["newest"]["steps"]
    assert (theirs["name"], theirs["description"]) == ("White", "Größe")


def test_an_import_adds_a_version_only_where_something_differs(client: Client) -> None:
    text = export(client, "flip")
    assert read(send_yaml(client, text))["recipes"] == [{"id": "flip", "version": 1, "changed": False}]
    changed = text.replace("horizontal", "vertical")
    assert read(send_yaml(client, changed))["recipes"] == [{"id": "flip", "version": 2, "changed": True}]


def test_several_recipes_are_imported_all_or_none(client: Client) -> None:
    good = {"id": "one", "name": "One", "steps": FLIP}
    bad = {"id": "two", "name": "Two", "steps": [{"operation": "vanish", "params": {}}]}
    refusal(call(client, "POST", f"{RECIPES}/import", {"recipes": [good, bad]}), 400, "malformed_request")
    assert not Recipe.objects.filter(public_id="one").exists()
    assert (
        len(post(client, f"{RECIPES}/import", {"recipes": [good, {**good, "id": "two"}]}, status=200)["recipes"]) == 2
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- 1",
        "just words",
        "id: [",
        "id: a\nid: b\nname: x\nsteps: [{operation: flip}]",
        "id: a\nname: x\nsteps: &s [{operation: flip}]\noutput: *s",
        "id: a\nname: x\nsteps: " + "[" * 200 + "]" * 200,
        "id: a\nname: 2026-01-01\nsteps: [{operation: flip, params: {direction: 2026-01-01}}]",
        "id: !!python/object:os.system a",
        'id: a\nname: "\\0"\nsteps: [{operation: flip, params: {direction: horizontal}}]',
        "\x00",
        "recipes: []",
        "id: a\nname: x\nsteps: [{operation: annotation, params: {text: !!binary gIGC}}]",
        "id: a\nname: x\nsteps: [{operation: flip, params: {1: 2}}]",
        "id: a\nname: x\nsteps: [{operation: brightness, params: {level: .nan}}]",
        "id: a\nname: x\nsteps: !!set {a, b}",
        "{[1]: 2}",
    ],
)
def test_what_is_no_file_of_recipes_is_refused(client: Client, text: str) -> None:
    refusal(send_yaml(client, text), 400, "malformed_request")
    assert Recipe.objects.count() == 2


def test_a_file_that_takes_long_to_read_is_refused(client: Client) -> None:
    text = "id: a\nname: x\nsteps: [" + "{operation: flip}, " * 12_000 + "]"
    refusal(send_yaml(client, text), 413, "body_too_large")


def test_a_file_that_cannot_be_a_text_is_refused(client: Client) -> None:
    refusal(call(client, "POST", f"{RECIPES}/import", b"\xff\xfe"), 400, "malformed_request")
