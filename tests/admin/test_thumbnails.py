"""Small pictures: made by a worker on first view, kept, scoped, and never made twice."""

import io
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.test import Client
from django.urls import reverse
from PIL import Image

from jobs import thumbnails
from jobs.models import Item, Output
from jobs.models.jobs import OutputState
from jobs.tasks import make_thumbnail
from jobs.thumbnails import find_key, find_thumbnail
from storage.house import house
from tests.admin.tenants import Tenant
from tests.conftest import encode, gradient


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[list[Any]]:
    """What the broker, the outer edge, was asked to start."""
    found: list[list[Any]] = []
    thumbnails._rung.clear()
    monkeypatch.setattr(current_app, "send_task", lambda name, args, **_: found.append([name, *args]))
    return found


def item_url(item: Item) -> str:
    return reverse("thumbnail-item", args=[item.pk])


def output_url(output: Output) -> str:
    return reverse("thumbnail-output", args=[output.pk])


def put(key: str, data: bytes) -> None:
    house().write(key, data, content_type="image/jpeg")


@pytest.fixture
def photo(a: Tenant) -> bytes:
    """The picture that the item's source names."""
    data = encode(gradient((600, 900)), "JPEG")
    put("uploads/0.jpg", data)
    return data


def test_the_first_view_rings_and_shows_a_placeholder(viewer: Client, a: Tenant, rung: list[Any]) -> None:
    answer = viewer.get(item_url(a["item"]))
    assert (answer.status_code, answer["Retry-After"], answer["Content-Type"]) == (202, "1", "image/svg+xml")
    assert rung == [["make_thumbnail", a["item"].pk, "item"]]


def test_it_rings_once_however_often_it_is_looked_at(viewer: Client, a: Tenant, rung: list[Any]) -> None:
    for _ in range(3):
        viewer.get(item_url(a["item"]))
    assert len(rung) == 1


def test_a_broker_that_is_down_is_asked_once_for_a_whole_page(
    viewer: Client, a: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refuse(name: str, **_: Any) -> None:
        asked.append(name)
        raise ConnectionRefusedError

    monkeypatch.setattr(current_app, "send_task", refuse)
    assert viewer.get(item_url(a["item"])).status_code == 202
    assert viewer.get(output_url(a["output"])).status_code == 202
    assert len(asked) == 1


def test_the_worker_makes_it_and_the_page_shows_it(viewer: Client, a: Tenant, photo: bytes) -> None:
    make_thumbnail(a["item"].pk, "item")
    answer = viewer.get(item_url(a["item"]))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert answer["Cache-Control"] == "private, max-age=86400"
    assert Image.open(io.BytesIO(answer.content)).size == (160, 240)


def test_an_output_in_the_house_has_one(viewer: Client, a: Tenant) -> None:
    put(a["output"].key, encode(gradient((500, 100), "L"), "PNG"))
    make_thumbnail(a["output"].pk, "output")
    assert Image.open(io.BytesIO(viewer.get(output_url(a["output"])).content)).size == (240, 48)


def test_an_output_in_a_customers_storage_has_one(viewer: Client, a: Tenant, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "r.png").write_bytes(encode(gradient((40, 40)), "PNG"))
    place = a["connection"]
    place.kind, place.parameters, place.credentials = "local", {"path": str(tmp_path / "shop")}, None
    place.save()
    Output.objects.filter(pk=a["output"].pk).update(connection=place, key="r.png")
    make_thumbnail(a["output"].pk, "output")
    assert viewer.get(output_url(a["output"])).status_code == 200


def test_no_thumbnail_is_made_of_the_house_by_a_key_that_a_customer_chose(viewer: Client, a: Tenant, b: Tenant) -> None:
    """The output lay in a bucket that is no longer connected, under the key of another account's result."""
    put(b["output"].key, encode(gradient((40, 40)), "PNG"))
    Output.objects.filter(pk=a["output"].pk).update(key=b["output"].key, connection=None)
    make_thumbnail(a["output"].pk, "output")
    assert viewer.get(output_url(a["output"])).status_code == 404


def test_the_before_picture_is_the_original_once_it_is_overwritten(a: Tenant, photo: bytes) -> None:
    put("kept/original", encode(gradient((100, 50)), "JPEG"))
    original = {"key": "kept/original", "digest": "d", "written": ["w"]}
    Item.objects.filter(pk=a["item"].pk).update(original=original)
    make_thumbnail(a["item"].pk, "item")
    made = find_thumbnail(Item.objects.get(pk=a["item"].pk))
    assert made
    assert Image.open(io.BytesIO(made)).size == (240, 120)


def test_a_second_call_makes_nothing(a: Tenant, photo: bytes) -> None:
    make_thumbnail(a["item"].pk, "item")
    put(find_key(a["item"]), b"kept")
    make_thumbnail(a["item"].pk, "item")
    assert find_thumbnail(a["item"]) == b"kept"


def test_a_picture_that_cannot_be_decoded_is_tried_once(viewer: Client, a: Tenant, rung: list[Any]) -> None:
    put("uploads/0.jpg", b"no picture at all")
    make_thumbnail(a["item"].pk, "item")
    answer = viewer.get(item_url(a["item"]))
    assert (answer.status_code, answer["Content-Type"]) == (404, "image/svg+xml")
    assert rung == []


def test_a_source_that_is_gone_is_shown_as_gone(viewer: Client, a: Tenant) -> None:
    make_thumbnail(a["item"].pk, "item")
    assert viewer.get(item_url(a["item"])).status_code == 404


def test_a_storage_that_does_not_answer_leaves_the_question_open(viewer: Client, a: Tenant) -> None:
    """Nobody listens at its endpoint: later, somebody may."""
    Output.objects.filter(pk=a["output"].pk).update(connection=a["connection"], key="r.png")
    make_thumbnail(a["output"].pk, "output")
    assert viewer.get(output_url(a["output"])).status_code == 202


def test_a_new_run_has_a_new_picture(a: Tenant, photo: bytes) -> None:
    make_thumbnail(a["item"].pk, "item")
    Item.objects.filter(pk=a["item"].pk).update(run=2)
    assert find_thumbnail(Item.objects.get(pk=a["item"].pk)) is None


def test_a_row_that_is_gone_is_no_fault(db: None) -> None:
    make_thumbnail(4711, "item")
    make_thumbnail(4711, "output")


def test_a_failed_output_has_no_picture(a: Tenant) -> None:
    failed = Output.objects.get(state=OutputState.FAILED)
    make_thumbnail(failed.pk, "output")
    assert find_thumbnail(failed) == thumbnails.UNSHOWABLE


def test_pictures_of_another_account_are_not_found(viewer: Client, operator: Client, a: Tenant, b: Tenant) -> None:
    assert viewer.get(item_url(b["item"])).status_code == 404
    assert viewer.get(output_url(b["output"])).status_code == 404
    assert operator.get(item_url(b["item"])).status_code == 202


def test_strangers_are_sent_to_the_log_in(client: Client, a: Tenant) -> None:
    assert client.get(item_url(a["item"])).status_code == 302


def test_the_web_process_reads_no_original(viewer: Client, a: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise AssertionError("the web process read an original")

    monkeypatch.setattr(thumbnails, "read_ref", fail)
    assert viewer.get(item_url(a["item"])).status_code == 202
    assert viewer.get(reverse("admin:jobs_job_change", args=[a["job"].pk])).status_code == 200
