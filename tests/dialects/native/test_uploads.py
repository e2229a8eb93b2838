"""Files that come with a job: pictures, and ZIPs that would do harm."""

import io
import json
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Account
from jobs import zips
from jobs.models import Job, Upload
from tests.dialects.native.calls import JOBS, get, read, refusal, send_form
from tests.dialects.native.test_jobs import await_end, items
from tests.images import encode, ramps

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("account")]
PICTURE = encode(ramps((30, 20)), "JPEG")
WORK = {"recipes": ["small"]}


def send(client: Client, *files: tuple[str, bytes], **more: Any) -> Any:
    sent = [SimpleUploadedFile(name, data) for name, data in files]
    return send_form(client, {"job": json.dumps({**WORK, **more}), "files": sent})


def pack(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return file.getvalue()


def left_over(house: Path) -> list[Path]:
    return [path for path in house.rglob("*") if path.is_file() and "uploads" in path.parts]


@pytest.mark.usefixtures("worker")
def test_pictures_of_a_form_are_worked_on_in_their_order(client: Client) -> None:
    made = read(send(client, ("b.jpg", PICTURE), ("a.jpg", PICTURE)), 201)
    await_end(made["id"])
    found = items(client, made)
    assert [(item["name"], item["source"], item["state"]) for item in found] == [
        ("b.jpg", None, "done"),
        ("a.jpg", None, "done"),
    ]
    assert Upload.objects.filter(job__public_id=made["id"]).count() == 2


def test_what_is_known_of_a_file_is_said_by_its_name(client: Client) -> None:
    sources = [{"upload": "a.jpg", "meta": {"id": 1}}, {"url": "https://example.com/c.jpg"}]
    made = read(send(client, ("b.jpg", PICTURE), ("a.jpg", PICTURE), sources=sources), 201)
    found = items(client, made)
    assert [(item["name"], item["meta"]) for item in found] == [("a.jpg", {"id": 1}), ("c.jpg", {}), ("b.jpg", {})]


@pytest.mark.usefixtures("worker")
def test_a_zip_s_pictures_are_sources_with_their_folders_and_the_rest_is_named(client: Client, bucket: Path) -> None:
    entries = [
        ("shoes/1.jpg", PICTURE),
        ("shoes/2.jpg", PICTURE),
        ("readme.txt", b"x" * 100),
        ("__MACOSX/._1.jpg", b"x"),
    ]
    destination = {"storage": "main", "name": "out/{folder}{stem}.{ext}"}
    made = read(send(client, ("shop.zip", pack(*entries)), destination=destination), 201)
    assert made["skipped"] == [{"name": "readme.txt", "reason": "not_a_picture"}]
    await_end(made["id"])
    assert sorted(path.name for path in (bucket / "out/shoes").iterdir()) == ["1.jpg", "2.jpg"]


@pytest.mark.parametrize("name", ["../a.jpg", "/a.jpg", "a/../../b.jpg", "a\\..\\b.jpg", "a//b.jpg", "a\nb.jpg"])
def test_a_zip_with_a_name_that_leads_elsewhere_is_refused_as_a_whole(client: Client, house: Path, name: str) -> None:
    answer = send(client, ("shop.zip", pack(("good.jpg", PICTURE), (name, PICTURE))))
    assert refusal(answer, 400, "malformed_request")[1] == "files"
    assert left_over(house) == []


def test_a_zip_with_a_nul_in_a_name_is_refused(client: Client, house: Path) -> None:
    data = pack(("goodXjpg", PICTURE)).replace(b"goodXjpg", b"good\0jpg")
    refusal(send(client, ("shop.zip", data)), 400, "malformed_request")
    assert left_over(house) == []


def test_a_zip_that_grows_beyond_all_bounds_is_given_up(
    client: Client, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zips, "MOST_UNPACKED_BYTES", 2_000_000)
    bomb = pack(*((f"{number}.jpg", PICTURE + bytes(1_000_000)) for number in range(5)))
    assert len(bomb) < 20_000
    refusal(send(client, ("bomb.zip", bomb)), 413, "file_too_large")
    assert left_over(house) == []
    assert not Job.objects.exists()


def test_a_picture_of_a_zip_that_is_too_large_is_not_unpacked_to_its_end(client: Client, account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(max_source_bytes=10_000)
    bomb = pack(("small.jpg", PICTURE), ("huge.jpg", PICTURE + bytes(300_000_000)))
    tracemalloc.start()
    made = read(send(client, ("bomb.zip", bomb)), 201)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert made["skipped"] == [{"name": "huge.jpg", "reason": "source_too_large"}]
    assert peak < 30_000_000


def test_a_zip_of_too_many_files_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zips, "MOST_ENTRIES", 10)
    refusal(send(client, ("many.zip", pack(*((f"{n}.jpg", PICTURE) for n in range(11))))), 413, "file_too_large")


def test_a_list_of_files_that_claims_to_be_huge_is_not_read(client: Client) -> None:
    """The end of a ZIP says how long its list is, and a sparse form could be that long: the list is read at once."""
    data = bytearray(pack(("a.jpg", PICTURE)))
    end = data.rindex(b"PK\x05\x06")
    begin = struct.unpack_from("<L", data, end + 16)[0]
    padding = bytes(3_000_000)
    data[begin:begin] = padding
    end += len(padding)
    struct.pack_into("<L", data, end + 12, end - begin)
    message, _ = refusal(send(client, ("long.zip", bytes(data))), 400, "malformed_request")
    assert "its list of files is too long" in message


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packing_that_may_take_any_memory_is_refused(client: Client, method: int) -> None:
    message, _ = refusal(send(client, ("a.zip", pack(("a.jpg", PICTURE), method=method))), 400, "malformed_request")
    assert "deflate" in message


def test_an_encrypted_zip_is_refused(client: Client) -> None:
    data = bytearray(pack(("a.jpg", PICTURE)))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    message, _ = refusal(send(client, ("a.zip", bytes(data))), 400, "malformed_request")
    assert "encrypted" in message


@pytest.mark.parametrize("cut", [30, 200, -10])
def test_a_broken_zip_is_refused_and_leaves_nothing(client: Client, house: Path, cut: int) -> None:
    data = pack(("a.jpg", PICTURE), ("b.jpg", PICTURE))
    refusal(send(client, ("a.zip", data[:cut])), 400, "malformed_request")
    assert left_over(house) == []


def test_a_zip_whose_second_picture_is_broken_is_refused_and_leaves_nothing(client: Client, house: Path) -> None:
    data = bytearray(pack(("a.jpg", PICTURE), ("b.jpg", PICTURE), method=zipfile.ZIP_STORED))
    data[data.rindex(PICTURE) + 200] ^= 0xFF
    refusal(send(client, ("a.zip", bytes(data))), 400, "malformed_request")
    assert left_over(house) == []


def test_what_is_no_picture_is_refused_by_its_name(client: Client, house: Path) -> None:
    message, param = refusal(send(client, ("a.jpg", PICTURE), ("b.txt", b"words")), 400, "malformed_request")
    assert "'b.txt'" in message
    assert param == "files"
    assert left_over(house) == []


def test_a_picture_larger_than_the_account_s_is_refused(client: Client, account: Account, house: Path) -> None:
    Account.objects.filter(pk=account.pk).update(max_source_bytes=len(PICTURE) - 1)
    refusal(send(client, ("a.jpg", PICTURE)), 413, "file_too_large")
    assert left_over(house) == []


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"recipes": ["none"]}, 404, "unknown_recipe"),
        ({"destination": {"storage": "none"}}, 400, "malformed_request"),
        ({"sources": [{"upload": "b.jpg"}]}, 400, "malformed_request"),
        ({"speed": 1}, 400, "malformed_request"),
    ],
)
def test_a_job_that_is_refused_leaves_no_upload(client: Client, house: Path, more: Any, status: int, code: str) -> None:
    refusal(send(client, ("a.jpg", PICTURE), **more), status, code)
    assert left_over(house) == []


def test_a_file_s_name_is_never_part_of_a_path(client: Client, house: Path) -> None:
    made = read(send(client, ("..%2f..%2fetc/passwd", PICTURE)), 201)
    assert "/" not in items(client, made)[0]["name"]
    assert len(left_over(house)) == 1


def test_a_form_has_a_job_and_files_and_nothing_else(client: Client) -> None:
    good = {"job": json.dumps(WORK), "files": SimpleUploadedFile("a.jpg", PICTURE)}
    assert refusal(send_form(client, {**good, "more": "x"}), 400, "malformed_request")[1] == "more"
    assert refusal(send_form(client, {"files": good["files"]}), 400, "malformed_request")[1] == "job"
    assert refusal(send_form(client, {**good, "job": "{"}), 400, "malformed_request")[1] == "job"
    assert refusal(send_form(client, {"job": json.dumps(WORK)}), 400, "malformed_request")[1] == "sources"
    assert get(client, JOBS)["jobs"] == []
