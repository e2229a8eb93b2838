"""Pictures edited while the caller waits."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from jobs.models import Job, Node
from tests.dialects.claid.calls import EDIT, data_of, error_of, faults_of, fetch, get, post
from tests.dialects.claid.fixtures import Web, make_files
from tests.dialects.workers import Worker
from tests.images import decode

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def acme(account: Account) -> Account:
    return account


def edit(client: Client, web: Web, operations: Any = None, name: str = "200.jpg", **more: Any) -> Any:
    body = {"input": f"{web.url}/{name}", "operations": operations or {}, **more}
    return data_of(post(client, EDIT, body))


def test_the_smallest_edit_makes_a_jpeg_of_the_same_size(client: Client, web: Web, worker: Worker) -> None:
    made = edit(client, web)
    image = {"ext": "jpeg", "mps": 0.016384, "mime": "image/jpeg", "format": "JPEG", "width": 128, "height": 128}
    assert list(made) == ["input", "output"]
    assert made["input"] == image
    url = made["output"].pop("tmp_url")
    assert made["output"] == image
    assert url.endswith("/200.jpeg")
    assert (fetch(client, url).format, fetch(client, url).size) == ("JPEG", (128, 128))


@pytest.mark.parametrize(
    ("name", "resizing", "size"),
    [
        ("wide.jpg", {"width": 800, "height": 800}, (800, 800)),
        ("wide.jpg", {"width": 800, "height": 800, "fit": "bounds"}, (800, 400)),
        ("wide.jpg", {"width": 800, "height": 800, "fit": "cover"}, (1600, 800)),
        ("wide.jpg", {"width": 800, "fit": "bounds"}, (800, 400)),
        ("wide.jpg", {"width": "50%", "height": "auto", "fit": "bounds"}, (1440, 720)),
        ("wide.jpg", {"width": "auto", "height": "auto"}, (2880, 1440)),
        ("200.jpg", {"width": 1000}, (1000, 1000)),
        ("photo.jpg", {"width": 1000}, (1000, 1500)),
        ("200.jpg", {"width": "1000", "height": "500"}, (1000, 500)),
    ],
)
def test_sizes_follow_the_rules(
    client: Client, web: Web, worker: Worker, name: str, resizing: dict[str, Any], size: tuple[int, int]
) -> None:
    output = edit(client, web, {"resizing": resizing}, name)["output"]
    assert (output["width"], output["height"]) == size
    assert output["mps"] == size[0] * size[1] / 1_000_000
    assert fetch(client, output["tmp_url"]).size == size


@pytest.mark.parametrize("form", ["jpeg", "png", "webp", "avif", "tiff"])
def test_a_result_has_the_format_that_is_asked_for(client: Client, web: Web, worker: Worker, form: str) -> None:
    output = edit(client, web, output={"format": form})["output"]
    assert (output["ext"], output["format"], output["mime"]) == (form, form.upper(), f"image/{form}")
    assert output["tmp_url"].endswith(f"/200.{form}")
    assert fetch(client, output["tmp_url"]).format == form.upper()


def canvas(client: Client, web: Web, name: str, form: str, color: str | None) -> tuple[Any, Any]:
    """The corner, which is a bar, and the mode of a picture on a square canvas."""
    operations = {"resizing": {"width": 400, "height": 500, "fit": "canvas"}, "background": {"color": color}}
    made = fetch(client, edit(client, web, operations, name, output={"format": form})["output"]["tmp_url"])
    return made.convert("RGBA").getpixel((2, 2)), made.mode


@pytest.mark.parametrize(
    ("name", "form", "color", "expected"),
    [
        ("wide.jpg", "png", None, (255, 255, 255, 255)),
        ("wide.jpg", "png", "#102030", (16, 32, 48, 255)),
        ("wide.jpg", "png", "transparent", (0, 0, 0, 0)),
        ("wide.jpg", "jpeg", "transparent", (255, 255, 255, 255)),
        ("alpha.png", "png", None, (0, 0, 0, 0)),
        ("alpha.png", "png", "#fff", (255, 255, 255, 255)),
        ("alpha.png", "jpeg", None, (255, 255, 255, 255)),
    ],
)
def test_bars_are_white_but_for_see_through_sources(
    client: Client, web: Web, worker: Worker, name: str, form: str, color: str | None, expected: Any
) -> None:
    corner, _ = canvas(client, web, name, form, color)
    assert (
        all(abs(one - other) <= 1 for one, other in zip(corner, expected, strict=True)) or corner[3] == expected[3] == 0
    )


def test_padding_keeps_the_size(client: Client, web: Web, worker: Worker) -> None:
    operations = {"padding": "10%", "background": {"color": "#000000"}}
    output = edit(client, web, operations, output={"format": "png"})["output"]
    made = fetch(client, output["tmp_url"]).convert("RGB")
    assert made.size == (128, 128)
    assert made.getpixel((5, 64)) == made.getpixel((64, 5)) == (0, 0, 0)
    assert made.getpixel((64, 64)) != (0, 0, 0)


# --- Destinations --------------------------------------------------------------------------------------------------


def test_a_result_goes_into_a_folder_and_has_no_link(client: Client, web: Web, bucket: Path, worker: Worker) -> None:
    output = edit(client, web, output={"destination": "storage://storage_1/out/", "format": "png"})["output"]
    assert (output["object_key"], output["claid_storage_uri"]) == ("out/200.png", "storage://storage_1/out/200.png")
    assert "tmp_url" not in output
    assert decode((bucket / "out/200.png").read_bytes()).size == (128, 128)


@pytest.mark.s3
def test_a_result_in_a_bucket_is_named_in_every_way(client: Client, web: Web, playground: Any, worker: Worker) -> None:
    output = edit(client, web, output="storage://s3-playground/ü/pic 1.jpg")["output"]
    folder = output["object_key"].partition("/")[0]
    assert output["object_key"] == f"{folder}/ü/pic 1.jpg"
    assert output["object_bucket"] == "playground"
    assert output["object_uri"] == f"s3://playground/{folder}/ü/pic 1.jpg"
    assert output["claid_storage_uri"] == "storage://s3-playground/ü/pic 1.jpg"
    stored = playground.get_object(Bucket="playground", Key=output["object_key"])
    assert (stored["ContentType"], decode(stored["Body"].read()).size) == ("image/jpeg", (128, 128))


def test_the_format_wins_over_the_path_s_extension(client: Client, web: Web, bucket: Path, worker: Worker) -> None:
    output = edit(client, web, output={"destination": "storage://storage_1/pic.jpg", "format": "webp"})["output"]
    assert (output["object_key"], output["format"]) == ("pic.jpg", "WEBP")
    assert decode((bucket / "pic.jpg").read_bytes()).format == "WEBP"


def test_a_source_may_lie_in_a_storage(client: Client, web: Web, bucket: Path, worker: Worker) -> None:
    (bucket / "ü 1.jpg").write_bytes(make_files()["200.jpg"])
    body = {"input": "storage://storage_1/ü 1.jpg", "operations": {}}
    made = data_of(post(client, EDIT, body))
    assert made["input"]["width"] == 128
    assert made["output"]["tmp_url"].endswith("/%C3%BC%201.jpeg")


# --- What goes wrong -----------------------------------------------------------------------------------------------


def test_what_cannot_be_fetched_is_a_400_with_the_reason(
    client: Client, web: Web, bucket: Path, worker: Worker
) -> None:
    for uri in (f"{web.url}/missing.jpg", "storage://storage_1/missing.jpg"):
        said = error_of(post(client, EDIT, {"input": uri, "operations": {}}), 400, "storage")
        assert said["error_message"]


def test_what_is_no_picture_is_a_422(client: Client, web: Web, worker: Worker) -> None:
    error_of(post(client, EDIT, {"input": f"{web.url}/page.html", "operations": {}}), 422, "image")


def test_a_result_that_is_too_large_is_a_422(client: Client, web: Web, worker: Worker) -> None:
    body = {"input": f"{web.url}/200.jpg", "operations": {"resizing": {"width": 900_000, "height": 900_000}}}
    error_of(post(client, EDIT, body), 422, "image")


def test_what_the_account_has_not_is_refused_before_anything_is_fetched(
    client: Client, web: Web, worker: Worker
) -> None:
    body = {"input": "storage://none/a.jpg", "operations": {}, "output": "storage://none/out/"}
    assert set(faults_of(post(client, EDIT, body))) == {"input", "output"}
    body = {"input": f"{web.url}/200.jpg", "operations": {}, "output": {"destination": f"{web.url}/out/"}}
    assert set(faults_of(post(client, EDIT, body))) == {"output.destination"}
    assert (web.asked, Job.objects.count()) == ([], 0)


def test_a_failure_costs_nothing_and_leaves_nothing(
    client: Client, web: Web, account: Account, house: Path, worker: Worker
) -> None:
    Account.objects.filter(pk=account.pk).update(credits=3)
    edit(client, web)
    kept = sorted(house.rglob("*"))
    error_of(post(client, EDIT, {"input": f"{web.url}/missing.jpg", "operations": {}}), 400, "storage")
    assert Account.objects.get(pk=account.pk).credits == 2
    assert sorted(house.rglob("*")) == kept


def test_without_a_worker_a_caller_is_told_to_come_back(client: Client, web: Web) -> None:
    Node.objects.all().delete()
    answer = post(client, EDIT, {"input": f"{web.url}/200.jpg", "operations": {}})
    error_of(answer, 503, "general")
    assert int(answer.headers["retry-after"]) > 0
    assert not Job.objects.exists()


def test_a_call_that_takes_too_long_is_cancelled(
    client: Client, web: Web, account: Account, worker: Worker, settings: Any
) -> None:
    Account.objects.filter(pk=account.pk).update(credits=1)
    settings.PHOTOMILL_SYNC_SECONDS = 0.2
    worker.gate.clear()
    error_of(post(client, EDIT, {"input": f"{web.url}/200.jpg", "operations": {}}), 503, "general")
    assert Account.objects.get(pk=account.pk).credits == 1


def test_an_edit_that_was_waited_for_is_no_task(client: Client, web: Web, worker: Worker) -> None:
    edit(client, web)
    job = Job.objects.get()
    for kind in ("async", "batch"):
        for number in (job.pk, job.public_id):
            assert get(client, f"{EDIT}/{kind}/{number}").status_code in (404, 422)
