"""Enterprise images: kept as they came, listed, found and deleted, each account's for itself."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import IntegrityError, connection
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from storage.models import ReferenceImage
from tests.dialects.cropedly.calls import (
    IMAGES,
    JPEG,
    PNG,
    UPLOAD,
    WEBP,
    call,
    file,
    list_images,
    message,
    send_form,
    stored,
    upload,
)
from tests.images import encode, ramps

pytestmark = pytest.mark.django_db

KEYS = ["id", "name", "url", "mime", "mimeType", "size"]
EVERY_OPERATION = [("POST", UPLOAD), ("GET", IMAGES), ("GET", f"{IMAGES}/some-id"), ("DELETE", f"{IMAGES}?ids=some-id")]


@pytest.fixture
def kept(client: Client, people: dict[str, User]) -> list[dict[str, Any]]:
    """Three pictures of the enterprise, as its list shows them."""
    expect_empty(upload(client, people["ent"], JPEG, PNG, WEBP))
    return list_images(client, people["ent"])  # type: ignore[no-any-return]


def expect_empty(answer: HttpResponse) -> None:
    assert answer.status_code == 204, answer.content
    assert answer.content == b""


def delete(client: Client, user: User, query: str) -> HttpResponse:
    return call(client, "DELETE", f"{IMAGES}?{query}", user=user)


def ids_left(client: Client, user: User) -> list[str]:
    return [image["id"] for image in list_images(client, user)]


# --- Upload --------------------------------------------------------------------------------------------------------


def test_an_upload_is_answered_with_nothing_and_found_in_the_list(
    client: Client, people: dict[str, User], house: Path
) -> None:
    files = [file(JPEG, "b.jpg"), file(PNG, "a.png")]
    expect_empty(send_form(client, UPLOAD, {"images": files}, user=people["ent"]))
    images = list_images(client, people["ent"])
    assert [list(image) for image in images] == [KEYS] * 2
    assert [(image["name"], image["mime"], image["size"]) for image in images] == [
        ("b.jpg", "image/jpeg", len(JPEG)),
        ("a.png", "image/png", len(PNG)),
    ]
    assert len(stored(house)) == 2


def test_a_picture_is_kept_byte_for_byte_and_anybody_with_its_address_can_read_it(
    client: Client, kept: list[dict[str, Any]]
) -> None:
    for image, data in zip(kept, (JPEG, PNG, WEBP), strict=True):
        answer = client.get(urlsplit(image["url"]).path)
        assert (answer.content, answer.headers["content-type"]) == (data, image["mime"])


@pytest.mark.parametrize(
    ("data", "status"),
    [(b"", 400), (b"text", 415), (encode(ramps((8, 8)), "GIF"), 415), (PNG[:20], 400)],
)
def test_one_bad_file_keeps_all_of_them_out(
    client: Client, people: dict[str, User], house: Path, data: bytes, status: int
) -> None:
    assert "2.jpg" in message(upload(client, people["ent"], JPEG, data, PNG), status, UPLOAD)
    assert list_images(client, people["ent"]) == stored(house) == []


@pytest.mark.django_db(transaction=True)
def test_an_upload_that_breaks_off_in_the_middle_keeps_nothing(
    client: Client, people: dict[str, User], house: Path
) -> None:
    with connection.execute_wrapper(failing_at_insert(2)):
        assert upload(client, people["ent"], JPEG, PNG, WEBP).status_code == 500
    assert list_images(client, people["ent"]) == stored(house) == []


def failing_at_insert(number: int) -> Any:
    """A database that takes so many reference images and fails on the last of them."""
    left = [number]

    def execute(run: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("INSERT") and "referenceimage" in sql:
            left[0] -= 1
            if not left[0]:
                raise IntegrityError("no more")
        return run(sql, *rest)

    return execute


@pytest.mark.parametrize("form", [{}, {"x": "1"}, {"files": file(JPEG)}])
def test_an_upload_without_images_is_400(client: Client, people: dict[str, User], form: dict[str, Any]) -> None:
    assert "'images'" in message(send_form(client, UPLOAD, form, user=people["ent"]), 400, UPLOAD)


def test_an_upload_over_25_mb_is_413_and_json_is_415(client: Client, people: dict[str, User]) -> None:
    message(upload(client, people["ent"], JPEG + b"\0" * 25_000_000), 413, UPLOAD)
    answer = call(client, "POST", UPLOAD, user=people["ent"], data=b"{}", content_type="application/json")
    message(answer, 415, UPLOAD)


def test_a_storage_that_takes_nothing_is_503(
    client: Client, people: dict[str, User], settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    settings.PHOTOMILL_STORAGE_URL = f"file://{tmp_path}/file/house"
    answer = upload(client, people["ent"], PNG)
    message(answer, 503, UPLOAD)
    assert int(answer.headers["retry-after"]) > 0
    assert ReferenceImage.objects.count() == 0


# --- List and one --------------------------------------------------------------------------------------------------


def test_the_list_is_empty_at_first(client: Client, people: dict[str, User]) -> None:
    assert list_images(client, people["ent"]) == []


def test_the_list_begins_with_the_oldest(client: Client, people: dict[str, User], kept: list[Any]) -> None:
    upload(client, people["ent"], JPEG)
    assert [image["name"] for image in list_images(client, people["ent"])] == ["1.jpg", "2.jpg", "3.jpg", "1.jpg"]


def test_one_is_as_the_list_has_it(client: Client, people: dict[str, User], kept: list[dict[str, Any]]) -> None:
    for image in kept:
        answer = call(client, "GET", f"{IMAGES}/{image['id']}", user=people["ent"])
        found = json.loads(answer.content)
        assert answer.status_code == 200
        assert list(found) == KEYS
        # An address says when it was made.
        assert {**found, "url": ""} == {**image, "url": ""}
        assert client.get(urlsplit(found["url"]).path).status_code == 200


@pytest.mark.parametrize("image_id", ["none", "0", "x" * 64, "x" * 65, "%00", "%C3%A9", "a.b", "' OR 1=1", "..%2F.."])
def test_an_unknown_id_is_404(client: Client, people: dict[str, User], kept: list[Any], image_id: str) -> None:
    message(call(client, "GET", f"{IMAGES}/{image_id}", user=people["ent"]), 404)


def test_another_accounts_picture_is_as_unknown_as_one_that_never_was(
    client: Client, people: dict[str, User], kept: list[dict[str, Any]]
) -> None:
    foreign, unknown = (
        json.loads(call(client, "GET", f"{IMAGES}/{image_id}", user=people["rival"]).content)
        for image_id in (kept[0]["id"], "x" * 21)
    )
    assert (
        (foreign["status"], foreign["message"]) == (unknown["status"], unknown["message"]) == (404, foreign["message"])
    )
    assert list_images(client, people["rival"]) == []


# --- Delete --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", ["ids={}&ids={}", "ids={},{}", "ids={}%2C{}", "ids= {} , {} ,", "ids={}&ids=,{}"])
def test_ids_may_be_repeated_or_joined_by_commas(
    client: Client, people: dict[str, User], kept: list[dict[str, Any]], spelling: str
) -> None:
    query = spelling.format(kept[0]["id"], kept[2]["id"]).replace(" ", "%20")
    expect_empty(delete(client, people["ent"], query))
    assert ids_left(client, people["ent"]) == [kept[1]["id"]]


def test_what_is_deleted_is_gone_from_the_storage_too(
    client: Client, people: dict[str, User], kept: list[dict[str, Any]], house: Path
) -> None:
    expect_empty(delete(client, people["ent"], f"ids={kept[1]['id']}"))
    assert len(stored(house)) == 2
    assert client.get(urlsplit(kept[1]["url"]).path).status_code == 404
    message(call(client, "GET", f"{IMAGES}/{kept[1]['id']}", user=people["ent"]), 404)
    expect_empty(delete(client, people["ent"], "ids=" + ",".join(image["id"] for image in kept)))
    assert list_images(client, people["ent"]) == stored(house) == []


def test_unknown_and_foreign_ids_are_passed_over(
    client: Client, people: dict[str, User], kept: list[dict[str, Any]]
) -> None:
    upload(client, people["rival"], PNG)
    (foreign,) = ids_left(client, people["rival"])
    expect_empty(delete(client, people["ent"], f"ids=none,{foreign},%00,{kept[0]['id']},{kept[0]['id']},../x"))
    assert len(ids_left(client, people["ent"])) == 2
    assert ids_left(client, people["rival"]) == [foreign]
    expect_empty(delete(client, people["ent"], f"ids={kept[0]['id']}"))


@pytest.mark.parametrize("query", ["", "ids", "ids=", "ids=,", "ids=%20&ids=", "id=a", "Ids=a"])
def test_without_ids_it_is_400_and_nothing_is_deleted(
    client: Client, people: dict[str, User], kept: list[dict[str, Any]], query: str
) -> None:
    assert "'ids'" in message(delete(client, people["ent"], query), 400, IMAGES)
    assert len(ids_left(client, people["ent"])) == 3


@pytest.mark.parametrize("query", ["ids=" + ",".join(["x"] * 1001), "&".join(["ids=x"] * 1001), "a&" * 1100])
def test_more_ids_than_are_looked_at_are_refused(client: Client, people: dict[str, User], query: str) -> None:
    message(delete(client, people["ent"], query), 400, IMAGES)


def test_a_file_that_cannot_be_deleted_now_keeps_its_row(
    client: Client, people: dict[str, User], kept: list[dict[str, Any]], settings: Any, tmp_path: Path
) -> None:
    whole = settings.PHOTOMILL_STORAGE_URL
    (tmp_path / "file").write_bytes(b"in the way")
    settings.PHOTOMILL_STORAGE_URL = f"file://{tmp_path}/file/house"
    message(delete(client, people["ent"], f"ids={kept[0]['id']}"), 503)
    settings.PHOTOMILL_STORAGE_URL = whole
    assert len(ids_left(client, people["ent"])) == 3
    expect_empty(delete(client, people["ent"], f"ids={kept[0]['id']}"))
    assert len(ids_left(client, people["ent"])) == 2


# --- Who may -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path"), EVERY_OPERATION)
def test_without_a_token_it_is_401(client: Client, people: dict[str, User], method: str, path: str) -> None:
    message(call(client, method, path), 401, path.partition("?")[0])


@pytest.mark.parametrize("name", ["free", "pro"])
@pytest.mark.parametrize(("method", "path"), EVERY_OPERATION)
def test_every_plan_below_enterprise_is_too_low(
    client: Client, people: dict[str, User], name: str, method: str, path: str
) -> None:
    answer = call(client, method, path, user=people[name])
    assert message(answer, 403, path.partition("?")[0]) == "Enterprise plan required"
