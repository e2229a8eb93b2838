"""Many pictures: lists, folders, folders below them, and what is passed over."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from jobs import listings, services
from jobs.models import Job, Listing
from storage.models import Connection
from tests.dialects.claid.calls import BATCH, data_of, error_of, faults_of, get, post
from tests.dialects.claid.fixtures import Web
from tests.dialects.workers import Worker, await_that
from tests.images import encode, ramps

pytestmark = pytest.mark.django_db(transaction=True)

SMALL = encode(ramps((32, 24)), "JPEG")
SIZE = {"resizing": {"width": 8, "height": 6}}


@pytest.fixture(autouse=True)
def acme(account: Account) -> Account:
    return account


def put(bucket: Path, *keys: str, data: bytes = SMALL) -> None:
    for key in keys:
        (bucket / key).parent.mkdir(parents=True, exist_ok=True)
        (bucket / key).write_bytes(data)


def made(bucket: Path, folder: str = "out") -> list[str]:
    """The results in a folder, by their paths below it."""
    root = bucket / folder
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def run(client: Client, given: Any, **more: Any) -> Any:
    """What is answered of a batch once it has ended."""
    task = data_of(post(client, BATCH, {"input": given, "operations": SIZE, **more}))
    await_that(lambda: Job.objects.get(public_id=str(task["id"])).finished_at, "the batch's end")
    return read(client, task["id"])


def read(client: Client, number: int) -> Any:
    answer = get(client, f"{BATCH}/{number}")
    if answer.streaming:
        body = json.loads(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
        return body["data"]
    return data_of(answer)


OUT = "storage://storage_1/out/"


def test_a_batch_is_taken_and_says_where_it_is(client: Client, web: Web, bucket: Path) -> None:
    body = {"input": "storage://storage_1/in/", "operations": SIZE, "output": OUT}
    task = data_of(post(client, BATCH, body))
    assert list(task) == ["id", "status", "result_url", "created_at", "request"]
    assert (task["status"], task["request"]) == ("ACCEPTED", body)
    assert task["result_url"] == f"http://testserver{BATCH}/{task['id']}"
    seen = read(client, task["id"])
    assert list(seen) == ["id", "status", "result_url", "created_at", "request", "errors", "results"]
    assert (seen["errors"], seen["results"]) == ([], [])


# --- Lists ---------------------------------------------------------------------------------------------------------


def test_a_list_s_results_come_in_its_order(client: Client, web: Web, worker: Worker) -> None:
    done = run(client, [f"{web.url}/wide.jpg", f"{web.url}/200.jpg", f"{web.url}/alpha.png"])
    assert (done["status"], done["errors"]) == ("DONE", [])
    assert [one["input_object"]["width"] for one in done["results"]] == [2880, 128, 400]
    names = [one["output_object"]["tmp_url"].rpartition("/")[2] for one in done["results"]]
    assert names == ["wide.jpeg", "200.jpeg", "alpha.jpeg"]


def test_one_file_is_a_batch_too(client: Client, web: Web, bucket: Path, worker: Worker) -> None:
    put(bucket, "a.jpg")
    for given in (f"{web.url}/200.jpg", "storage://storage_1/a.jpg", {"source": f"{web.url}/200.jpg"}):
        assert len(run(client, given)["results"]) == 1


def test_what_failed_stands_beside_what_was_made(client: Client, web: Web, worker: Worker) -> None:
    done = run(client, [f"{web.url}/{name}" for name in ("200.jpg", "missing.jpg", "page.html", "wide.jpg")])
    assert done["status"] == "ERROR"
    assert [one["input_object"]["width"] for one in done["results"]] == [128, 2880]
    assert len(done["errors"]) == 2
    assert "404" in done["errors"][0]["error"]


def test_pictures_of_one_name_do_not_overwrite_each_other(
    client: Client, web: Web, bucket: Path, worker: Worker
) -> None:
    done = run(client, [f"{web.url}/a/200.jpg", f"{web.url}/b/200.jpg", f"{web.url}/c/200.jpg"], output=OUT)
    assert [one["output_object"]["object_key"] for one in done["results"]] == [
        *("out/200.jpeg", "out/200-2.jpeg", "out/200-3.jpeg")
    ]
    assert made(bucket) == ["200-2.jpeg", "200-3.jpeg", "200.jpeg"]


def test_files_and_folders_may_stand_in_one_list(client: Client, web: Web, bucket: Path, worker: Worker) -> None:
    put(bucket, "x/2.jpg", "x/1.jpg", "y/3.jpg")
    given = ["storage://storage_1/y/", f"{web.url}/200.jpg", "storage://storage_1/x/"]
    done = run(client, given, output=OUT)
    keys = [one["output_object"]["object_key"] for one in done["results"]]
    assert keys == ["out/200.jpeg", "out/3.jpeg", "out/1.jpeg", "out/2.jpeg"]


# --- Folders -------------------------------------------------------------------------------------------------------

NESTED = ["in/1.jpg", "in/ü 2.PNG", "in/sub/3.jpg", "in/sub/deep/4.jpeg", "in2/5.jpg", "6.jpg"]


@pytest.mark.parametrize("uri", ["storage://storage_1/in/", "storage://storage_1/in"])
def test_of_a_folder_only_its_own_pictures_are_taken(client: Client, bucket: Path, worker: Worker, uri: str) -> None:
    put(bucket, *NESTED)
    done = run(client, uri, output=OUT)
    assert (done["status"], made(bucket)) == ("DONE", ["1.jpeg", "ü 2.jpeg"])
    assert len(done["results"]) == 2


def test_a_recursive_batch_keeps_the_paths_below_its_folder(client: Client, bucket: Path, worker: Worker) -> None:
    put(bucket, *NESTED)
    done = run(
        client, {"source": "storage://storage_1/in/", "recursive": True}, output={"destination": OUT, "format": "webp"}
    )
    assert made(bucket) == ["1.webp", "sub/3.webp", "sub/deep/4.webp", "ü 2.webp"]
    assert {one["output_object"]["format"] for one in done["results"]} == {"WEBP"}


@pytest.mark.parametrize("uri", ["storage://storage_1/", "storage://storage_1"])
def test_a_whole_storage_is_a_folder(client: Client, bucket: Path, worker: Worker, uri: str) -> None:
    put(bucket, "1.jpg", "sub/2.jpg")
    assert len(run(client, {"source": uri, "recursive": True})["results"]) == 2
    assert len(run(client, uri)["results"]) == 1


def test_what_is_no_picture_by_its_name_is_passed_over_and_what_is_broken_is_not(
    client: Client, bucket: Path, worker: Worker
) -> None:
    put(bucket, "in/1.jpg")
    put(bucket, "in/notes.txt", "in/film.mp4", "in/README", data=b"text")
    put(bucket, "in/broken.jpg", data=b"text")
    done = run(client, "storage://storage_1/in/", output=OUT)
    assert (done["status"], len(done["errors"]), made(bucket)) == ("ERROR", 1, ["1.jpeg"])
    assert sorted(skip["key"] for skip in Listing.objects.get().skipped) == ["in/README", "in/film.mp4", "in/notes.txt"]


@pytest.mark.parametrize("uri", ["storage://storage_1/nothing/", "storage://storage_1/texts/"])
def test_a_folder_without_pictures_is_done(client: Client, bucket: Path, worker: Worker, uri: str) -> None:
    put(bucket, "texts/a.txt", data=b"text")
    done = run(client, uri, output=OUT)
    assert (done["status"], done["errors"], done["results"]) == ("DONE", [], [])


@pytest.mark.parametrize("is_recursive", [False, True])
def test_an_output_folder_in_the_input_folder_is_not_read_again(
    client: Client, bucket: Path, worker: Worker, is_recursive: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.listings.PAGE_OBJECTS", 2)
    put(bucket, *(f"in/{number}.jpg" for number in range(5)), "in/z.jpg")
    source = {"source": "storage://storage_1/in/", "recursive": is_recursive}
    done = run(client, source, output="storage://storage_1/in/out/")
    assert (done["status"], len(done["results"])) == ("DONE", 6)
    assert len(made(bucket, "in/out")) == 6


def test_a_folder_may_be_its_own_output(client: Client, bucket: Path, worker: Worker) -> None:
    put(bucket, "in/1.jpeg", "in/2.jpg")
    done = run(client, "storage://storage_1/in/", output="storage://storage_1/in/")
    assert (done["status"], made(bucket, "in")) == ("DONE", ["1.jpeg", "2.jpeg", "2.jpg"])


def test_a_folder_that_cannot_be_read_is_an_error_of_the_batch(client: Client, web: Web, bucket: Path) -> None:
    body = {"input": ["storage://storage_1/in/"], "operations": SIZE}
    task = data_of(post(client, BATCH, body))
    Connection.objects.all().delete()
    listings.list_folder(Listing.objects.get().pk)
    done = read(client, task["id"])
    assert (done["status"], done["results"]) == ("ERROR", [])
    [error] = done["errors"]
    assert error["error"] == "in: the storage is no longer connected"
    assert error["input_object"] is None
    assert error["created_at"]


def test_a_cancelled_batch_is_an_error_with_what_it_has(client: Client, web: Web, worker: Worker) -> None:
    worker.gate.clear()
    task = data_of(post(client, BATCH, {"input": [f"{web.url}/200.jpg"] * 3, "operations": SIZE}))
    services.cancel_job(Job.objects.get())
    done = read(client, task["id"])
    assert (done["status"], len(done["errors"]), done["results"]) == ("ERROR", 3, [])


def test_a_folder_ends_where_the_credits_do(client: Client, account: Account, bucket: Path, worker: Worker) -> None:
    put(bucket, *(f"in/{number}.jpg" for number in range(5)))
    Account.objects.filter(pk=account.pk).update(credits=3)
    done = run(client, "storage://storage_1/in/")
    assert (done["status"], done["results"]) == ("ERROR", [])
    assert "no credits left" in done["errors"][0]["error"]
    Account.objects.filter(pk=account.pk).update(credits=5)
    assert run(client, "storage://storage_1/in/")["status"] == "DONE"
    error_of(post(client, BATCH, {"input": "storage://storage_1/in/", "operations": SIZE}), 402, "billing")


# --- Refused -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"input": ["https://shop.example/a.jpg", "storage://none/in/"]}, "input.1"),
        ({"input": {"source": "storage://none/in/"}}, "input.source"),
        ({"input": {"source": "https://shop.example/in/", "recursive": True}}, "input.recursive"),
        ({"input": "storage://web/in/"}, "input"),
        ({"input": ["http://10.0.0.1/a.jpg"]}, "input.0"),
        ({"input": "storage://storage_1/in/", "output": "storage://storage_1/out/pic.jpg"}, "output"),
        ({"input": "storage://storage_1/in/", "output": {"destination": "storage://web/out/"}}, "output.destination"),
    ],
)
def test_what_no_batch_can_read_or_write_is_refused(
    client: Client, account: Account, bucket: Path, body: dict[str, Any], path: str
) -> None:
    parameters = {"base_url": "https://files.example"}
    Connection.objects.create(account=account, name="web", kind="web_folder", parameters=parameters)
    assert set(faults_of(post(client, BATCH, {"operations": {}, **body}))) == {path}
    assert not Job.objects.exists()


def test_a_long_answer_is_sent_in_pieces_and_says_the_same(
    client: Client, web: Web, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run(client, [f"{web.url}/200.jpg", f"{web.url}/missing.jpg", f"{web.url}/wide.jpg"])
    monkeypatch.setattr("jobs.dialects.claid.wire.CHUNK_ITEMS", 2)
    answer = get(client, f"{BATCH}/{done['id']}")
    assert answer.streaming
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert json.loads(b"".join(answer.streaming_content)) == {"data": done}  # type: ignore[attr-defined]
