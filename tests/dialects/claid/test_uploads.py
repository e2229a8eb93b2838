"""Pictures that come with their request."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from tests.dialects.claid.calls import UPLOAD, call, data_of, error_of, faults_of, fetch, send_form
from tests.dialects.claid.fixtures import make_files
from tests.dialects.workers import Worker
from tests.images import encode, ramps, turned

pytestmark = pytest.mark.django_db(transaction=True)

JPEG = "image/jpeg"
DATA = json.dumps({"operations": {"resizing": {"width": 1000}, "background": {"remove": False}}})
PLAIN = json.dumps({"operations": {}})


@pytest.fixture(autouse=True)
def acme(account: Account) -> Account:
    return account


def picture() -> bytes:
    return make_files()["200.jpg"]


def stored(house: Path) -> list[str]:
    return sorted(str(path.relative_to(house)) for path in house.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "data",
    [(None, DATA, "application/json"), DATA, ("blob", DATA, "application/json"), (None, DATA, "text/plain")],
    ids=["typed", "untyped", "as a file", "as text"],
)
@pytest.mark.parametrize("prefix", ["/v1", "/v1-beta1"])
def test_a_picture_is_edited_however_its_json_is_sent(client: Client, worker: Worker, data: Any, prefix: str) -> None:
    form = {"file": ("the_image", picture(), JPEG), "data": data}
    made = data_of(send_form(client, form, f"{prefix}/image/edit/upload"))
    assert (made["input"]["width"], made["input"]["height"]) == (128, 128)
    assert (made["output"]["width"], made["output"]["height"]) == (1000, 1000)
    assert made["output"]["tmp_url"].endswith("/the_image.jpeg")
    assert fetch(client, made["output"]["tmp_url"]).size == (1000, 1000)


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("shoe.jpg", "/shoe.jpeg"),
        ("shoe.v2", "/shoe.jpeg"),
        ("ü ☕.png", "/%C3%BC%20%E2%98%95.jpeg"),
        ("../../etc/passwd", "/passwd.jpeg"),
        ("...", "/image.jpeg"),
    ],
)
def test_a_result_is_called_as_the_file(client: Client, worker: Worker, name: str, end: str) -> None:
    made = data_of(send_form(client, {"file": (name, picture(), JPEG), "data": PLAIN}))
    assert made["output"]["tmp_url"].endswith(end)


def test_the_kind_is_told_by_content(client: Client, worker: Worker) -> None:
    made = data_of(send_form(client, {"file": ("a.jpg", encode(ramps((40, 30))), "text/plain"), "data": PLAIN}))
    assert (made["input"]["format"], made["input"]["width"]) == ("PNG", 40)


def test_a_turned_photo_comes_back_upright(client: Client, worker: Worker) -> None:
    made = data_of(send_form(client, {"file": ("a.jpg", turned(ramps((48, 36)), 6), JPEG), "data": PLAIN}))
    assert (made["output"]["width"], made["output"]["height"]) == (48, 36)


def test_a_result_may_go_to_a_storage(client: Client, bucket: Path, worker: Worker) -> None:
    data = json.dumps({"operations": {}, "output": {"destination": "storage://storage_1/up/", "format": "png"}})
    made = data_of(send_form(client, {"file": ("shoe.jpg", picture(), JPEG), "data": data}))
    assert made["output"]["object_key"] == "up/shoe.png"
    assert (bucket / "up/shoe.png").is_file()


def test_the_upload_is_not_kept(client: Client, house: Path, worker: Worker) -> None:
    data_of(send_form(client, {"file": ("a.jpg", picture(), JPEG), "data": PLAIN}))
    assert [key for key in stored(house) if "uploads" in key] == []
    assert len(stored(house)) == 1


# --- What is refused -----------------------------------------------------------------------------------------------

FILE = ("a.jpg", b"x", JPEG)


@pytest.mark.parametrize(
    ("form", "faults"),
    [
        ([("data", PLAIN)], {"file": ["field required"]}),
        ([("file", FILE)], {"data": ["field required"]}),
        ([], {"file": ["field required"], "data": ["field required"]}),
        ([("file", "text"), ("data", PLAIN)], {"file": ["a file is expected, not a text"]}),
        ([("file", FILE), ("data", PLAIN), ("mask", "x")], {"mask": ["extra fields not permitted"]}),
        ([("file", FILE), ("data", "{}")], {"operations": ["field required"]}),
        ([("file", FILE), ("data", '{"operations": {}, "input": "https://a.example/b.jpg"}')], None),
        ([("file", FILE), ("data", "[]")], {"body": ["value is not a valid dict"]}),
    ],
)
def test_a_form_has_a_file_and_what_is_to_be_done_with_it(
    client: Client, house: Path, form: Any, faults: dict[str, list[str]] | None
) -> None:
    found = faults_of(send_form(client, form))
    assert found == (faults or {"input": ["extra fields not permitted"]})
    assert stored(house) == []


@pytest.mark.parametrize("data", ["", "{", "nothing", '{"operations": {}} x'])
def test_data_that_is_no_json_is_a_400(client: Client, data: str) -> None:
    error_of(send_form(client, {"file": FILE, "data": data}), 400, "general")


def test_a_form_that_ends_too_early_is_a_400(client: Client) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\nhalf'
    headers = {"Authorization": "Bearer key-of-acme"}
    answer = client.generic("POST", UPLOAD, body, "multipart/form-data; boundary=x", headers=headers)
    error_of(answer, 400, "general")


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_what_is_no_such_form_lacks_both_fields(client: Client, kind: str) -> None:
    headers = {"Authorization": "Bearer key-of-acme"}
    answer = client.generic("POST", UPLOAD, PLAIN, kind, headers=headers)
    assert set(faults_of(answer)) >= {"file", "data"}


def test_a_file_that_is_larger_than_the_account_may_have_is_a_422(
    client: Client, account: Account, house: Path
) -> None:
    Account.objects.filter(pk=account.pk).update(max_source_bytes=1000)
    error_of(send_form(client, {"file": ("a.jpg", b"x" * 1001, JPEG), "data": PLAIN}), 422, "image")
    assert stored(house) == []


@pytest.mark.parametrize("content", [b"", b"no picture", make_files()["200.jpg"][:500]])
def test_a_file_that_is_no_picture_is_a_422_and_is_not_kept(
    client: Client, account: Account, house: Path, worker: Worker, content: bytes
) -> None:
    Account.objects.filter(pk=account.pk).update(credits=1)
    error_of(send_form(client, {"file": ("a.jpg", content, JPEG), "data": PLAIN}), 422, "image")
    assert stored(house) == []
    assert Account.objects.get(pk=account.pk).credits == 1


def test_a_wrong_key_is_told_before_a_form_is_read(client: Client) -> None:
    answer = send_form(client, {"file": FILE, "data": PLAIN}, key="nobody")
    error_of(answer, 401, "auth")
    error_of(call(client, "GET", UPLOAD), 405, "general")
