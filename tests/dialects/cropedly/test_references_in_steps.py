"""An enterprise image as the watermark of a SlashedCloud process, named by `storage://reference/ID`."""

import json
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from accounts.models import User
from jobs import engine
from jobs.models import Delivery, Item, Job, Output
from jobs.provisioning import provision
from tests.conftest import account_entry
from tests.dialects.cropedly.calls import IMAGES, call, list_images, upload
from tests.images import encode

pytestmark = pytest.mark.django_db

RED, BLUE = (200, 30, 30), (20, 40, 200)


@pytest.fixture
def bucket(people: dict[str, User], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The enterprise's own storage with a blue picture, and its service 1; `rival` has the service 2."""
    # Rows of another test had the same numbers.
    monkeypatch.setattr("storage.connections._opened", {})
    monkeypatch.setattr("jobs.sources._kept", OrderedDict())
    entries = []
    for number, name in enumerate(("ent", "rival"), 1):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "photo.png").write_bytes(encode(Image.new("RGB", (40, 30), BLUE)))
        entries.append(account_entry(name, folder, number=number, secret=f"tok-{name}", plan="enterprise"))
    provision({"accounts": entries})
    return tmp_path / "ent"


@pytest.fixture
def mark(client: Client, people: dict[str, User]) -> str:
    """The address of a red picture that the enterprise keeps."""
    assert upload(client, people["ent"], encode(Image.new("RGB", (10, 10), RED))).status_code == 204
    (image,) = list_images(client, people["ent"])
    return f"storage://reference/{image['id']}"


def send(client: Client, source: str, *, name: str = "ent", **spelled: Any) -> HttpResponse:
    """A process of two outputs: one with the mark in its middle, one without."""
    watermark = {"type": "watermark", **(spelled or {"source": source}), "gravity": "center"}
    body = {
        "service_id": 1 if name == "ent" else 2,
        "source": "/photo.png",
        "jobs": [
            {"destination": "/marked.png", "transformations": [watermark]},
            {"destination": "/small.png", "transformations": [{"type": "resize", "width": 20}]},
        ],
    }
    data = json.dumps(body).encode()
    return call(client, "POST", "/request", user=f"tok-{name}", data=data, content_type="application/json")


def run(answer: HttpResponse) -> Job:
    """The process of an answer, carried out."""
    assert answer.status_code == 200, answer.content
    job = Job.objects.get(public_id=json.loads(answer.content)["process_id"])
    for item in job.items.all():
        engine.run_item(item.pk)
    job.refresh_from_db()
    return job


def status(client: Client, job: Job) -> tuple[str, str]:
    """How the process is, and why, in SlashedCloud's words."""
    answer = call(client, "GET", f"/request/{job.public_id}", user="tok-ent")
    return json.loads(answer.content)["status"], answer.headers.get("x-photomill-reason", "")


def expect_marked(bucket: Path) -> None:
    with Image.open(bucket / "marked.png") as made:
        assert made.size == (40, 30)
        assert (made.getpixel((20, 15)), made.getpixel((2, 2))) == (RED, BLUE)


def test_an_enterprise_image_marks_a_picture(client: Client, bucket: Path, mark: str) -> None:
    job = run(send(client, mark))
    assert status(client, job) == ("FINISHED", "")
    expect_marked(bucket)


def test_the_capital_spelling_works_too(client: Client, bucket: Path, mark: str) -> None:
    run(send(client, "", Source=mark))
    expect_marked(bucket)


@pytest.mark.parametrize("spelling", ["{}x", "storage://reference/", "storage://reference/none", "{}\0", "{}/../x"])
def test_an_image_that_nobody_keeps_is_refused_at_once(client: Client, bucket: Path, mark: str, spelling: str) -> None:
    expect_refusal(send(client, spelling.format(mark)))


def test_another_accounts_image_is_refused_with_the_same_words(client: Client, bucket: Path, mark: str) -> None:
    foreign = expect_refusal(send(client, mark, name="rival"))
    assert foreign == expect_refusal(send(client, "storage://reference/none", name="rival"))


def expect_refusal(answer: HttpResponse) -> str:
    """The message in SlashedCloud's words, where nothing has been written."""
    assert answer.status_code in (400, 404), answer.content
    body = json.loads(answer.content)
    assert list(body) == ["message"]
    assert not any(model.objects.exists() for model in (Job, Item, Output, Delivery))
    return str(body["message"])


def test_an_image_that_was_deleted_since_fails_its_output_and_no_other(
    client: Client, people: dict[str, User], bucket: Path, mark: str
) -> None:
    answer = send(client, mark)
    image_id = mark.rpartition("/")[2]
    assert call(client, "DELETE", f"{IMAGES}?ids={image_id}", user=people["ent"]).status_code == 204
    job = run(answer)
    said, why = status(client, job)
    assert said == "FAILED"
    assert why
    assert [(output.variant, output.state) for output in Output.objects.order_by("variant")] == [
        (0, "failed"),
        (1, "stored"),
    ]
    assert not (bucket / "marked.png").exists()
    with Image.open(bucket / "small.png") as made:
        assert made.size == (20, 15)
    expect_refusal_of_more(send(client, mark))


def expect_refusal_of_more(answer: HttpResponse) -> None:
    assert answer.status_code in (400, 404)
    assert Job.objects.count() == 1


def test_an_image_that_is_cached_is_gone_too_once_it_is_deleted(
    client: Client, people: dict[str, User], bucket: Path, mark: str
) -> None:
    run(send(client, mark))
    expect_marked(bucket)
    (bucket / "marked.png").unlink()
    answer = send(client, mark)
    call(client, "DELETE", f"{IMAGES}?ids={mark.rpartition('/')[2]}", user=people["ent"])
    assert status(client, run(answer))[0] == "FAILED"
    assert not (bucket / "marked.png").exists()


def test_an_image_stays_in_use_when_the_plan_no_longer_lets_its_owner_manage_it(
    client: Client, people: dict[str, User], bucket: Path, mark: str
) -> None:
    people["ent"].account.plan = "free"
    people["ent"].account.save()
    run(send(client, mark))
    expect_marked(bucket)
