"""Processes run again: every shape of the answer, and what a retry does to a process."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from jobs.models import Delivery, Job
from jobs.models.jobs import ItemState, JobState
from tests.dialects.slashed.calls import call, create, get, message, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]

EVERY_WAY = [
    *(("POST", "/retry"), ("POST", "/retry/"), ("POST", "/request/retry"), ("POST", "/request/retry/")),
    *(("PUT", "/request"), ("PUT", "/request/")),
]
UNKNOWN, OTHER_UNKNOWN = "krLSWSF0gp6tpWPk3Okrl", "krLSWSF0gp6tpWPk3OkrX"


def retry(client: Client, *process_ids: Any, way: tuple[str, str] = EVERY_WAY[0], **more: Any) -> Any:
    return call(client, *way, {"service_id": 1, "process_ids": list(process_ids), **more})


def again(process_id: str, attempt: int = 1) -> dict[str, Any]:
    return {"status": 200, "process_id": process_id, "description": f"Reprocessing process, attempt: {attempt}"}


def missing(process_id: str) -> dict[str, Any]:
    return {"status": 404, "process_id": process_id, "description": "Process not found"}


def busy(process_id: str) -> dict[str, Any]:
    return {"status": 400, "process_id": process_id, "description": "Process is already being processed"}


def failed(client: Client) -> str:
    return run(create(client, source="/broken.jpg")).public_id


def find(process_id: str) -> Job:
    return Job.objects.get(public_id=process_id)


@pytest.mark.parametrize("way", EVERY_WAY)
def test_a_failed_process_runs_again(client: Client, way: tuple[str, str]) -> None:
    process_id = failed(client)
    answer = retry(client, process_id, way=way)
    assert answer.status_code == 200
    assert answer.json() == [again(process_id)]
    assert get(client, f"/request/{process_id}").json()["status"] == "PENDING"


def test_the_documented_success_is_two_processes_in_the_order_asked_for(client: Client) -> None:
    ids = [failed(client), failed(client)]
    assert retry(client, *reversed(ids)).json() == [again(process_id) for process_id in reversed(ids)]


@pytest.mark.parametrize("way", EVERY_WAY)
def test_the_documented_error_is_one_bare_object(client: Client, way: tuple[str, str]) -> None:
    answer = retry(client, UNKNOWN, way=way)
    assert answer.status_code == 404
    assert answer.json() == missing(UNKNOWN)


def test_several_processes_none_of_them_known_are_an_array_and_404(client: Client) -> None:
    answer = retry(client, UNKNOWN, OTHER_UNKNOWN)
    assert answer.status_code == 404
    assert answer.json() == [missing(UNKNOWN), missing(OTHER_UNKNOWN)]


def test_known_and_unknown_processes_are_mixed_in_the_order_asked_for(client: Client) -> None:
    first, second = failed(client), failed(client)
    answer = retry(client, UNKNOWN, first, OTHER_UNKNOWN, second)
    assert answer.status_code == 200
    assert answer.json() == [missing(UNKNOWN), again(first), missing(OTHER_UNKNOWN), again(second)]


def test_the_same_process_twice_is_run_once_and_answered_once(client: Client) -> None:
    process_id = failed(client)
    answer = retry(client, process_id, UNKNOWN, process_id, UNKNOWN)
    assert answer.json() == [again(process_id), missing(UNKNOWN)]
    assert find(process_id).run == 2


def test_the_same_unknown_process_twice_is_one_that_was_asked_for(client: Client) -> None:
    answer = retry(client, UNKNOWN, UNKNOWN)
    assert (answer.status_code, answer.json()) == (404, missing(UNKNOWN))


def test_attempts_count_on_each_time_a_process_has_ended(client: Client) -> None:
    process_id = failed(client)
    for attempt in (1, 2, 3):
        assert retry(client, process_id).json() == [again(process_id, attempt)]
        run(find(process_id))


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING])
def test_a_process_that_has_not_ended_is_left_alone(client: Client, state: JobState) -> None:
    job = create(client)
    Job.objects.filter(pk=job.pk).update(state=state)
    answer = retry(client, job.public_id)
    assert answer.status_code == 200
    assert answer.json() == [busy(job.public_id)]
    assert find(job.public_id).run == 1


def test_a_second_retry_before_the_end_of_the_first_does_not_count(client: Client) -> None:
    process_id = failed(client)
    assert retry(client, process_id).json() == [again(process_id)]
    assert retry(client, process_id).json() == [busy(process_id)]
    run(find(process_id))
    assert retry(client, process_id).json() == [again(process_id, 2)]


def test_a_finished_process_runs_again_too(client: Client) -> None:
    job = run(create(client))
    assert retry(client, job.public_id).json() == [again(job.public_id)]
    assert run(job).state == JobState.FINISHED


def test_a_retry_reads_the_storage_again_and_runs_every_output(client: Client, shop: Path) -> None:
    jobs = [{"destination": "/out/a.png"}, {"destination": "/out/b.png"}]
    job = run(create(client, source="/late.jpg", jobs=jobs))
    assert get(client, f"/request/{job.public_id}").json()["status"] == "FAILED"
    (shop / "late.jpg").write_bytes((shop / "480x360/1.jpg").read_bytes())
    retry(client, job.public_id)
    run(job)
    assert get(client, f"/request/{job.public_id}").json()["status"] == "FINISHED"
    assert (shop / "out/a.png").exists()
    assert (shop / "out/b.png").exists()


def test_a_retry_makes_everything_as_it_was_at_first(client: Client) -> None:
    process_id = failed(client)
    retry(client, process_id)
    job = find(process_id)
    assert (job.state, job.finished_at, job.items_ended, job.items_failed) == (JobState.QUEUED, None, 0, 0)
    assert [item.state for item in job.items.all()] == [ItemState.QUEUED]
    assert "x-photomill-reason" not in get(client, f"/request/{process_id}").headers


def test_the_callback_is_sent_again_for_each_attempt(client: Client) -> None:
    job = run(create(client, callback="http://127.0.0.1:9/hook"))
    retry(client, job.public_id)
    run(job)
    assert sorted(Delivery.objects.filter(job=job).values_list("run", flat=True)) == [1, 2]


def test_retries_have_no_limit_but_one_that_is_set(client: Client, settings: Settings) -> None:
    settings.PHOTOMILL_RETRY_LIMIT = 1
    process_id = failed(client)
    assert retry(client, process_id).json() == [again(process_id)]
    run(find(process_id))
    answer = retry(client, process_id)
    assert answer.status_code == 200
    said = {"status": 400, "process_id": process_id, "description": "Process has been retried too often"}
    assert answer.json() == [said]


def test_another_account_s_process_is_not_found_and_not_run(client: Client) -> None:
    process_id = failed(client)
    answer = call(client, "POST", "/retry", {"service_id": 2, "process_ids": [process_id]}, token="tokB")
    assert (answer.status_code, answer.json()) == (404, missing(process_id))
    assert find(process_id).run == 1


@pytest.mark.parametrize("process_id", ["", "x" * 500, "a b", "\0", "\ud800", "\u65e5", "../x", "' OR 1=1 --"])
def test_an_id_that_none_can_be_is_not_found(client: Client, process_id: str) -> None:
    answer = retry(client, process_id)
    assert (answer.status_code, answer.json()) == (404, missing(process_id))


# --- What is refused -----------------------------------------------------------------------------------------------


def refuse(client: Client, body: Any, *, way: Sequence[str] = EVERY_WAY[0]) -> str:
    return message(call(client, *way, body), 400)


@pytest.mark.parametrize("way", EVERY_WAY)
def test_both_fields_are_required(client: Client, way: tuple[str, str]) -> None:
    assert refuse(client, {"process_ids": [UNKNOWN]}, way=way) == "service_id is required"
    assert refuse(client, {"service_id": 1}, way=way) == "process_ids is required"
    assert refuse(client, {"service_id": 1, "process_ids": None}, way=way) == "process_ids is required"


@pytest.mark.parametrize("value", [UNKNOWN, 5, True, {}, {"0": UNKNOWN}])
def test_process_ids_must_be_an_array(client: Client, value: Any) -> None:
    assert refuse(client, {"service_id": 1, "process_ids": value}) == "process_ids must be an array"


@pytest.mark.parametrize("value", [5, 1.5, True, None, [], ["x"], {}])
def test_every_process_id_must_be_a_string(client: Client, value: Any) -> None:
    process_id = failed(client)
    assert refuse(client, {"service_id": 1, "process_ids": [process_id, value]}) == "process_ids[1] must be a string"
    assert find(process_id).run == 1


def test_one_to_a_hundred_processes_run_again_at_once(client: Client) -> None:
    ids = [f"{number:021}" for number in range(101)]
    assert refuse(client, {"service_id": 1, "process_ids": []}) == "process_ids must have 1 to 100 entries"
    assert refuse(client, {"service_id": 1, "process_ids": ids}) == "process_ids must have 1 to 100 entries"
    assert retry(client, *ids[:100]).json() == [missing(process_id) for process_id in ids[:100]]


@pytest.mark.parametrize("value", ["x", True, 0, -1, 1.5, [], {}])
def test_a_service_id_is_checked_as_for_a_new_process(client: Client, value: Any) -> None:
    said = refuse(client, {"service_id": value, "process_ids": [UNKNOWN]})
    assert said == "service_id must be a positive whole number"


@pytest.mark.parametrize("way", EVERY_WAY)
def test_another_service_is_403_before_the_process_ids_are_looked_at(client: Client, way: tuple[str, str]) -> None:
    message(call(client, *way, {"service_id": 2, "process_ids": 5}), 403)
    message(call(client, *way, {"service_id": 3, "process_ids": 5}, token="tokA3"), 403)


@pytest.mark.parametrize("way", EVERY_WAY)
def test_nothing_runs_again_without_a_secret(client: Client, way: tuple[str, str]) -> None:
    process_id = failed(client)
    body = {"service_id": 1, "process_ids": [process_id]}
    assert message(call(client, *way, body, token=None), 401) == "Invalid Secret"
    assert find(process_id).run == 1


def test_unknown_keys_are_ignored_and_named(client: Client) -> None:
    process_id = failed(client)
    answer = retry(client, process_id, priority=1)
    assert answer.json() == [again(process_id)]
    assert answer.headers["x-photomill-ignored"] == "priority"
