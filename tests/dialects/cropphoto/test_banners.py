"""Banners: made from a form, found by id and by label, told by a webhook."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from PIL import Image

from accounts.models import Account
from jobs import callbacks
from jobs.models import Delivery, Job
from jobs.models.deliveries import DeliveryState
from tests.dialects.cropphoto.calls import CREATE, KEY, OTHER_KEY, STATUS, post, problem, read
from tests.dialects.cropphoto.photos import PRODUCT, Photos, product
from tests.dialects.workers import Worker, await_that
from tests.images import encode
from tests.jobs.receivers import Receiver


def mask(box: tuple[int, int, int, int] = PRODUCT, size: tuple[int, int] = (1200, 900)) -> bytes:
    """See-through but for a box."""
    made = Image.new("RGBA", size)
    made.paste((0, 0, 0, 255), box)
    return encode(made)


def file(data: bytes, name: str = "a.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def form(**changes: Any) -> dict[str, Any]:
    """A form that works, with changes; None leaves a part out."""
    parts = {"input_image": file(product(), "car.jpg"), "mask_image": file(mask()), "job_labels": ["car-lot-1"]}
    return {name: value for name, value in {**parts, **changes}.items() if value is not None}


def create(client: Client, parts: dict[str, Any], key: str = KEY) -> Any:
    return client.post(CREATE, parts, headers={"Authorization": f"Bearer {key}"})


def finish(client: Client, parts: dict[str, Any]) -> str:
    job_id = str(read(create(client, parts))["job_id"])
    await_that(lambda: Job.objects.filter(public_id=job_id, finished_at__isnull=False).exists(), "the banner's end")
    return job_id


def status(client: Client, **body: Any) -> Any:
    return read(post(client, STATUS, body))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    made.start()
    yield made
    made.stop()


# --- Making --------------------------------------------------------------------------------------------------------


def test_a_banner_is_taken(account: Account, client: Client) -> None:
    body = read(create(client, form(job_labels=["a", "b"])))
    assert body == {"job_id": body["job_id"], "status": "pending", "job_labels": ["a", "b"]}
    assert len(body["job_id"]) == 36


def test_an_account_with_limits_of_its_own_is_held_to_them(account: Account, client: Client, house: Path) -> None:
    Account.objects.filter(pk=account.pk).update(max_source_bytes=len(product()) - 1)
    problem(create(client, form()), 413, "payload_too_large")
    Account.objects.filter(pk=account.pk).update(max_source_bytes=None, max_pixels=1200 * 900 - 1)
    assert "pixels" in problem(create(client, form()), 400, "invalid_payload")
    assert not Job.objects.exists()
    assert not [path for path in house.rglob("*") if path.is_file()]


@pytest.mark.parametrize("labels", [["a", "b"], ['["a", "b"]']])
@pytest.mark.parametrize("name", ["job_labels", "job_labels[]"])
def test_a_list_is_parts_of_one_name_or_one_part_with_json(
    account: Account, client: Client, name: str, labels: list[str]
) -> None:
    assert read(create(client, {**form(job_labels=None), name: labels}))["job_labels"] == ["a", "b"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"job_labels": None}, "job_labels"),
        ({"job_labels": [" "]}, "job_labels"),
        ({"job_labels": ["[1]"]}, "job_labels"),
        ({"job_labels": ["x" * 201]}, "job_labels"),
        ({"input_image": None}, "input_image"),
        ({"mask_image": None}, "mask_image"),
        ({"input_image_url": "https://example.com/a.jpg"}, "input_image"),
        ({"mask_image_url": "https://example.com/a.png"}, "mask_image"),
        ({"input_image": None, "input_image_url": "a.jpg"}, "input_image_url"),
        ({"input_image": None, "input_image_url": "http://10.0.0.1/a.jpg"}, "input_image_url"),
        (
            {"input_image": None, "input_image_url": "https://example.com", "input_imaeg_url": "https://x.example"},
            "inp",
        ),
        ({"input_image": b"no picture"}, "input_image"),
        ({"mask_image": b"no picture"}, "mask_image"),
        ({"minimum_margins": "5"}, "minimum_margins"),
        ({"minimum_margins": "-5%"}, "minimum_margins"),
        ({"ai_model": "SCENE_V1"}, "ai_model"),
        ({"analysis_hints": ["a"] * 6}, "analysis_hints"),
        ({"response_type": "stream"}, "response_type"),
        ({"output_dimensions": ["100x0"]}, "output_dimensions"),
        ({"output_dimensions": ["match_to_original"]}, "output_dimensions"),
        ({"output_dimensions": ["1x1"] * 11}, "output_dimensions"),
        ({"webhook": "mailto:a@example.com"}, "webhook"),
        ({"webhook": "http://10.0.0.1/hook"}, "webhook"),
        ({"webhook_secret": "a\nb"}, "webhook_secret"),
    ],
)
def test_a_part_at_fault_is_named_and_nothing_is_kept(
    account: Account, client: Client, house: Path, changes: dict[str, Any], word: str
) -> None:
    changes = {name: file(value) if isinstance(value, bytes) else value for name, value in changes.items()}
    assert problem(create(client, form(**changes)), 400, "invalid_payload").startswith(word)
    assert not Job.objects.exists()
    assert not [path for path in house.rglob("*") if path.is_file()]


def test_another_content_type_is_415(account: Account, client: Client) -> None:
    problem(post(client, CREATE, {"job_labels": ["a"]}), 415, "unsupported_media_type")


def test_what_nobody_reads_is_named(account: Account, client: Client) -> None:
    assert create(client, form(colour="red")).headers["x-photomill-ignored"] == "colour"


def test_a_secret_is_kept_where_nobody_reads_it(account: Account, client: Client) -> None:
    read(create(client, form(webhook="https://example.com/hook", webhook_secret="s3cret-word")))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {Job._meta.db_table}")
        assert "s3cret-word" not in str(cursor.fetchall())
    assert Job.objects.get().callback_secret == "s3cret-word"


# --- What comes of it ----------------------------------------------------------------------------------------------


def test_the_box_of_the_mask_grows_by_the_margin(account: Account, client: Client, worker: Worker) -> None:
    body = status(client, job_id=finish(client, form(minimum_margins="5%")))
    assert body["error_message"] == ""
    (result,) = body["results"]
    assert result["output_image_url"] == ""
    assert result["crop_coordinates"] == pytest.approx(
        {"x": 0.225, "y": 0.188889, "width": 0.55, "height": 0.733333}, abs=0.002
    )


def test_addresses_do_as_well_as_files(account: Account, client: Client, worker: Worker, photos: Photos) -> None:
    parts = form(input_image=None, input_image_url=photos.url("product.jpg"), minimum_margins="8px")
    (result,) = status(client, job_id=finish(client, parts))["results"]
    assert result["crop_coordinates"]["x"] == pytest.approx((300 - 8) / 1200, abs=0.001)


def test_every_size_is_made(account: Account, client: Client, worker: Worker) -> None:
    parts = form(response_type="url", output_dimensions=["400x300", "300x300"])
    body = status(client, job_id=finish(client, parts))
    sizes = []
    for result in body["results"]:
        answer = client.get("/" + result["output_image_url"].split("/", 3)[3])
        sizes.append(Image.open(io.BytesIO(answer.content)).size)
    assert sizes == [(400, 300), (300, 300)]


def test_a_mask_without_anything_fails_and_says_so(account: Account, client: Client, worker: Worker) -> None:
    parts = form(mask_image=file(encode(Image.new("L", (1200, 900)))))
    body = status(client, job_id=finish(client, parts))
    assert [job["status"] for job in body["jobs"]] == ["failed"]
    assert body["results"] == []
    assert body["error_message"]


# --- Finding -------------------------------------------------------------------------------------------------------


def test_jobs_are_found_by_any_of_several_labels_the_newest_first(account: Account, client: Client) -> None:
    ids = [read(create(client, form(job_labels=labels)))["job_id"] for labels in (["a"], ["b", "c"], ["c"], ["d"])]
    found = status(client, job_labels=["a", "c"])
    assert [job["job_id"] for job in found["jobs"]] == [ids[2], ids[1], ids[0]]
    assert found["jobs"][1]["job_labels"] == ["b", "c"]
    window = status(client, job_labels=["a", "c"], start=1, limit=1)
    assert [job["job_id"] for job in window["jobs"]] == [ids[1]]


def test_a_label_that_nothing_has_finds_nothing(account: Account, client: Client) -> None:
    assert status(client, job_labels=["none"]) == {"jobs": [], "results": [], "error_message": ""}


def test_an_id_and_a_label_find_the_job_that_has_both(account: Account, client: Client) -> None:
    job_id = read(create(client, form(job_labels=["a"])))["job_id"]
    assert [job["job_id"] for job in status(client, job_id=job_id, job_labels=["x", "a"])["jobs"]] == [job_id]
    problem(post(client, STATUS, {"job_id": job_id, "job_labels": ["x"]}), 400, "invalid_payload")
    problem(post(client, STATUS, {"job_id": "x", "job_labels": ["a"]}), 400, "invalid_payload")
    assert status(client, job_id=job_id, job_labels=[])["jobs"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"job_labels": []},
        {"job_labels": "a"},
        {"job_id": 5},
        {"job_labels": ["a"], "limit": 0},
        {"job_labels": ["a"], "limit": 101},
        {"job_labels": ["a"], "start": -1},
        {"job_labels": ["a"], "start": "0"},
        {"job_labels": ["a"], "start": 1.5},
        {"job_labels": ["a"], "start": True},
    ],
)
def test_a_question_that_breaks_a_rule_is_refused(account: Account, client: Client, body: dict[str, Any]) -> None:
    problem(post(client, STATUS, body), 400, "invalid_payload")


def test_another_accounts_banners_are_not_there(account: Account, client: Client) -> None:
    job_id = read(create(client, form()))["job_id"]
    problem(post(client, STATUS, {"job_id": job_id}, key=OTHER_KEY), 404, "not_found")
    assert read(post(client, STATUS, {"job_labels": ["car-lot-1"]}, key=OTHER_KEY))["jobs"] == []


# --- Telling -------------------------------------------------------------------------------------------------------


def deliver_all() -> Delivery:
    delivery = Delivery.objects.get()
    callbacks.deliver(delivery.pk)
    delivery.refresh_from_db()
    return delivery


def test_the_webhook_brings_the_status_and_the_secret(
    account: Account, client: Client, worker: Worker, receiver: Receiver
) -> None:
    job_id = finish(client, form(webhook=receiver.url, webhook_secret="s3cret-word"))
    assert deliver_all().state == DeliveryState.DELIVERED
    (message,) = receiver.messages
    assert message.headers["x-webhook-secret"] == "s3cret-word"
    assert message.headers["content-type"] == "application/json"
    assert json.loads(message.body) == status(client, job_id=job_id)


@pytest.mark.parametrize("code", [201, 204, 302, 500])
def test_anything_but_200_is_tried_three_times_more(
    account: Account, client: Client, worker: Worker, receiver: Receiver, code: int
) -> None:
    receiver.answer(code)
    finish(client, form(webhook=receiver.url))
    for _ in range(6):
        Delivery.objects.update(next_at=Job.objects.get().created_at)
        delivery = deliver_all()
    assert delivery.state == DeliveryState.FAILED
    assert len(receiver.messages) == 4
    assert len({message.id for message in receiver.messages}) == 1


def test_the_next_attempt_is_half_an_hour_away(
    account: Account, client: Client, worker: Worker, receiver: Receiver
) -> None:
    receiver.answer(503)
    finish(client, form(webhook=receiver.url))
    before = Delivery.objects.get().created_at
    delivery = deliver_all()
    assert 1300 < (delivery.next_at - before).total_seconds() < 2400
