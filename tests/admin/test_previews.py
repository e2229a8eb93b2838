"""Previews of a recipe: made by a worker, shown small, and gone again without anybody hearing of them."""

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from jobs import references, samples
from jobs.models import Delivery, Job, Node, RecipeVersion
from tests.admin.tenants import STEPS, Tenant
from tests.conftest import encode, gradient
from tests.dialects.workers import Worker, working

PREVIEW, KEEP = reverse("recipe-preview"), reverse("recipe-keep")


@pytest.fixture
def worker(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A node that does what is rung for it."""
    Node.objects.create(name="interactive@host", queues=["interactive"], slots=1, seen_at=timezone.now())
    with working(monkeypatch) as made:
        yield made


def ask(client: Client, a: Tenant, steps: Any = STEPS, **fields: Any) -> Any:
    sent = {"account": a.account.pk, "steps": steps if isinstance(steps, str) else json.dumps(steps), "output": "{}"}
    return client.post(PREVIEW, {**sent, **fields})


def open_picture(address: str) -> Image.Image:
    kind, _, data = address.partition(",")
    assert kind == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_a_preview_shows_before_and_after_with_the_whole_results_figures(
    worker: Worker, editor: Client, a: Tenant, own_house: Any
) -> None:
    answer = ask(editor, a, output='{"format": "jpeg"}', before="1")
    assert answer.status_code == 200
    body = answer.json()
    (result,) = body["results"]
    half = tuple(side // 2 for side in samples.SIZE)
    assert (result["width"], result["height"], result["format"], result["error"]) == (*half, "jpeg", "")
    assert result["bytes"] > 1000
    assert max(open_picture(body["before"]).size) == max(open_picture(result["picture"]).size) == 720


def test_a_preview_leaves_no_row_no_file_and_no_message(
    worker: Worker, editor: Client, a: Tenant, own_house: Any
) -> None:
    a["accountwebhook"].events = ["job.finished", "job.failed"]
    a["accountwebhook"].save()
    before = Job.every.count(), Delivery.objects.count()
    assert ask(editor, a).status_code == 200
    assert (Job.every.count(), Delivery.objects.count()) == before
    assert [facts.key for facts in own_house.list("").objects] == [samples.KEY]


def test_a_preview_is_on_a_reference_image_of_the_account_and_no_other(
    worker: Worker, editor: Client, a: Tenant, b: Tenant
) -> None:
    data = encode(gradient((60, 40)), "PNG")
    mine, theirs = (references.keep_image(one.account, name="x.png", mime="image/png", data=data) for one in (a, b))
    assert ask(editor, a, reference=mine.public_id).json()["results"][0]["width"] == 30
    answer = ask(editor, a, reference=theirs.public_id)
    assert (answer.status_code, answer.json()) == (422, {"message": "There is no such image."})


def test_an_uploaded_picture_is_sent_once_and_named_after(
    worker: Worker, editor: Client, operator: Client, a: Tenant, b: Tenant
) -> None:
    file = SimpleUploadedFile("mine.png", encode(gradient((60, 40)), "PNG"))
    first = ask(editor, a, file=file).json()
    assert first["results"][0]["width"] == 30
    again = ask(editor, a, upload=first["upload"])
    assert (again.status_code, again.json()["results"][0]["width"]) == (200, 30)
    assert ask(operator, b, upload=first["upload"]).status_code == 422
    assert ask(editor, a, upload="x").status_code == 422


def test_an_uploaded_picture_is_kept_as_a_reference_image(
    worker: Worker, editor: Client, viewer: Client, a: Tenant, b: Tenant
) -> None:
    data = encode(gradient((60, 40)), "PNG")
    sign = ask(editor, a, file=SimpleUploadedFile("mine.png", data)).json()["upload"]
    sent = {"account": a.account.pk, "upload": sign, "name": "mine.png"}
    assert viewer.post(KEEP, sent).status_code == 403
    assert editor.post(KEEP, {**sent, "account": b.account.pk}).status_code == 404
    assert editor.post(KEEP, {**sent, "upload": "x"}).status_code == 422
    made = editor.post(KEEP, sent).json()
    image = references.find_image(a.account, made["id"])
    assert (image.name, image.mime, image.size_bytes) == ("mine.png", "image/png", len(data))
    assert ask(editor, a, reference=made["id"]).json()["results"][0]["width"] == 30


def test_what_is_no_picture_is_not_kept(worker: Worker, editor: Client, a: Tenant) -> None:
    sign = ask(editor, a, file=SimpleUploadedFile("x.png", b"no picture")).json()["upload"]
    assert editor.post(KEEP, {"account": a.account.pk, "upload": sign}).status_code == 422
    assert not a.account.reference_images.exists()


def test_what_goes_wrong_is_said_in_words(worker: Worker, editor: Client, a: Tenant) -> None:
    broken = ask(editor, a, file=SimpleUploadedFile("x.png", b"no picture"))
    assert broken.status_code == 422
    assert broken.json()["message"]
    huge = ask(editor, a, [{"operation": "resize", "params": {"width": {"value": 100_000}}}]).json()["results"][0]
    assert (huge["picture"], huge["width"]) == ("", None)
    assert "pixels" in huge["error"]
    lost = ask(editor, a, output='{"format": "jpeg"}', file=SimpleUploadedFile("x.png", encode(_clear(), "PNG")))
    assert lost.json()["results"][0]["losses"]


def _clear() -> Image.Image:
    picture = gradient((60, 40)).convert("RGBA")
    picture.putalpha(100)
    return picture


def test_every_fault_of_a_chain_is_named_by_step_and_field(editor: Client, a: Tenant) -> None:
    steps = [
        *STEPS,
        {"operation": "resize", "params": {"width": {"value": -1}}},
        {"operation": "watermark", "params": {"source": {"kind": "storage", "storage_id": 99, "location": "x.png"}}},
    ]
    answer = ask(editor, a, steps, output='{"quality": 101}')
    assert answer.status_code == 400
    found = [(fault["place"], fault["step"], fault["field"]) for fault in answer.json()["faults"]]
    assert found == [("steps", 1, "width.value"), ("steps", 2, "source"), ("output", None, "quality")]
    assert ask(editor, a, "[").json()["faults"][0]["message"].startswith("This is not JSON")


def test_without_a_worker_the_answer_says_so(editor: Client, a: Tenant) -> None:
    answer = ask(editor, a)
    assert answer.status_code == 503
    assert "No worker is free" in answer.json()["message"]
    assert int(answer["Retry-After"]) > 0
    assert not Job.every.filter(dialect="native").exists()


def test_a_viewer_and_a_stranger_get_none(viewer: Client, client: Client, a: Tenant) -> None:
    assert ask(viewer, a).status_code == 403
    assert ask(client, a).status_code == 302


def test_nobody_previews_for_another_account(editor: Client, operator: Client, a: Tenant, b: Tenant) -> None:
    assert ask(editor, b).status_code == 404
    assert ask(editor, a, account="").status_code == 503
    assert ask(operator, a, account="").status_code == 404
    assert editor.get(reverse("recipe-places"), {"account": b.account.pk}).status_code == 404
    places = editor.get(reverse("recipe-places"), {"account": a.account.pk}).json()
    assert [one["id"] for one in places["storages"]] == [a["connection"].pk]


def test_a_runs_first_pictures_are_shown_through_its_recipes(worker: Worker, editor: Client, a: Tenant) -> None:
    RecipeVersion.objects.create(recipe=a["recipe"], number=2, steps=STEPS, output={"format": "webp"})
    picture = SimpleUploadedFile("one.png", encode(gradient((60, 40)), "PNG"))
    sent = {"account": a.account.pk, "kind": "pictures", "pictures": [picture], "recipes": [a["recipe"].pk]}
    answer = editor.post(reverse("run"), {**sent, "collision": "number"})
    sign = answer["location"].partition("plan=")[2]
    made = editor.post(reverse("run-preview"), {"plan": sign, "index": "0"}).json()
    assert (made["results"][0]["width"], made["results"][0]["format"]) == (30, "webp")
    assert open_picture(made["before"]).size == (720, 480)
    assert editor.post(reverse("run-preview"), {"plan": sign, "index": "1"}).status_code == 422


def test_a_preview_that_takes_too_long_leaves_no_row_either(editor: Client, a: Tenant, settings: Any) -> None:
    Node.objects.create(name="interactive@host", queues=["interactive"], slots=1, seen_at=timezone.now())
    settings.PHOTOMILL_SYNC_SECONDS = 0.1
    answer = ask(editor, a)
    assert answer.status_code == 503
    assert "took too long" in answer.json()["message"]
    assert not Job.every.filter(dialect="native").exists()
