"""Recipes: listed, run over pictures, polled, and what they made."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from accounts.models import Account
from jobs.dialects.cropphoto import guesses
from jobs.models import Job, Recipe
from tests.dialects.cropphoto.calls import (
    LIST,
    OTHER_KEY,
    SUBMIT,
    call,
    post,
    problem,
    read,
    submit_body,
)
from tests.dialects.cropphoto.photos import Photos
from tests.dialects.workers import Worker, await_that

URL = "https://example.com/a.jpg"


def run(client: Client, body: dict[str, Any]) -> str:
    """The id of a job that has ended."""
    job_id = str(read(post(client, SUBMIT, body))["id"])
    await_that(lambda: Job.objects.filter(public_id=job_id, finished_at__isnull=False).exists(), "the job's end")
    return job_id


def poll(client: Client, job_id: str) -> Any:
    return read(call(client, "GET", f"/v1/recipe/job/poll/{job_id}"))


def result(client: Client, job_id: str) -> Any:
    return read(call(client, "GET", f"/v1/recipe/job/result/{job_id}"))


def open_link(client: Client, url: str) -> Image.Image:
    answer = client.get("/" + url.split("/", 3)[3])
    assert answer.status_code == 200
    return Image.open(io.BytesIO(answer.content))


# --- The list ------------------------------------------------------------------------------------------------------


def test_the_accounts_recipes_are_listed(account: Account, client: Client) -> None:
    body = read(call(client, "GET", LIST))
    assert (body["start"], body["nEntries"], body["total"]) == (0, 2, 2)
    first = body["entries"][0]
    assert (first["id"], first["name"], first["description"]) == ("recipe-id-1", "Recipe 1", "")
    assert first["steps"][0]["operation"] == "resize"
    assert set(first) == {"id", "name", "description", "steps", "created_at", "updated_at"}


def test_another_account_sees_none_of_them(account: Account, client: Client) -> None:
    body = read(call(client, "GET", LIST, key=OTHER_KEY))
    assert body == {"start": 0, "nEntries": 0, "total": 0, "entries": []}


def test_a_page_is_cut_out_of_the_list(account: Account, client: Client) -> None:
    body = read(call(client, "GET", f"{LIST}?start=1&limit=1"))
    assert [entry["id"] for entry in body["entries"]] == ["recipe-id-2"]
    assert read(call(client, "GET", f"{LIST}?start=50")) == {"start": 50, "nEntries": 0, "total": 2, "entries": []}


@pytest.mark.parametrize("query", ["start=-1", "start=x", "start=", "limit=0", "limit=101", "limit=1.5", "start=²"])
def test_a_page_that_cannot_be_is_refused(account: Account, client: Client, query: str) -> None:
    assert query.split("=")[0] in problem(call(client, "GET", f"{LIST}?{query}"), 400, "invalid_payload")


def test_the_list_costs_the_same_however_many_versions_there_are(
    account: Account, client: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(2, 30):
        Recipe.objects.get(public_id="recipe-id-1").versions.create(number=number, steps=[], output={})
    with django_assert_max_num_queries(12):
        assert read(call(client, "GET", LIST))["entries"][0]["steps"] == []


# --- Submitting ----------------------------------------------------------------------------------------------------


def test_a_job_is_taken_and_says_where_to_ask(account: Account, client: Client) -> None:
    body = read(post(client, SUBMIT, submit_body(URL)))
    job_id = body["id"]
    assert body == {
        "id": job_id,
        "poll": f"/v1/recipe/job/poll/{job_id}",
        "result": f"/v1/recipe/job/result/{job_id}",
        "isQueueUnderLoad": False,
    }


def changed(path: str, value: Any) -> dict[str, Any]:
    body: Any = submit_body(URL)
    place = body
    *outer, last = path.split(".")
    for name in outer:
        place = place[int(name) if name.isdigit() else name]
    place[last] = value
    return dict(body)


@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        ("type", "CAMPAIGN", "type"),
        ("type", None, "type"),
        ("data", [], "data"),
        ("data", None, "data"),
        ("data.recipe_ids", [], "data.recipe_ids"),
        ("data.recipe_ids", "recipe-id-1", "data.recipe_ids"),
        ("data.recipe_ids", [1], "data.recipe_ids[0]"),
        ("data.recipe_ids", ["recipe-id-1", "nope"], "data.recipe_ids[1] unknown recipe"),
        ("data.recipe_ids", ["\0"], "data.recipe_ids[0] unknown recipe"),
        ("data.recipe_ids", ["recipe-id-1"] * 101, "data.recipe_ids"),
        ("data.asset_detail", [], "data.asset_detail"),
        ("data.asset_detail", [{"url": URL}] * 1001, "data.asset_detail"),
        ("data.asset_detail", [{}], "data.asset_detail[0].url"),
        ("data.asset_detail", [{"url": "a.jpg"}], "data.asset_detail[0].url"),
        ("data.asset_detail", [{"url": "http://10.0.0.1/a.jpg"}], "data.asset_detail[0].url"),
        ("data.asset_detail", [{"url": URL, "meta_data": []}], "data.asset_detail[0].meta_data"),
        ("data.asset_detail", [{"url": URL, "meta_data": {"a": []}}], "data.asset_detail[0].meta_data"),
        ("data.asset_detail", [{"url": URL, "meta_data": {"a": "x" * 8200}}], "data.asset_detail[0].meta_data"),
    ],
)
def test_a_submission_that_breaks_a_rule_names_it_and_queues_nothing(
    account: Account, client: Client, path: str, value: Any, word: str
) -> None:
    assert problem(post(client, SUBMIT, changed(path, value)), 400, "invalid_payload").startswith(word)
    assert not Job.objects.exists()


def test_another_accounts_recipe_is_not_known(account: Account, client: Client) -> None:
    problem(post(client, SUBMIT, submit_body(URL), key=OTHER_KEY), 400, "invalid_payload")


def test_more_outputs_than_a_job_may_have_are_refused(account: Account, client: Client) -> None:
    for number in range(3, 8):
        recipe = Recipe.objects.create(account=account, public_id=f"recipe-id-{number}", name="r")
        recipe.versions.create(number=1, steps=[], output={})
    recipes = tuple(f"recipe-id-{number}" for number in range(1, 8))
    body = submit_body(*[URL] * 500, recipes=recipes)
    assert "3000" in problem(post(client, SUBMIT, body), 400, "invalid_payload")


def test_each_output_costs_a_credit_and_a_refused_job_none(account: Account, client: Client) -> None:
    Account.objects.filter(pk=account.pk).update(credits=5)
    two = ("recipe-id-1", "recipe-id-2")
    read(post(client, SUBMIT, submit_body(URL, URL, recipes=two)))
    problem(post(client, SUBMIT, submit_body(URL, recipes=two)), 400, "not_enough_balance")
    assert Account.objects.get(pk=account.pk).credits == 1


def test_a_full_queue_is_told(account: Account, client: Client, settings: Any) -> None:
    settings.PHOTOMILL_BUSY_ITEMS = 2
    assert not read(post(client, SUBMIT, submit_body(URL)))["isQueueUnderLoad"]
    assert read(post(client, SUBMIT, submit_body(URL)))["isQueueUnderLoad"]


# --- What comes of it ----------------------------------------------------------------------------------------------


def test_every_asset_goes_through_every_recipe_and_is_fetched_once(
    account: Account, client: Client, worker: Worker, photos: Photos
) -> None:
    urls = photos.url("product.jpg"), photos.url("person.png")
    body = submit_body(*urls, recipes=("recipe-id-2", "recipe-id-1", "recipe-id-2"))
    body["data"]["asset_detail"][0]["meta_data"] = {"product_id": "p1", "count": 3}
    job_id = run(client, body)
    made = result(client, job_id)
    assert (made["id"], made["status"]) == (job_id, "completed")
    assert [(entry["asset_detail"]["url"], entry["recipe_id"]) for entry in made["outputs"]] == [
        (url, recipe) for url in urls for recipe in ("recipe-id-2", "recipe-id-1")
    ]
    assert made["outputs"][0]["asset_detail"]["meta_data"] == {"product_id": "p1", "count": 3}
    assert photos.fetched == {"/product.jpg": 1, "/person.png": 1}


def test_an_output_can_be_opened_and_is_as_it_is_described(
    account: Account, client: Client, worker: Worker, photos: Photos
) -> None:
    (entry,) = result(client, run(client, submit_body(photos.url("product.jpg"))))["outputs"]
    assert (entry["status"], entry["format"], entry["error_message"]) == ("completed", "jpeg", "")
    image = open_link(client, entry["output_image_url"])
    assert image.format == "JPEG"
    assert image.size == (entry["width"], entry["height"]) == (60, 45)


def test_a_picture_that_cannot_be_had_fails_alone(
    account: Account, client: Client, worker: Worker, photos: Photos
) -> None:
    body = submit_body(photos.url("missing.jpg"), photos.url("page.html"), photos.url("product.jpg"))
    job_id = run(client, body)
    assert poll(client, job_id) == {
        "id": job_id,
        "status": "completed",
        "total": 3,
        "completed": 1,
        "failed": 2,
        "result": f"/v1/recipe/job/result/{job_id}",
        "isQueueUnderLoad": False,
    }
    first, second, third = result(client, job_id)["outputs"]
    assert (third["status"], first["status"], second["status"]) == ("completed", "failed", "failed")
    assert first["output_image_url"] == ""
    assert first["error_message"]
    assert first["width"] is first["height"] is first["format"] is None


def test_a_job_of_which_nothing_came_has_failed(
    account: Account, client: Client, worker: Worker, photos: Photos
) -> None:
    body = submit_body(photos.url("missing.jpg"))
    body["data"]["asset_detail"][0]["meta_data"] = {"image_id": "gone"}
    job_id = run(client, body)
    assert poll(client, job_id)["status"] == "failed"
    (entry,) = result(client, job_id)["outputs"]
    assert entry["asset_detail"] == {"url": photos.url("missing.jpg"), "meta_data": {"image_id": "gone"}}


def test_a_job_under_way_tells_when_to_ask_again_and_what_has_ended(account: Account, client: Client) -> None:
    job_id = read(post(client, SUBMIT, submit_body(URL)))["id"]
    answer = call(client, "GET", f"/v1/recipe/job/poll/{job_id}")
    assert answer.headers["retry-after"] == "2"
    assert read(answer)["status"] == "pending"
    assert result(client, job_id) == {"id": job_id, "status": "pending", "outputs": []}


def test_a_job_keeps_the_version_that_it_began_with(
    account: Account, client: Client, worker: Worker, photos: Photos
) -> None:
    worker.gate.clear()
    job_id = read(post(client, SUBMIT, submit_body(photos.url("product.jpg"))))["id"]
    wide = [{"operation": "resize", "params": {"width": {"value": 99}}}]
    Recipe.objects.get(public_id="recipe-id-1").versions.create(number=2, steps=wide, output={})
    worker.gate.set()
    await_that(lambda: Job.objects.filter(public_id=job_id, finished_at__isnull=False).exists(), "the job's end")
    assert result(client, job_id)["outputs"][0]["width"] == 60
    assert Job.objects.get().dialect_data["recipes"] == [{"id": "recipe-id-1", "version": 1}]


@pytest.mark.parametrize("kind", ["poll", "result"])
def test_a_job_that_is_not_ones_own_is_not_found(account: Account, client: Client, kind: str) -> None:
    job_id = read(post(client, SUBMIT, submit_body(URL)))["id"]
    for path, key in ((job_id, OTHER_KEY), ("nothing", None), (job_id[:-1], None), ("%00", None)):
        answer = call(client, "GET", f"/v1/recipe/job/{kind}/{path}", **({"key": key} if key else {}))
        assert problem(answer, 404, "not_found") == "There is no such job."
        assert answer.json()["title"] == "not_found"


def test_after_a_week_a_job_is_gone(account: Account, client: Client) -> None:
    job_id = read(post(client, SUBMIT, submit_body(URL)))["id"]
    long_ago = timezone.now() - timedelta(hours=guesses.RESULTS_HOURS + 1)
    Job.objects.update(finished_at=long_ago)
    problem(call(client, "GET", f"/v1/recipe/job/poll/{job_id}"), 404, "not_found")
    problem(call(client, "GET", f"/v1/recipe/job/result/{job_id}"), 404, "not_found")


def test_polling_costs_the_same_for_one_and_for_a_thousand_assets(account: Account, client: Client) -> None:
    counts = []
    for urls in ([URL], [URL] * 1000):
        job_id = read(post(client, SUBMIT, submit_body(*urls)))["id"]
        with CaptureQueriesContext(connection) as queries:
            poll(client, job_id)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8
