"""Every sample that the product's documentation prints, sent and answered as printed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import ImageChops

from jobs.models import Job
from tests.dialects.slashed.calls import PROCESS_ID, create, get, post, request_of, run, taken
from tests.dialects.slashed.results import make, open_result, state
from tests.dialects.slashed.values import FIELDS

pytestmark = [pytest.mark.django_db]

SAMPLES = json.loads(Path(__file__).with_name("samples.json").read_text(encoding="utf-8"))
PRINTED_AT = datetime(2024, 1, 1, 8, tzinfo=UTC)


def named(job: Job, process_id: str) -> Job:
    """The job under an id that the documentation prints, last changed when it says so."""
    Job.objects.filter(pk=job.pk).update(public_id=process_id, updated_at=PRINTED_AT)
    job.refresh_from_db()
    return job


def test_the_create_sample_is_taken_and_carried_out(client: Client, shop: Path) -> None:
    answer = post(client, "/request", SAMPLES["create"])
    job = run(taken(answer))
    assert "x-photomill-ignored" not in answer.headers
    assert state(client, job) == "FINISHED"
    made = open_result(shop, "/480x360/transformed/1.jpg")
    assert (made.format, made.size) == ("JPEG", (480, 360))
    written = (
        ImageChops.difference(made, open_result(shop, "/480x360/1.jpg")).convert("L").point(lambda v: 255 * (v > 60))
    )
    box = written.getbbox()
    assert box is not None
    assert abs((box[0] + box[2]) / 2 - 240) < 5
    assert abs((box[1] + box[3]) / 2 - 180) < 8


def test_the_answer_to_it_has_the_printed_form(client: Client, shop: Path) -> None:
    body = post(client, "/request", SAMPLES["create"]).json()
    assert list(body) == list(SAMPLES["created"])
    assert body["status"] == SAMPLES["created"]["status"]
    assert PROCESS_ID.fullmatch(SAMPLES["created"]["process_id"])
    assert PROCESS_ID.fullmatch(body["process_id"])


def test_the_job_sample_is_taken(client: Client, shop: Path) -> None:
    assert state(client, run(create(client, jobs=[SAMPLES["job"]]))) == "FINISHED"


@pytest.mark.parametrize("each", SAMPLES["transformations"], ids=lambda each: each["sample"]["type"])
def test_the_sample_of_each_transformation_is_taken_and_carried_out(
    client: Client, shop: Path, each: dict[str, Any]
) -> None:
    answer = post(client, "/request", request_of(each["sample"]))
    assert "x-photomill-ignored" not in answer.headers
    assert state(client, run(taken(answer))) == "FINISHED"
    assert open_result(shop, "/out/1.png").size == tuple(each["size"])


def test_every_documented_transformation_has_its_sample() -> None:
    assert sorted(each["sample"]["type"] for each in SAMPLES["transformations"]) == sorted(FIELDS)


def test_the_refusal_is_the_printed_one(client: Client, shop: Path) -> None:
    answer = post(client, "/request", SAMPLES["create"], token="q77D1lMk...5Vh42Gzx")
    assert (answer.status_code, answer.json()) == (401, SAMPLES["refused"])


@pytest.mark.parametrize(("source", "sample"), [("/480x360/1.jpg", "finished"), ("/broken.jpg", "failed")])
def test_the_status_is_the_printed_one(client: Client, shop: Path, source: str, sample: str) -> None:
    job = named(run(create(client, source=source)), SAMPLES["created"]["process_id"])
    answer = get(client, f"/request/{job.public_id}")
    assert (answer.status_code, answer.json()) == (200, SAMPLES[sample])


def test_the_retry_is_answered_as_printed(client: Client, shop: Path) -> None:
    for process_id in SAMPLES["retry"]["process_ids"]:
        named(run(create(client, source="/broken.jpg")), process_id)
    answer = post(client, "/retry", SAMPLES["retry"])
    assert (answer.status_code, answer.json()) == (200, SAMPLES["retried"])


def test_the_retry_of_an_unknown_process_is_answered_as_printed(client: Client, shop: Path) -> None:
    body = {**SAMPLES["retry"], "process_ids": [SAMPLES["not_found"]["process_id"]]}
    answer = post(client, "/retry", body)
    assert (answer.status_code, answer.json()) == (404, SAMPLES["not_found"])


def test_the_samples_of_the_product_s_set_up_pages_send_numbers_as_strings(client: Client, shop: Path) -> None:
    bright = {"type": "brightness", "bright_level": "230"}
    crop = {"type": "crop", "gravity": "center", "height": "800", "width": "500", "xoffset": "200", "yoffset": "100"}
    assert make(client, shop, bright, {**crop, "fit": "crop"}).size == (500, 800)
