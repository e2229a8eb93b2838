"""The house storage: where its setting points, and the links to what lies in it."""

import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import boto3
import pytest
from botocore.config import Config
from django.core import signing
from django.test import Client
from pytest_django import Settings

from storage.errors import BadParameters, StorageUnavailable
from storage.house import SALT, house, make_link, read_ticket
from tests.services import find_free_ports
from tests.storage.places import S3Place
from tests.storage.wire import CountingProxy

LIMIT = 1_000_000


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """The house storage in a folder."""
    settings.PHOTOMILL_STORAGE_URL = f"file://{tmp_path}/house"
    settings.PHOTOMILL_STORAGE_PUBLIC_URL = ""
    settings.PHOTOMILL_PUBLIC_URL = "https://photos.example"
    return tmp_path / "house"


def put(key: str, data: bytes = b"bytes") -> None:
    house().write(key, data, content_type="image/jpeg")


def house_url(place: S3Place, path: str = "", endpoint: str | None = None) -> str:
    keys = f"{place.server.access_key}:{quote(place.server.secret_key, safe='')}"
    return f"s3://{keys}@{place.bucket}{path}?endpoint_url={quote(endpoint or place.server.endpoint_url, safe='')}"


# --- Where it is ---


def test_a_folder_is_made_and_used(tmp_path: Path, settings: Settings) -> None:
    settings.PHOTOMILL_STORAGE_URL = f"file://{tmp_path}/a%20new/ü%23%3F/house"
    put("a/1.jpg")
    assert (tmp_path / "a new/ü#?/house/a/1.jpg").read_bytes() == b"bytes"
    assert [facts.key for facts in house().list("").objects] == ["a/1.jpg"]


def test_a_new_house_is_empty(folder: Path) -> None:
    assert (house().list("").objects, house().exists("ready"), folder.is_dir()) == ([], False, True)


def test_a_folder_that_cannot_be_made_is_said_with_the_setting(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "file").write_bytes(b"")
    settings.PHOTOMILL_STORAGE_URL = f"file://{tmp_path}/file/house"
    with pytest.raises(StorageUnavailable, match="folder of PHOTOMILL_STORAGE_URL cannot be made: Not a directory"):
        house()


@pytest.mark.s3
@pytest.mark.parametrize("path", ["", "/", "/deep/er", "/deep/er/"])
def test_a_bucket_is_used_although_it_lies_inside(s3_place: S3Place, settings: Settings, path: str) -> None:
    settings.PHOTOMILL_ALLOWED_NETWORKS = []
    settings.PHOTOMILL_ALLOWED_PORTS = ["80", "443"]
    settings.PHOTOMILL_STORAGE_URL = house_url(s3_place, path)
    put("a/ü 1.jpg")
    assert house().read("a/ü 1.jpg", max_bytes=LIMIT).data == b"bytes"
    assert s3_place.keys() == {f"{path.strip('/')}/a/ü 1.jpg".lstrip("/")}


SECRETS = ["plain", "with/slash", "with+plus", "at@sign:and colon", "per%cent%2F", "q?h#", "ü", "quo'te\"s"]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_with_any_characters_is_taken_from_the_url(settings: Settings, secret: str) -> None:
    settings.PHOTOMILL_STORAGE_PUBLIC_URL = ""
    escaped = quote(secret, safe="")
    settings.PHOTOMILL_STORAGE_URL = f"s3://KEY{escaped}:{escaped}@Bucket.1?endpoint_url=http://host:9000&region=eu-1"
    for _ in range(3):  # both must be signed within one second
        ours, theirs = house().link("k", seconds=60, filename=""), sign(f"KEY{secret}", secret)
        if parse_qs(str(ours))["X-Amz-Date"] == parse_qs(theirs)["X-Amz-Date"]:
            break
    assert ours == theirs
    assert urlsplit(theirs).path == "/Bucket.1/k"


def sign(access_key: str, secret: str) -> str:
    """The link that boto3 makes of the same."""
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    keys = {"aws_access_key_id": access_key, "aws_secret_access_key": secret, "region_name": "eu-1"}
    client = boto3.client("s3", endpoint_url="http://host:9000", config=config, **keys)
    params = {"Bucket": "Bucket.1", "Key": "k", "ResponseContentDisposition": "attachment"}
    return client.generate_presigned_url("get_object", Params=params, ExpiresIn=60)


@pytest.mark.parametrize(
    "url",
    [
        *("", "nonsense", "/a/folder", "http://host/bucket", "S3:/bucket", "file:relative", "file://relative/folder"),
        *(
            "s3://",
            "s3:///path",
            "s3://KEY:SECRET@",
            "s3://KEY@bucket",
            "s3://:SECRET@bucket",
            "s3://KEY:SEC/RET@bucket",
        ),
        *("s3://KEY:SEC?RET@bucket", "s3://KEY:SEC#RET@bucket", "s3://KEY:SECRET@buck et", "s3://KEY:SECRET@[bucket"),
        *("s3://KEY:SECRET@b?endpoint=http://host", "s3://KEY:SECRET@b?endpoint_url=host:9000", "s3://KEY:SECRET@b?x"),
        *("s3://KEY:SECRET@b/../c", "s3://KEY:SECRET@b?region=no%20where", "s3://KEY:SECRET@b?secret=SECRET"),
    ],
)
def test_a_bad_url_is_said_with_the_setting_and_without_the_secret(settings: Settings, url: str) -> None:
    settings.PHOTOMILL_STORAGE_URL = url
    with pytest.raises(BadParameters, match=r"^PHOTOMILL_STORAGE_URL") as caught:
        house()
    said = caught.value.message.replace("ACCESS:SECRET@BUCKET", "")
    assert not any(part in said for part in ("SEC", "RET@", "KEY"))
    assert (caught.value.__cause__, caught.value.__suppress_context__) == (None, True) or not url.startswith("s3://")


# --- Links ---


def ticket_of(link: str) -> str:
    return link.removeprefix("https://photos.example/files/").partition("/")[0]


def test_a_link_says_what_it_was_made_for(folder: Path) -> None:
    link = make_link("a/1.jpg", filename="ü.jpg", content_type="image/jpeg")
    assert link.startswith("https://photos.example/files/")
    assert read_ticket(ticket_of(link)) == {"key": "a/1.jpg", "filename": "ü.jpg", "content_type": "image/jpeg"}


def test_a_forged_ticket_is_refused(folder: Path, settings: Settings) -> None:
    ticket = ticket_of(make_link("a/1.jpg", filename="1.jpg", content_type="image/jpeg"))
    values = {"k": "a/2.jpg", "n": "2.jpg", "t": "image/jpeg", "s": 60}
    body, stamp, signature = ticket.split(":")
    other_body = signing.dumps(values, salt=SALT).split(":")[0]
    forged = [
        *("", "x", ":", "::", ticket[:-1], ticket + "x", ticket.swapcase(), f"{other_body}:{stamp}:{signature}"),
        *(f"{body}:{stamp}:", f"{body}::{signature}", f"{body}:zzzzzz:{signature}", ticket[:5] + "é" + ticket[6:]),
        *(
            signing.dumps(values, salt="another"),
            signing.dumps(values),
            signing.dumps(values, salt=SALT, key="another"),
        ),
        *(signing.dumps({"k": "a"}, salt=SALT), signing.dumps(["k"], salt=SALT), signing.dumps("k", salt=SALT)),
    ]
    for each in forged:
        with pytest.raises(signing.BadSignature):
            read_ticket(each)
    settings.SECRET_KEY = "another key, after a rotation that nobody announced"
    with pytest.raises(signing.BadSignature):
        read_ticket(ticket)


def test_a_ticket_ends_when_it_should(folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PHOTOMILL_LINK_SECONDS = 3600
    made_at = time.time()
    asked = ticket_of(make_link("k", filename="k", content_type="image/png", seconds=60))
    default = ticket_of(make_link("k", filename="k", content_type="image/png"))
    for after_seconds, good in ((0, [asked, default]), (58, [asked, default]), (62, [default]), (3602, [])):
        monkeypatch.setattr(time, "time", lambda now=made_at + after_seconds: now)
        assert [ticket for ticket in (asked, default) if is_good(ticket)] == good


def test_a_link_counts_from_when_its_object_was_made_and_stays_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_at = datetime.now(UTC)

    def ask() -> str:
        return make_link("k", filename="k.png", content_type="image/png", seconds=3600, made_at=made_at)

    first, then = ask(), time.time()
    monkeypatch.setattr(time, "time", lambda: then + 3500)
    assert (ask(), is_good(ticket_of(first))) == (first, True)
    monkeypatch.setattr(time, "time", lambda: then + 3700)
    assert (ask(), is_good(ticket_of(first))) == (first, False)


@pytest.mark.s3
def test_the_object_store_s_link_ends_when_ours_would(s3_place: S3Place, settings: Settings) -> None:
    settings.PHOTOMILL_STORAGE_URL = house_url(s3_place, "/results")
    settings.PHOTOMILL_STORAGE_PUBLIC_URL = s3_place.server.endpoint_url
    put("k")
    made_at = datetime.now(UTC) - timedelta(seconds=3000)
    link = make_link("k", filename="k", content_type="image/png", seconds=3600, made_at=made_at)
    left = int(parse_qs(urlsplit(link).query)["X-Amz-Expires"][0])
    assert 590 <= left <= 600


@pytest.mark.parametrize(
    ("filename", "end"),
    [("the_image.jpeg", "/the_image.jpeg"), ("ü 1%.jpg", "/%C3%BC%201%25.jpg"), ("a/b.jpg", "/b.jpg"), ("..", "")],
)
def test_a_link_ends_in_the_name_of_its_file(folder: Path, filename: str, end: str) -> None:
    link = make_link("k", filename=filename, content_type="image/jpeg")
    assert link.removeprefix(f"https://photos.example/files/{ticket_of(link)}") == end


def is_good(ticket: str) -> bool:
    try:
        read_ticket(ticket)
    except signing.SignatureExpired:
        return False
    return True


@pytest.mark.s3
def test_with_a_public_address_the_object_store_serves_its_own_links(s3_place: S3Place, settings: Settings) -> None:
    with CountingProxy(s3_place.server.endpoint_url) as public:
        settings.PHOTOMILL_STORAGE_URL = house_url(s3_place, "/results")
        settings.PHOTOMILL_STORAGE_PUBLIC_URL = public.url
        put("a b/1.jpg")
        link = make_link("a b/1.jpg", filename='ü "1".jpg', content_type="image/jpeg", seconds=60)
        with urllib.request.urlopen(link, timeout=5) as answer:
            assert answer.read() == b"bytes"
            assert answer.headers["content-type"] == "image/jpeg"
            assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''%C3%BC%20%221%22.jpg"
        assert [path.partition("?")[0] for _, path in public.requests] == [f"/{s3_place.bucket}/results/a%20b/1.jpg"]


def test_a_public_address_means_nothing_to_a_house_in_a_folder(folder: Path, settings: Settings) -> None:
    settings.PHOTOMILL_STORAGE_PUBLIC_URL = "https://store.example"
    link = make_link("k", filename="k", content_type="image/png")
    assert link.startswith("https://photos.example/files/")


# --- What /files/ answers ---


def path_to(key: str, filename: str = "1.jpg", content_type: str = "image/jpeg") -> str:
    return urlsplit(make_link(key, filename=filename, content_type=content_type)).path


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.s3)])
def any_house(request: pytest.FixtureRequest, settings: Settings) -> None:
    """The house in a folder, and in a bucket."""
    request.getfixturevalue("folder")
    if request.param == "bucket":
        settings.PHOTOMILL_STORAGE_URL = house_url(request.getfixturevalue("s3_place"), "/house")


@pytest.mark.usefixtures("any_house")
def test_a_link_gives_the_object_and_lets_a_browser_run_nothing(client: Client) -> None:
    put("a/1.svg", b"<svg onload='alert(1)'/>")
    answer = client.get(path_to("a/1.svg", "1.svg", "image/svg+xml"))
    assert (answer.status_code, answer.content) == (200, b"<svg onload='alert(1)'/>")
    wanted = {
        "content-type": "image/svg+xml",
        "content-length": "24",
        "content-disposition": 'inline; filename="1.svg"',
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "cache-control": "private, max-age=3600",
        "x-frame-options": "DENY",
    }
    assert {name: answer.headers[name] for name in wanted} == wanted
    assert "set-cookie" not in answer.headers


@pytest.mark.usefixtures("any_house")
def test_head_says_the_same_without_reading_the_object(client: Client, settings: Settings) -> None:
    put("a/1.jpg", b"x" * 5000)
    put("a/1.jpg.txt", b"x")
    path = path_to("a/1.jpg")
    got, asked = client.get(path), client.head(path)
    assert (asked.status_code, asked.content) == (200, b"")
    told = ("content-type", "content-length", "content-disposition", "content-security-policy", "cache-control")
    assert [asked.headers[name] for name in told] == [got.headers[name] for name in told]
    settings.PHOTOMILL_MAX_SOURCE_BYTES = 1000
    assert (client.head(path).status_code, client.get(path).status_code) == (200, 500)


@pytest.mark.parametrize(
    ("filename", "disposition"),
    [
        ('quo"ted\\.jpg', 'inline; filename="quo\\"ted\\\\.jpg"'),
        ("ü 日本.jpg", "inline; filename*=utf-8''%C3%BC%20%E6%97%A5%E6%9C%AC.jpg"),
        ("a\r\nSet-Cookie: x.jpg", "inline; filename*=utf-8''a%0D%0ASet-Cookie%3A%20x.jpg"),
        ("../../etc/passwd", 'inline; filename="../../etc/passwd"'),
        ("", "inline"),
    ],
)
def test_a_link_names_its_file_whatever_the_name(folder: Path, client: Client, filename: str, disposition: str) -> None:
    put("k")
    assert client.get(path_to("k", filename)).headers["content-disposition"] == disposition


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_a_link_is_for_reading_only(folder: Path, client: Client, method: str) -> None:
    put("k")
    answer = getattr(client, method)(path_to("k"))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert house().exists("k")


@pytest.mark.usefixtures("any_house")
@pytest.mark.parametrize("method", ["get", "head"])
def test_an_object_that_is_gone_is_404(client: Client, method: str) -> None:
    put("k-and-more")
    answer = getattr(client, method)(path_to("k"))
    assert answer.status_code == 404
    if method == "get":
        assert answer.json() == {"message": "The file is no longer kept."}


@pytest.mark.parametrize("ticket", ["x", "a:b:c", "..%2f..%2fetc%2fpasswd", "%00", "é", "x" * 5000])
def test_a_ticket_of_somebody_else_is_404(folder: Path, client: Client, ticket: str) -> None:
    answer = client.get(f"/files/{ticket}")
    assert answer.status_code == 404


def test_an_expired_link_is_404(folder: Path, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    put("k")
    path, later = path_to("k"), time.time() + 10**6
    monkeypatch.setattr(time, "time", lambda: later)
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (404, {"message": "This link is not valid or has expired."})


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_store_that_is_down_is_503_and_says_when_to_come_back(
    folder: Path, settings: Settings, client: Client, method: str
) -> None:
    (port,) = find_free_ports(1)
    settings.PHOTOMILL_FETCH_SECONDS = 0.2
    settings.PHOTOMILL_STORAGE_URL = f"s3://KEY:SECRET@bucket?endpoint_url=http://127.0.0.1:{port}"
    answer = getattr(client, method)(path_to("k"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert b"127.0.0.1" not in answer.content
