"""Requests with the answers that the product gives, one a line of vectors.jsonl."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.keys import create_key
from accounts.models import Account
from jobs.models import Job
from tests.dialects.claid.calls import ASYNC, BATCH, KEY, OTHER_KEY, Part, call, data_of, fetch, get, post, send_form
from tests.dialects.claid.fixtures import Web, make_files
from tests.dialects.workers import Worker, await_that

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.s3]

ROWS = [json.loads(line) for line in Path(__file__).with_name("vectors.jsonl").read_text("utf-8").splitlines()]
STORAGE_ROWS = [row for row in ROWS if row["id"].startswith("T")]
OTHER_ROWS = [row for row in ROWS if row not in STORAGE_ROWS]
ABSENT = "not available on this server"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")


@pytest.fixture
def folders(bucket: Path) -> Path:
    """A storage with an input folder."""
    (bucket / "input_folder").mkdir()
    (bucket / "input_folder" / "200.jpg").write_bytes(make_files()["200.jpg"])
    return bucket


@pytest.mark.parametrize("row", OTHER_ROWS, ids=lambda row: row["id"])
def test_a_request_is_answered_as_the_product_does(
    client: Client, account: Account, web: Web, folders: Path, playground: Any, worker: Worker, row: dict[str, Any]
) -> None:
    filled = fill(row, client, web, worker)
    answer = send(client, filled, account)
    check(client, filled, answer)


def test_storages_are_answered_as_the_product_does(client: Client, account: Account, web: Web) -> None:
    """In their order: each stands on what the one before it made."""
    ids: dict[str, int] = {}
    for row in STORAGE_ROWS:
        path = re.sub(r"\{(T\d+)\.id\}", lambda match: str(ids[match[1]]), row["path"])
        filled = {**row, "path": path}
        answer = send(client, filled, account)
        check(client, filled, answer)
        body = json.loads(answer.content)
        if isinstance(body.get("data"), dict) and "id" in body["data"]:
            ids[row["id"]] = body["data"]["id"]


# --- Requests ------------------------------------------------------------------------------------------------------


def fill(row: dict[str, Any], client: Client, web: Web, worker: Worker) -> dict[str, Any]:
    """The request with addresses and ids that there are."""
    text = json.dumps(row).replace("FIX/", f"{web.url}/").replace("<495 x a>", "a" * 495)
    if "{running id}" in text or "{foreign id}" in text:
        is_foreign = "{foreign id}" in text
        if not is_foreign:
            worker.gate.clear()
        body = {"input": f"{web.url}/200.jpg", "operations": {}}
        task = data_of(post(client, ASYNC, body, key=OTHER_KEY if is_foreign else KEY))
        text = re.sub(r"\{(?:running|foreign) id\}", str(task["id"]), text)
    return dict(json.loads(text))


def send(client: Client, row: dict[str, Any], account: Account) -> HttpResponse:
    key = key_of(row["auth"], account)
    method = row["method"].partition("+")[0]
    if "multipart" in row:
        return send_form(client, {name: part_of(part) for name, part in row["multipart"].items()}, row["path"])
    body = row["raw"].encode() if "raw" in row else row.get("body")
    return call(client, method, row["path"], body, key=key)


def key_of(auth: str, account: Account) -> str | None:
    """A key as the row asks for: `ok`, `none`, or its scopes and its account's credits."""
    if auth in ("ok", "none"):
        return KEY if auth == "ok" else None
    asked = dict(part.split("=") for part in auth.split(";"))
    if "credits" in asked:
        Account.objects.filter(pk=account.pk).update(credits=int(asked["credits"]))
    name = f"{auth} {account.api_keys.count()}"
    return create_key(account, name=name, scopes=asked["scopes"].split(","))[1]


def part_of(part: dict[str, Any]) -> Part:
    if "filename" in part:
        return part["filename"], make_files()[part["content"].rpartition("/")[2]], "application/octet-stream"
    return part["text"] if "text" in part else (None, json.dumps(part["json"]), part["content_type"])


# --- Answers -------------------------------------------------------------------------------------------------------


def check(client: Client, row: dict[str, Any], answer: HttpResponse) -> None:
    expected = row["expect"]
    body = json.loads(answer.content)
    if expected["status"] == 200 and ABSENT in json.dumps(body):
        pytest.skip(f"{row['id']}: {body['error_message']}")
    assert answer.status_code == expected["status"], body
    if "equals" in expected:
        assert body == expected["equals"]
    if "subset" in expected:
        expect(expected["subset"], body, body)
    assert set(expected.get("details_has", [])) <= set(body.get("error_details", {}))
    assert set(expected.get("has_keys", [])) <= set(body)
    for path in expected.get("absent", []):
        *way, last = path.split(".")
        assert last not in reach(body, way)
    for place, color in expected.get("pixels", {}).items():
        shown = fetch(client, body["data"]["output"]["tmp_url"]).convert("RGB")
        x, y = map(int, re.findall(r"\d+", place))
        assert bytes(shown.getpixel((x, y))).hex() == color.removeprefix("#")
    if "then_get" in expected:
        follow(client, row, body, expected["then_get"])


def follow(client: Client, row: dict[str, Any], body: Any, expected: dict[str, Any]) -> None:
    """Ask for what was made once it has ended."""
    path = row["path"]
    if path in (ASYNC, BATCH):
        path = f"{path}/{body['data']['id']}"
        await_that(lambda: Job.objects.get(public_id=str(body["data"]["id"])).finished_at, "the task's end")
    answer = get(client, path)
    check(client, row | {"expect": expected}, answer)


def reach(body: Any, way: list[str]) -> Any:
    for step in way:
        body = body[step]
    return body


def expect(wanted: Any, got: Any, whole: Any) -> None:
    """Every member that is wanted is there; lists have the same length; texts in <> are checks."""
    if isinstance(wanted, dict) and wanted:
        for name, value in wanted.items():
            assert name in got, (name, got)
            expect(value, got[name], whole)
    elif isinstance(wanted, list):
        assert len(wanted) == len(got), got
        for one, other in zip(wanted, got, strict=True):
            expect(one, other, whole)
    elif isinstance(wanted, str) and wanted.startswith("<"):
        assert satisfies(wanted[1:-1], got, whole), (wanted, got)
    else:
        assert wanted == got


def satisfies(asked: str, got: Any, whole: Any) -> bool:
    """Whether a value is what is said of it in words."""
    if asked.startswith(("int", "iso8601")):
        return isinstance(got, int) if asked == "int" else bool(TIME.fullmatch(got))
    if asked.startswith("one of "):
        return got in asked.removeprefix("one of ").split(", ")
    ending = re.sub(r"^(?:url )?(?:ending|ends) |^url$", "", asked)
    ending = ending.replace("{id}", str(whole.get("data", {}).get("id", "")))
    return str(got).endswith(ending) and (not asked.startswith("url") or str(got).startswith("http"))
