"""Jobs as large as the API takes them: many pictures by several recipes, each picture fetched once."""

import http.server
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from jobs import dispatch
from jobs.engine import WAITS
from jobs.models import Item, Job
from tests.dialects.cropphoto.calls import SUBMIT, call, post, problem, read
from tests.dialects.workers import await_that
from tests.images import encode, ramps
from tests.jobs.making import age

pytestmark = pytest.mark.usefixtures("house")

ASSETS, RECIPES, GONE = 300, 3, 10
TINY = encode(ramps((24, 16)), "JPEG")
QUARTER = [{"operation": "rotate", "params": {"degrees": 90.0}}]


class Shelf:
    """A server of tiny pictures, each under any name but those that are gone. fetched: how often each was asked for."""

    def __init__(self) -> None:
        self.fetched: Counter[str] = Counter()
        self._lock = threading.Lock()
        shelf = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with shelf._lock:
                    shelf.fetched[self.path] += 1
                self.send_response(404 if "gone" in self.path else 200)
                self.send_header("Content-Length", str(0 if "gone" in self.path else len(TINY)))
                self.end_headers()
                if "gone" not in self.path:
                    self.wfile.write(TINY)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    made = Shelf()
    yield made
    made.stop()


@pytest.fixture
def recipes(account: Account) -> list[str]:
    """Three recipes."""
    third = account.recipes.create(public_id="recipe-id-3", name="Recipe 3")
    third.versions.create(number=1, steps=QUARTER, output={"format": "png"})
    return ["recipe-id-1", "recipe-id-2", "recipe-id-3"]


def submit(client: Client, urls: list[str], recipes: list[str]) -> str:
    assets = [{"url": url, "meta_data": {"number": number}} for number, url in enumerate(urls)]
    return str(
        read(post(client, SUBMIT, {"type": "RECIPE", "data": {"recipe_ids": recipes, "asset_detail": assets}}))["id"]
    )


def await_end(job_id: str) -> None:
    await_that(Job.objects.filter(public_id=job_id, finished_at__isnull=False).exists, "the job's end", seconds=120)


def count_queries(client: Client, job_id: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        read(call(client, "GET", f"/v1/recipe/job/poll/{job_id}"))
    return len(queries)


@pytest.mark.usefixtures("worker")
def test_three_hundred_assets_by_three_recipes_are_one_pass_and_what_is_gone_costs_nothing_else(
    client: Client, shelf: Shelf, recipes: list[str]
) -> None:
    gone = set(range(7, ASSETS, ASSETS // GONE))
    assert len(gone) == GONE
    urls = [f"{shelf.url}/{'gone' if number in gone else 'here'}-{number}.jpg" for number in range(ASSETS)]
    began = time.monotonic()
    job_id = submit(client, urls, recipes)
    await_end(job_id)
    assert time.monotonic() - began < 120
    assert sum(shelf.fetched.values()) == len(shelf.fetched) == ASSETS
    poll = read(call(client, "GET", f"/v1/recipe/job/poll/{job_id}"))
    assert (poll["status"], poll["total"], poll["completed"], poll["failed"]) == ("completed", 900, 870, 30)
    outputs = read(call(client, "GET", f"/v1/recipe/job/result/{job_id}"))["outputs"]
    made = [output for output in outputs if output["status"] == "completed"]
    failed = [output for output in outputs if output["status"] == "failed"]
    assert (len(made), len(failed)) == (870, 30)
    assert all(output["output_image_url"] and not output["error_message"] for output in made)
    assert all(output["error_message"] and not output["output_image_url"] for output in failed)
    assert {output["asset_detail"]["meta_data"]["number"] for output in failed} == gone
    sizes = Counter((output["recipe_id"], output["width"], output["height"]) for output in made)
    assert sizes == {("recipe-id-1", 60, 40): 290, ("recipe-id-2", 50, 50): 290, ("recipe-id-3", 16, 24): 290}
    few = submit(client, urls[:1], recipes[:1])
    await_end(few)
    assert count_queries(client, job_id) == count_queries(client, few) <= 6


@pytest.mark.usefixtures("worker")
def test_an_address_that_nobody_answers_at_is_tried_again_and_then_fails_with_its_reason(
    client: Client, shelf: Shelf, recipes: list[str]
) -> None:
    job_id = submit(client, [f"{shelf.url}/here-1.jpg", "http://127.0.0.1:9/a.jpg"], recipes)
    for tries in range(1, len(WAITS) + 1):
        put_back = Item.objects.filter(job__public_id=job_id, state="queued", tries=tries)
        await_that(put_back.exists, "the item to be put back")
        age(60)
        dispatch.fill("batch")
    await_end(job_id)
    outputs = read(call(client, "GET", f"/v1/recipe/job/result/{job_id}"))["outputs"]
    reasons = [output["error_message"] for output in outputs if output["status"] == "failed"]
    assert reasons == ["The address could not be reached."] * RECIPES
    assert shelf.fetched == {"/here-1.jpg": 1}


def test_a_thousand_assets_and_three_thousand_outputs_are_taken_and_no_more(client: Client, recipes: list[str]) -> None:
    urls = [f"https://example.com/{number}.jpg" for number in range(1001)]
    job_id = submit(client, urls[:1000], recipes)
    assert read(call(client, "GET", f"/v1/recipe/job/poll/{job_id}"))["total"] == 3000

    def refused(assets: int, ids: list[str]) -> str:
        data: dict[str, Any] = {"recipe_ids": ids, "asset_detail": [{"url": url} for url in urls[:assets]]}
        return problem(post(client, SUBMIT, {"type": "RECIPE", "data": data}), 400, "invalid_payload")

    assert "asset_detail" in refused(1001, recipes[:1])
    account = Account.objects.get(name="acme")
    fourth = account.recipes.create(public_id="recipe-id-4", name="Recipe 4")
    fourth.versions.create(number=1, steps=QUARTER)
    assert "3000" in refused(751, [*recipes, "recipe-id-4"])
    assert Job.objects.count() == 1
