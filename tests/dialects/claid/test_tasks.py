"""Pictures edited later: taken, asked for, ended."""

import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from jobs import services
from jobs.models import Job, Output
from storage.models import Connection
from tests.dialects.claid.calls import ASYNC, BATCH, OTHER_KEY, data_of, error_of, fetch, get, post
from tests.dialects.claid.fixtures import Web
from tests.dialects.claid.test_vectors import TIME
from tests.dialects.workers import Worker, await_that

pytestmark = pytest.mark.django_db(transaction=True)

OPERATIONS = {"resizing": {"width": 1000}, "background": {"remove": False}}


@pytest.fixture(autouse=True)
def acme(account: Account) -> Account:
    return account


def submit(client: Client, web: Web, *, name: str = "200.jpg", path: str = ASYNC, **more: Any) -> Any:
    return data_of(post(client, path, {"input": f"{web.url}/{name}", "operations": {}, **more}))


def ended(client: Client, task: Any, path: str = ASYNC) -> Any:
    """What is answered of a task once it has ended."""
    await_that(lambda: Job.objects.get(public_id=str(task["id"])).finished_at, "the task's end")
    return data_of(get(client, f"{path}/{task['id']}"))


def test_a_task_is_taken_and_says_where_it_is(client: Client, web: Web) -> None:
    task = submit(client, web, operations=OPERATIONS)
    assert list(task) == ["id", "status", "result_url", "created_at", "request"]
    assert isinstance(task["id"], int)
    assert task["status"] == "ACCEPTED"
    assert task["result_url"] == f"http://testserver{ASYNC}/{task['id']}"
    assert TIME.fullmatch(task["created_at"])
    assert task["request"] == {"input": f"{web.url}/200.jpg", "operations": OPERATIONS}
    assert web.asked == []


@pytest.mark.parametrize("prefix", ["v1", "v1-beta1"])
@pytest.mark.parametrize("secure", [False, True])
def test_a_task_is_found_by_the_way_that_it_came(client: Client, web: Web, prefix: str, secure: bool) -> None:
    body = {"input": f"{web.url}/200.jpg", "operations": {}}
    task = data_of(post(client, f"/{prefix}/image/edit/async", body, secure=secure, HTTP_HOST="localhost:8000"))
    scheme = "https" if secure else "http"
    assert task["result_url"] == f"{scheme}://localhost:8000/{prefix}/image/edit/async/{task['id']}"
    for other in ("v1", "v1-beta1"):
        assert data_of(get(client, f"/{other}/image/edit/async/{task['id']}"))["id"] == task["id"]


def test_numbers_grow(client: Client, web: Web) -> None:
    numbers = [submit(client, web)["id"] for _ in range(3)]
    assert numbers == sorted(set(numbers))


def test_while_it_is_at_work_there_is_neither_a_result_nor_an_error(client: Client, web: Web, worker: Worker) -> None:
    worker.gate.clear()
    task = submit(client, web)
    seen = data_of(get(client, f"{ASYNC}/{task['id']}"))
    assert list(seen) == ["id", "status", "result_url", "created_at", "request", "errors", "result"]
    assert (seen["status"], seen["errors"], seen["result"]) == ("ACCEPTED", [], {})
    Job.objects.update(state="running")
    assert data_of(get(client, f"{ASYNC}/{task['id']}"))["status"] == "PROCESSING"
    worker.gate.set()
    assert ended(client, task)["status"] == "DONE"


def test_the_documented_task_ends_as_documented(client: Client, web: Web, worker: Worker) -> None:
    task = submit(client, web, operations=OPERATIONS)
    done = ended(client, task)
    assert (done["id"], done["status"], done["errors"]) == (task["id"], "DONE", [])
    assert (done["created_at"], done["request"]) == (task["created_at"], task["request"])
    assert done["result"]["input_object"] == {
        "ext": "jpeg",
        "mps": 0.016384,
        "mime": "image/jpeg",
        "format": "JPEG",
        "width": 128,
        "height": 128,
    }
    output = done["result"]["output_object"]
    url = output.pop("tmp_url")
    assert output == {"ext": "jpeg", "mps": 1.0, "mime": "image/jpeg", "format": "JPEG", "width": 1000, "height": 1000}
    assert url.endswith("/200.jpeg")
    assert fetch(client, url).size == (1000, 1000)
    assert ended(client, task)["result"]["output_object"]["tmp_url"] == url


def test_a_link_ends_after_a_day_and_the_answer_stays(
    client: Client, web: Web, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = submit(client, web)
    url = ended(client, task)["result"]["output_object"]["tmp_url"]
    made_at = Output.objects.get().created_at.timestamp()
    for hours, status in ((23.9, 200), (24.1, 404)):
        monkeypatch.setattr(time, "time", lambda now=made_at + hours * 3600: now)
        assert client.get(url.removeprefix("http://127.0.0.1:8000")).status_code == status
        assert ended(client, task)["result"]["output_object"]["tmp_url"] == url


@pytest.mark.parametrize(("name", "has_object"), [("missing.jpg", False), ("page.html", False)])
def test_a_failure_is_an_error_of_the_task(
    client: Client, web: Web, worker: Worker, name: str, has_object: bool
) -> None:
    done = ended(client, submit(client, web, name=name))
    assert (done["status"], done["result"]) == ("ERROR", {})
    [error] = done["errors"]
    assert list(error) == ["error", "created_at", "input_object"]
    assert error["error"]
    assert datetime.fromisoformat(error["created_at"]) >= datetime.fromisoformat(done["created_at"])
    assert (error["input_object"] is not None) == has_object


def test_what_was_seen_of_a_picture_that_failed_later_is_said(client: Client, web: Web, worker: Worker) -> None:
    operations = {"resizing": {"width": 900_000, "height": 900_000}}
    [error] = ended(client, submit(client, web, operations=operations))["errors"]
    assert (error["input_object"]["width"], error["input_object"]["format"]) == (128, "JPEG")


def test_a_cancelled_task_is_an_error(client: Client, web: Web) -> None:
    task = submit(client, web)
    services.cancel_job(Job.objects.get())
    done = data_of(get(client, f"{ASYNC}/{task['id']}"))
    assert (done["status"], [error["error"] for error in done["errors"]]) == ("ERROR", ["The job was cancelled."])


def test_a_result_in_a_storage_stays_named_by_it_and_never_gets_a_link(
    client: Client, web: Web, bucket: Path, worker: Worker
) -> None:
    task = submit(client, web, output="storage://storage_1/out/")
    output = ended(client, task)["result"]["output_object"]
    assert output["claid_storage_uri"] == "storage://storage_1/out/200.jpeg"
    Connection.objects.all().delete()
    later = ended(client, task)["result"]["output_object"]
    # Where it lay is no key of the house storage: a link to that could lead to somebody else's picture.
    assert "tmp_url" not in later
    assert later["object_key"] == "out/200.jpeg"


def test_another_account_s_task_is_not_there(client: Client, web: Web) -> None:
    task = submit(client, web)
    said = error_of(get(client, f"{ASYNC}/{task['id']}", key=OTHER_KEY), 404, "image")
    assert said["error_message"] == "Batch image edit pipeline not found."


def test_tasks_and_batches_are_asked_for_apart(client: Client, web: Web) -> None:
    one, many = submit(client, web), submit(client, web, path=BATCH)
    error_of(get(client, f"{BATCH}/{one['id']}"), 404, "image")
    error_of(get(client, f"{ASYNC}/{many['id']}"), 404, "image")


@pytest.mark.parametrize("output", [None, {}, {"format": None}, {"format": {"type": "jpeg"}, "metadata": None}])
def test_a_request_is_kept_as_it_was_sent(client: Client, web: Web, output: Any) -> None:
    operations = {"resizing": {"width": "1000", "height": None}, "adjustments": None}
    task = submit(client, web, operations=operations, output=output)
    assert task["request"] == {"input": f"{web.url}/200.jpg", "operations": operations, "output": output}
    assert data_of(get(client, f"{ASYNC}/{task['id']}"))["request"] == task["request"]
