"""Requests with the answers that the product gives, one a line of vectors.jsonl.

Boxes there assume a detector that returns them. Ours looks at drawn and real pictures: sizes of parts of people are
not compared, those of the product are, to two pixels.
"""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from accounts.models import Account
from jobs.models import Job
from tests.dialects.cropphoto.calls import CREATE, KEY, SUBMIT, call, problem
from tests.dialects.cropphoto.photos import Photos, product
from tests.dialects.cropphoto.test_banners import file, mask
from tests.dialects.workers import Worker, await_that
from tests.processing.subjects import needs_model

pytestmark = [pytest.mark.django_db(transaction=True), needs_model]

ROWS = [json.loads(line) for line in Path(__file__).with_name("vectors.jsonl").read_text("utf-8").splitlines()]
BOXES = ("L03",)
"""Cases whose box is that of the drawn product."""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_request_is_answered_as_the_product_does(
    client: Client, account: Account, photos: Photos, worker: Worker, row: dict[str, Any]
) -> None:
    row = fill(row, client, photos)
    if "balance 0" in row.get("precondition", ""):
        Account.objects.filter(pk=account.pk).update(credits=0)
    check(client, row, send(client, row))


# --- Requests ------------------------------------------------------------------------------------------------------


def fill(row: dict[str, Any], client: Client, photos: Photos) -> dict[str, Any]:
    """The request with addresses and ids that there are."""
    text = json.dumps(row).replace("https://fixtures.test/", photos.url(""))
    if "{id of R06}" in text:
        text = text.replace("{id of R06}", submit(client, photos))
    if "{job_id of N01}" in text:
        text = text.replace("{job_id of N01}", make_banner(client, photos))
    return dict(json.loads(text))


def submit(client: Client, photos: Photos) -> str:
    row = next(row for row in ROWS if row["id"] == "R07")
    return str(json.loads(send(client, fill(row, client, photos)).content)["id"])


def make_banner(client: Client, photos: Photos) -> str:
    row = next(row for row in ROWS if row["id"] == "N01")
    job_id = str(json.loads(send(client, fill(row, client, photos)).content)["job_id"])
    finish(job_id)
    return job_id


def finish(job_id: str) -> None:
    await_that(lambda: Job.objects.filter(public_id=job_id, finished_at__isnull=False).exists(), "the job's end")


def send(client: Client, row: dict[str, Any]) -> HttpResponse:
    headers = {"Authorization": f"Bearer {KEY}" if row["auth"] == "ok" else row["auth"]} if row["auth"] else {}
    if "multipart" not in row:
        return call(client, row["method"], row["path"], row.get("body"), key=None, **headers)
    uploads = {"@mask.png": lambda: file(mask()), "@product.jpg": lambda: file(product(), "product.jpg")}
    parts = {
        name: uploads[value]() if isinstance(value, str) and value in uploads else value
        for name, value in row["multipart"].items()
    }
    return client.post(CREATE, parts, headers=headers)


# --- Answers -------------------------------------------------------------------------------------------------------


def check(client: Client, row: dict[str, Any], answer: HttpResponse) -> None:
    wanted = row["expect"]
    assert answer.status_code == wanted["status"], answer.content[:500]
    if "problem" in wanted:
        detail = problem(answer, wanted["status"], wanted["problem"])
        assert wanted.get("detail_mentions", "") in detail
    if "content_type" in wanted:
        assert answer.headers["content-type"].split(";")[0] == wanted["content_type"]
    if answer.headers["content-type"].startswith("image/"):
        check_picture(row, Image.open(io.BytesIO(answer.content)))
    else:
        check_body(client, row, json.loads(answer.content))


def check_picture(row: dict[str, Any], shown: Image.Image) -> None:
    wanted = row["expect"]
    if row["id"] in BOXES:
        assert shown.size == pytest.approx(wanted["size"], abs=2)
    elif "size" in wanted:
        assert list(shown.size) == wanted["size"]
    if wanted.get("has_alpha"):
        assert shown.mode == "RGBA"
        assert shown.getchannel("A").getextrema() == (0, 255)


def check_body(client: Client, row: dict[str, Any], body: Any) -> None:
    wanted = row["expect"]
    expect(wanted.get("json", {}), body, wanted.get("tolerance", 0))
    for name, kind in wanted.get("json_types", {}).items():
        assert {"string": str}[kind] is type(body[name])
    ids = [entry["id"] for entry in body.get("entries", [])]
    assert [entry["id"] for entry in wanted.get("entries_contain", [])] == ids[: len(wanted.get("entries_contain", []))]
    if "results_0" in wanted:
        expect(wanted["results_0"], body["results"][0], wanted["tolerance"])
    for asked, then in wanted.get("then", {}).items():
        follow(client, asked, then, body)


def follow(client: Client, asked: str, wanted: dict[str, Any], body: Any) -> None:
    """What is asked for next, once the job has ended."""
    if asked == "GET url without key":
        answer = client.get(re.sub(r"^https?://[^/]+", "", body["url"]))
        data = b"".join(answer) if answer.streaming else answer.content
        assert list(Image.open(io.BytesIO(data)).size) == wanted["size"]
        return
    finish(body["id"])
    name = "poll" if "poll" in asked else "result"
    answer = call(client, "GET", f"{SUBMIT.removesuffix('submit')}{name}/{body['id']}")
    assert answer.status_code == wanted["status"]
    got = json.loads(answer.content)
    expect(wanted.get("json", {}), got, 0)
    if "outputs_length" in wanted:
        assert len(got["outputs"]) == wanted["outputs_length"]
    if "outputs_0" in wanted:
        expect(wanted["outputs_0"], got["outputs"][0], 0)


def expect(wanted: Any, got: Any, tolerance: float) -> None:
    """Every member that is wanted is there, with its value; numbers within the tolerance."""
    if isinstance(wanted, dict):
        for name, value in wanted.items():
            assert name in got, (name, got)
            expect(value, got[name], tolerance)
    elif isinstance(wanted, float):
        assert got == pytest.approx(wanted, abs=tolerance)
    else:
        assert got == wanted
