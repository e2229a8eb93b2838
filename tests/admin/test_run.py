"""Runs put together in the console: what goes in, what is refused, who may, and what becomes of it."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jobs import gathering, runs
from jobs.models import Item, Job, RecipeVersion, Upload
from storage.models import Connection
from tests.admin.tenants import Tenant
from tests.conftest import encode, gradient

RUN = reverse("run")
JPEG = encode(gradient((20, 16)), "JPEG")


@pytest.fixture
def bucket(a: Tenant, tmp_path: Path) -> Path:
    """A folder that the account has connected as `disk`."""
    folder = tmp_path / "bucket"
    folder.mkdir()
    Connection.objects.create(account=a.account, name="disk", kind="local", parameters={"path": str(folder)})
    return folder


def send(client: Client, a: Tenant, **fields: Any) -> Any:
    """Send the form with what a browser would send for it."""
    usual = {"account": a.account.pk, "kind": "pictures", "recipes": [a["recipe"].pk], "collision": "number"}
    return client.post(RUN, {**usual, **fields})


def start(client: Client, answer: Any) -> Any:
    """Press the button of the page that follows."""
    assert answer.status_code == 302, answer.context["form"].errors
    sign = answer["location"].partition("plan=")[2]
    return client.post(reverse("run-plan"), {"plan": sign})


def upload(name: str, data: bytes = JPEG) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def pack(entries: dict[str, bytes]) -> SimpleUploadedFile:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return upload("photos.zip", buffer.getvalue())


def fault_of(answer: Any, field: str) -> str:
    assert answer.status_code == 400
    return " ".join(answer.context["form"].errors[field])


def test_files_become_the_items_of_one_job(editor: Client, a: Tenant) -> None:
    answer = send(editor, a, pictures=[upload("one.jpg"), upload("two.jpg")], label="shoes")
    shown = editor.get(answer["location"]).content.decode()
    assert re.search(r'id="run-count">2<', shown)
    assert "one.jpg, two.jpg" in shown
    assert not Job.objects.filter(dialect="native").exists()
    start(editor, answer)
    job = Job.objects.get(dialect="native")
    assert (job.account, job.items_total) == (a.account, 2)
    assert [variant["name"] for variant in job.variants] == ["recipe-alpha"]
    assert job.dialect_data["recipes"] == [{"name": "recipe-alpha", "id": "recipe-alpha", "version": 1}]
    assert list(job.labels.values_list("label", flat=True)) == ["shoes"]
    assert Upload.objects.filter(job=job).count() == 2


def test_a_run_begins_once_however_often_the_button_is_pressed(editor: Client, a: Tenant) -> None:
    answer = send(editor, a, kind="urls", urls="https://shop.example/a.jpg")
    places = {start(editor, answer)["location"] for _ in range(3)}
    assert len(places) == 1
    assert Job.objects.filter(dialect="native").count() == 1


def test_a_run_keeps_the_versions_that_were_looked_at(editor: Client, a: Tenant) -> None:
    answer = send(editor, a, kind="urls", urls="https://shop.example/a.jpg")
    RecipeVersion.objects.create(recipe=a["recipe"], number=2, steps=[{"operation": "flip", "params": {}}])
    start(editor, answer)
    assert Job.objects.get(dialect="native").dialect_data["recipes"][0]["version"] == 1


def test_a_zip_gives_its_pictures_by_their_paths(editor: Client, a: Tenant) -> None:
    entries = {"shoes/a.jpg": JPEG, "shoes/b.PNG": JPEG, "__MACOSX/a.jpg": b"x", "read.txt": b"x"}
    start(editor, send(editor, a, kind="zip", zip=pack(entries)))
    assert list(Item.objects.filter(job__dialect="native").values_list("name", flat=True)) == [
        "shoes/a.jpg",
        "shoes/b.PNG",
    ]


@pytest.mark.parametrize("name", ["../a.jpg", "shoes/../../a.jpg", "/etc/a.jpg", "a//b.jpg"])
def test_a_zip_whose_paths_lead_elsewhere_is_refused(name: str, editor: Client, a: Tenant, own_house: Any) -> None:
    answer = send(editor, a, kind="zip", zip=pack({"ok.jpg": JPEG, name: JPEG}))
    assert repr(name) in fault_of(answer, "zip")
    assert own_house.list("").objects == []


def test_a_zip_with_more_pictures_than_a_run_takes_is_refused_and_leaves_nothing(
    editor: Client, a: Tenant, own_house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "MOST_FILES", 3)
    many = pack({f"{number}.jpg": JPEG for number in range(4)})
    assert "more than 3 pictures" in fault_of(send(editor, a, kind="zip", zip=many), "zip")
    assert own_house.list("").objects == []


def test_what_of_a_zip_is_passed_over_is_said(editor: Client, a: Tenant) -> None:
    a.account.max_source_bytes = 100_000
    a.account.save()
    answer = send(editor, a, kind="zip", zip=pack({"ok.jpg": JPEG, "bomb.jpg": JPEG + bytes(10_000_000)}))
    shown = editor.get(answer["location"])
    assert shown.context["plan"].skipped == ["bomb.jpg: source too large"]
    assert "bomb.jpg: source too large" in shown.content.decode()


@pytest.mark.parametrize("data", [b"PK\x03\x04 no", b"no"])
def test_what_is_no_zip_is_refused(data: bytes, editor: Client, a: Tenant) -> None:
    assert "ZIP" in fault_of(send(editor, a, kind="zip", zip=upload("x.zip", data)), "zip")


def test_a_zip_without_pictures_is_refused(editor: Client, a: Tenant) -> None:
    assert "no picture" in fault_of(send(editor, a, kind="zip", zip=pack({"a.txt": b"x"})), "zip")


def test_the_columns_of_a_csv_can_be_in_names(editor: Client, a: Tenant, bucket: Path) -> None:
    text = "URL;product_id\nhttps://shop.example/a.jpg;77\nhttps://shop.example/b.jpg;78\n"
    disk = Connection.objects.get(name="disk")
    fields = {"destination": disk.pk, "pattern": "{meta.product_id}/{recipe}.{ext}"}
    start(editor, send(editor, a, kind="csv", csv=upload("p.csv", b"\xef\xbb\xbf" + text.encode()), **fields))
    job = Job.objects.get(dialect="native")
    assert [item.meta for item in Item.objects.filter(job=job)] == [{"product_id": "77"}, {"product_id": "78"}]
    placed = job.variants[0]["destination"]
    assert placed == {"storage_id": disk.pk, "pattern": "{meta.product_id}/{recipe}.{ext}", "collision": "number"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("address,id\nhttps://a.example/x.jpg,1", "Line 1: there is no column url"),
        ("url,id,id\n", "Line 1: the column id is there twice"),
        ("url,id\nhttps://a.example/x.jpg,1\n,2", "Line 3: url is empty"),
        ("url,id\nhttps://a.example/x.jpg,1\nftp://a.example/y.jpg,2", "Line 3: "),
        ("url,id\nhttp://10.0.0.1/x.jpg,1", "Line 2: "),
        ("url,id\nhttps://a.example/x.jpg,1,2", "Line 2: it has 3 columns"),
        ('url,id\n"https://a.example/x.jpg', "Line 2: "),
        ("url,id\n", "no address"),
        ("", "Line 1: there is no column url"),
    ],
)
def test_a_mistake_in_a_csv_is_named_by_its_line(text: str, words: str, editor: Client, a: Tenant) -> None:
    assert words in fault_of(send(editor, a, kind="csv", csv=upload("p.csv", text.encode())), "csv")


def test_a_csv_that_is_no_text_is_refused(editor: Client, a: Tenant) -> None:
    assert "UTF-8" in fault_of(send(editor, a, kind="csv", csv=upload("p.csv", b"url\n\xff\xfe")), "csv")


def test_a_mistake_in_the_addresses_is_named_by_its_line(editor: Client, a: Tenant) -> None:
    text = "https://shop.example/a.jpg\n\nshop.example/b.jpg"
    assert "Line 3: " in fault_of(send(editor, a, kind="urls", urls=text), "urls")


def test_a_folder_is_counted_and_left_to_the_engine_to_list(editor: Client, a: Tenant, bucket: Path) -> None:
    for name in ("in/a.jpg", "in/b.jpg", "in/deep/c.jpg", "in/notes.txt", "other/d.jpg"):
        (bucket / name).parent.mkdir(parents=True, exist_ok=True)
        (bucket / name).write_bytes(JPEG)
    disk = Connection.objects.get(name="disk")
    fields = {"kind": "folder", "storage": disk.pk, "folder": "/in/"}
    flat = editor.get(send(editor, a, **fields)["location"]).context["plan"]
    assert (flat.count, [source.name for source in flat.samples]) == (2, ["a.jpg", "b.jpg"])
    answer = send(editor, a, **fields, is_recursive="on")
    assert editor.get(answer["location"]).context["plan"].count == 3
    start(editor, answer)
    listing = Job.objects.get(dialect="native").listings.get()
    assert (listing.connection, listing.prefix, listing.is_recursive) == (disk, "in", True)


def test_a_folder_that_leads_out_of_its_storage_is_refused(editor: Client, a: Tenant, bucket: Path) -> None:
    disk = Connection.objects.get(name="disk")
    assert ".." in fault_of(send(editor, a, kind="folder", storage=disk.pk, folder="../x"), "folder")


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("{stem}{size}.{ext}", "{size} is no placeholder"),
        ("../{stem}.{ext}", ".."),
        ("{meta.sku}.{ext}", "meta.sku"),
    ],
)
def test_a_name_that_cannot_be_made_is_refused(
    pattern: str, words: str, editor: Client, a: Tenant, bucket: Path
) -> None:
    disk = Connection.objects.get(name="disk")
    fields = {"kind": "urls", "urls": "https://shop.example/a.jpg", "destination": disk.pk, "pattern": pattern}
    answer = send(editor, a, **fields)
    assert words in fault_of(answer, "pattern")


def test_nothing_chosen_is_said_at_its_field(editor: Client, a: Tenant) -> None:
    assert "Choose a file" in fault_of(send(editor, a), "pictures")
    assert fault_of(send(editor, a, kind="folder"), "storage")
    assert fault_of(send(editor, a, recipes=[], kind="urls", urls="https://shop.example/a.jpg"), "recipes")


def test_more_files_than_a_run_takes_are_refused(editor: Client, a: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MOST_FILES", 3)
    answer = send(editor, a, pictures=[upload(f"{number}.jpg") for number in range(4)])
    assert answer.status_code == 400
    assert "At most 3 files" in answer.content.decode()


def test_three_hundred_files_come_in_one_form(editor: Client, a: Tenant) -> None:
    answer = send(editor, a, pictures=[upload(f"{number}.jpg") for number in range(300)])
    assert editor.get(answer["location"]).context["plan"].count == 300


# --- Who may -------------------------------------------------------------------------------------------------------


def test_a_viewer_runs_nothing(viewer: Client, editor: Client, a: Tenant) -> None:
    plan = send(editor, a, kind="urls", urls="https://shop.example/a.jpg")["location"]
    assert viewer.get(RUN).status_code == 403
    assert send(viewer, a, kind="urls", urls="https://shop.example/a.jpg").status_code == 403
    assert viewer.get(plan).status_code == 403
    sign = plan.partition("plan=")[2]
    assert viewer.post(reverse("run-plan"), {"plan": sign}).status_code == 403
    assert viewer.post(reverse("run-preview"), {"plan": sign, "index": "0"}).status_code == 403
    assert RUN not in viewer.get(reverse("admin:index")).content.decode()
    assert RUN in editor.get(reverse("admin:index")).content.decode()


def test_a_stranger_is_sent_to_the_login(client: Client, a: Tenant) -> None:
    for answer in (client.get(RUN), client.post(RUN), client.get(reverse("run-plan"))):
        assert answer["location"].startswith("/admin/login/")


def test_nothing_of_another_account_can_be_run(editor: Client, operator: Client, a: Tenant, b: Tenant) -> None:
    fields = {"kind": "urls", "urls": "https://shop.example/a.jpg"}
    assert fault_of(send(editor, a, **fields, recipes=[b["recipe"].pk]), "recipes")
    assert fault_of(send(editor, a, **fields, destination=b["connection"].pk), "destination")
    assert fault_of(send(editor, a, kind="folder", storage=b["connection"].pk), "storage")
    assert send(editor, a, **fields, account=b.account.pk).status_code == 404
    assert editor.get(RUN, {"account": b.account.pk}).status_code == 404
    assert "beta" not in editor.get(RUN).content.decode()
    theirs = send(operator, a, **fields, account=b.account.pk, recipes=[b["recipe"].pk])
    answer = editor.get(theirs["location"])
    assert answer.status_code == 400
    assert "no longer kept" in answer.content.decode()
    assert editor.post(reverse("run-plan"), {"plan": theirs["location"].partition("plan=")[2]}).status_code == 400
    assert not Job.objects.filter(dialect="native").exists()


def test_an_operator_says_for_whom(operator: Client, a: Tenant, b: Tenant) -> None:
    shown = operator.get(RUN).content.decode()
    assert "alpha" in shown
    assert "beta" in shown
    shown = operator.get(RUN, {"account": a.account.pk}).content.decode()
    assert "White for alpha" in shown
    assert "White for beta" not in shown


def test_a_form_without_its_token_is_refused(a: Tenant, editor: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = editor.cookies
    assert send(strict, a, kind="urls", urls="https://shop.example/a.jpg").status_code == 403
    assert strict.post(reverse("recipe-preview"), {"account": a.account.pk}).status_code == 403


def test_a_plan_of_nobodys_making_is_refused(editor: Client, a: Tenant) -> None:
    for sign in ("", "x", "a:b:c"):
        assert editor.get(reverse("run-plan"), {"plan": sign}).status_code == 400


def test_a_recipe_that_is_gone_ends_the_plan(editor: Client, a: Tenant) -> None:
    answer = send(editor, a, kind="urls", urls="https://shop.example/a.jpg")
    a["recipe"].delete()
    assert "put it together again" in editor.get(answer["location"]).content.decode()
    assert start(editor, answer).status_code == 400
    assert runs.SHOWN == 3


def test_forms_that_take_no_files_keep_none(client: Client, a: Tenant, tmp_path: Path, settings: Any) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "uploads")
    Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir()
    sent = {"username": "x@y.example", "password": "p", "file": upload("big.bin", bytes(5_000_000))}
    answer = client.post(reverse("admin:login"), sent)
    assert answer.status_code == 200
    assert not answer.wsgi_request.FILES
    assert list(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir()) == []
