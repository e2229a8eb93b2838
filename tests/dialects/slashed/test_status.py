"""Where a process is: the two documented bodies, the states between, and every path that leads there."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from jobs import services
from jobs.models import Job
from jobs.models.jobs import JobState
from tests.dialects.slashed.calls import call, create, get, message, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]

STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
BY_ID = ("/request/{}", "/process/{}", "/status/{}")
EVERY_WAY = [*BY_ID, *(f"{path}/" for path in BY_ID), "/request?process_id={}", "/request/?process_id={}"]
UNKNOWN = "krLSWSF0gp6tpWPk3Okrl"


def ended(client: Client, *, well: bool) -> Job:
    return run(create(client, **({} if well else {"source": "/broken.jpg"})))


def status(client: Client, job: Job) -> str:
    body = get(client, f"/request/{job.public_id}").json()
    assert set(body) == {"status", "updated_at"}
    assert STAMP.fullmatch(body["updated_at"])
    return str(body["status"])


@pytest.mark.parametrize("way", EVERY_WAY)
def test_every_way_to_ask_gives_the_documented_body(client: Client, way: str) -> None:
    job = ended(client, well=True)
    Job.objects.filter(pk=job.pk).update(updated_at=datetime(2024, 1, 1, 8, tzinfo=UTC))
    answer = get(client, way.format(job.public_id))
    assert answer.status_code == 200
    assert answer.json() == {"status": "FINISHED", "updated_at": "2024-01-01 08:00:00"}
    assert "x-photomill-reason" not in answer.headers


def test_a_failed_process_gives_the_documented_body_and_its_reason_in_a_header(client: Client) -> None:
    job = ended(client, well=False)
    Job.objects.filter(pk=job.pk).update(updated_at=datetime(2024, 1, 1, 8, 0, 0, 999999, tzinfo=UTC))
    answer = get(client, f"/request/{job.public_id}")
    assert answer.status_code == 200
    assert answer.json() == {"status": "FAILED", "updated_at": "2024-01-01 08:00:00"}
    assert "not a picture" in answer.headers["x-photomill-reason"]


def test_a_reason_of_any_characters_fits_into_the_header(client: Client) -> None:
    job = ended(client, well=False)
    job.items.update(error_message="480\xd7360\r\nset-cookie: a=b \u65e5" + "x" * 5000)
    answer = get(client, f"/request/{job.public_id}")
    assert answer.status_code == 200
    assert answer.headers["x-photomill-reason"].isprintable()
    assert "set-cookie" not in answer.headers


def test_a_process_goes_from_pending_through_processing_to_its_end(client: Client) -> None:
    job = create(client)
    assert status(client, job) == "PENDING"
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING)
    assert status(client, job) == "PROCESSING"
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED)
    run(job)
    assert status(client, job) == "FINISHED"
    assert services.retry_job(job, only_failed=False)
    assert status(client, job) == "PENDING"


def test_a_process_that_an_operator_cancelled_has_failed(client: Client) -> None:
    job = create(client)
    assert services.cancel_job(job)
    assert status(client, job) == "FAILED"
    assert "cancelled" in get(client, f"/request/{job.public_id}").headers["x-photomill-reason"]


def test_the_time_is_that_of_the_last_change(client: Client) -> None:
    job = create(client)
    Job.objects.filter(pk=job.pk).update(updated_at=datetime(2024, 1, 1, tzinfo=UTC))
    run(job)
    said = get(client, f"/request/{job.public_id}").json()["updated_at"]
    age = datetime.now(UTC) - datetime.strptime(said, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert -1 <= age.total_seconds() < 60


@pytest.mark.parametrize("way", EVERY_WAY)
@pytest.mark.parametrize("process_id", [UNKNOWN, "x", "-", "x" * 21, "x" * 500, "%00", "%E6%97%A5", "a.b", "a%20b"])
def test_an_unknown_process_is_404(client: Client, way: str, process_id: str) -> None:
    assert message(get(client, way.format(process_id)), 404) == "Process not found"


@pytest.mark.parametrize("path", ["/request", "/request?process_id=", "/request?id=x"])
def test_asking_for_no_process_is_400(client: Client, path: str) -> None:
    assert message(get(client, path), 400) == "process_id is required"


@pytest.mark.parametrize("way", EVERY_WAY)
def test_nobody_is_told_without_a_secret(client: Client, way: str) -> None:
    job = create(client)
    assert message(get(client, way.format(job.public_id), token=None), 401) == "Invalid Secret"
    assert message(get(client, way.format(UNKNOWN), token="nope"), 401) == "Invalid Secret"


@pytest.mark.parametrize("way", EVERY_WAY)
def test_another_account_s_process_is_404_as_if_it_were_not_there(client: Client, way: str) -> None:
    job = create(client)
    assert message(get(client, way.format(job.public_id), token="tokB"), 404) == "Process not found"


def test_a_body_sent_along_changes_nothing(client: Client) -> None:
    job = create(client)
    assert call(client, "GET", f"/request/{job.public_id}", b"{not json").status_code == 200


def test_asking_changes_nothing(client: Client) -> None:
    job = ended(client, well=True)
    before = Job.objects.values().get(pk=job.pk)
    for way in EVERY_WAY:
        get(client, way.format(job.public_id))
    assert Job.objects.values().get(pk=job.pk) == before


def test_head_is_answered_as_get_without_a_body(client: Client) -> None:
    job = create(client)
    answer = call(client, "HEAD", f"/request/{job.public_id}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert call(client, "HEAD", f"/request/{UNKNOWN}").status_code == 404


def test_no_answer_is_kept_by_a_cache(client: Client) -> None:
    job = create(client)
    assert get(client, f"/request/{job.public_id}").headers["cache-control"] == "no-store"
