"""S3: what the protocol, its servers and the network between do that a folder does not."""

import hashlib
import time
import tracemalloc
import urllib.error
import urllib.request
from urllib.parse import quote, urlsplit, urlunsplit

import pytest
from pytest_django import Settings

from storage import kinds
from storage.errors import AccessDenied, BadParameters, ObjectMissing, Unreachable, UrlRefused
from tests.services import SeaweedFS
from tests.storage.hostile import connects
from tests.storage.places import S3Place, every_call, open_s3
from tests.storage.wire import CountingProxy

pytestmark = pytest.mark.s3

LIMIT = 10_000_000


# --- Who we are, and where the bucket is ---


@pytest.mark.parametrize("wrong", [{"access_key": "unknown"}, {"secret_access_key": "wrong"}])
def test_wrong_credentials_are_denied_in_every_call(s3_place: S3Place, wrong: dict[str, str]) -> None:
    keys = {"access_key": s3_place.server.access_key, "secret_access_key": s3_place.server.secret_key}
    s3_place.put("k", b"x")
    for call in every_call(s3_place.open(credentials=keys | wrong)).values():
        with pytest.raises(AccessDenied) as caught:
            call()
        assert not caught.value.retryable
        assert "wrong" not in str(caught.value)
    assert s3_place.get("k") == b"x"


def test_a_bucket_that_is_not_there_is_said_to_be_missing(s3_place: S3Place) -> None:
    storage = s3_place.open(bucket="no-such-bucket")
    for act in (lambda: storage.read("k", max_bytes=LIMIT), lambda: storage.list("")):
        with pytest.raises(ObjectMissing, match="There is no such bucket"):
            act()
    assert not storage.exists("k")


def test_a_public_bucket_is_read_without_credentials_and_not_written(s3_place: S3Place, public_bucket: str) -> None:
    s3_place.client.put_object(Bucket=public_bucket, Key="a folder/ü.jpg", Body=b"bytes")
    storage = s3_place.open(credentials={}, bucket=public_bucket)
    assert storage.read("a folder/ü.jpg", max_bytes=LIMIT).data == b"bytes"
    assert [facts.key for facts in storage.list("").objects] == ["a folder/ü.jpg"]
    with pytest.raises(AccessDenied):
        storage.write("k", b"x", content_type="text/plain")
    link = storage.link("a folder/ü.jpg", seconds=60, filename="ü.jpg")
    assert link == f"{s3_place.server.endpoint_url}/{public_bucket}/{quote('a folder/ü.jpg')}"
    assert fetch(link) == b"bytes"


@pytest.fixture
def public_bucket(seaweed: SeaweedFS, bucket_name: str) -> str:
    name, client = f"{bucket_name}-public", seaweed.client()
    client.create_bucket(Bucket=name)
    allowed = f'"Effect": "Allow", "Principal": "*", "Resource": ["arn:aws:s3:::{name}", "arn:aws:s3:::{name}/*"]'
    policy = f'{{"Version": "2012-10-17", "Statement": [{{{allowed}, "Action": ["s3:GetObject", "s3:ListBucket"]}}]}}'
    client.put_bucket_policy(Bucket=name, Policy=policy)
    return name


def test_a_private_bucket_is_closed_to_those_without_credentials(s3_place: S3Place) -> None:
    s3_place.put("k", b"x")
    for call in every_call(s3_place.open(credentials={})).values():
        with pytest.raises(AccessDenied):
            call()


# --- Who may be reached ---


@pytest.fixture
def closed_networks(settings: Settings) -> None:
    settings.PHOTOMILL_ALLOWED_NETWORKS = []
    settings.PHOTOMILL_ALLOWED_PORTS = ["80", "443"]


@pytest.mark.usefixtures("closed_networks")
def test_an_endpoint_inside_is_refused_without_connecting_unless_it_is_private(s3_place: S3Place) -> None:
    for call in every_call(s3_place.open()).values():
        with pytest.raises(UrlRefused, match="PHOTOMILL_ALLOWED"):
            call()
    assert connects == []
    s3_place.open(private=True).write("k", b"x", content_type="text/plain")
    assert s3_place.get("k") == b"x"


@pytest.mark.usefixtures("closed_networks")
@pytest.mark.parametrize("endpoint", ["http://169.254.169.254", "http://2130706433", "https://[::1]", "http://0x7f.1"])
def test_addresses_inside_are_refused_in_every_spelling(endpoint: str) -> None:
    with pytest.raises(UrlRefused):
        open_s3(endpoint_url=endpoint).read("k", max_bytes=LIMIT)
    assert connects == []


@pytest.mark.usefixtures("closed_networks")
def test_the_service_that_hands_out_credentials_is_closed_to_a_private_storage_too() -> None:
    storage = open_s3({}, private=True, endpoint_url="http://169.254.169.254")
    with pytest.raises(UrlRefused):
        storage.read("k", max_bytes=LIMIT)
    assert connects == []


@pytest.mark.usefixtures("closed_networks")
def test_a_name_that_leads_inside_is_not_connected_to(names: dict[str, list[list[str]]]) -> None:
    names["bucket.example"] = [["127.0.0.1"]]
    with pytest.raises(Unreachable):
        open_s3(endpoint_url="http://bucket.example").exists("k")
    assert connects == []


@pytest.mark.parametrize(
    "url", ["http://u:p@host", "ftp://host", "host:9000", "http://host/?x=y", "http://host/#x", "//h"]
)
def test_an_endpoint_is_the_address_of_a_server(url: str) -> None:
    with pytest.raises(BadParameters, match=r"^parameters\.endpoint_url: The URL must") as caught:
        kinds.check("s3", {"bucket": "b", "endpoint_url": url}, {})
    assert caught.value.param == "parameters.endpoint_url"


@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({"bucket": ""}, "parameters.bucket"),
        ({"bucket": ".."}, "parameters.bucket"),
        ({"bucket": "a/b"}, "parameters.bucket"),
        ({"bucket": "b" * 256}, "parameters.bucket"),
        ({"bucket": "b", "region": "eu west"}, "parameters.region"),
        ({"bucket": "b", "region": "-"}, "parameters.region"),
        ({"bucket": "b", "secret_access_key": "s"}, "parameters.secret_access_key"),
    ],
)
def test_what_no_bucket_can_be_is_refused_when_it_is_connected(parameters: dict[str, str], param: str) -> None:
    with pytest.raises(BadParameters) as caught:
        kinds.check("s3", parameters, {})
    assert caught.value.param == param


@pytest.mark.parametrize("half", [{"access_key": "a"}, {"secret_access_key": "s"}])
def test_half_of_the_credentials_is_refused(half: dict[str, str]) -> None:
    with pytest.raises(BadParameters, match="must be given together"):
        kinds.check("s3", {"bucket": "b"}, half)


# --- A folder of a bucket ---


def test_a_folder_of_a_bucket_is_a_storage_of_its_own(s3_place: S3Place) -> None:
    for key in ("photos/1.jpg", "photos/a/2.jpg", "photos-old/3.jpg", "photos2/4.jpg", "5.jpg"):
        s3_place.put(key, key.encode())
    storage = s3_place.folder("photos").storage
    assert [facts.key for facts in storage.list("").objects] == ["1.jpg", "a/2.jpg"]
    assert [facts.key for facts in storage.list("a").objects] == ["a/2.jpg"]
    assert storage.read("a/2.jpg", max_bytes=LIMIT).data == b"photos/a/2.jpg"
    storage.write("b/6.jpg", b"new", content_type="image/jpeg")
    assert s3_place.get("photos/b/6.jpg") == b"new"
    storage.delete("1.jpg")
    assert s3_place.keys() == {"photos/a/2.jpg", "photos/b/6.jpg", "photos-old/3.jpg", "photos2/4.jpg", "5.jpg"}


@pytest.mark.parametrize("limit", [2, 3, 4, 1000])  # of one, SeaweedFS ends a listing that begins with a folder
def test_folders_kept_as_empty_objects_are_passed_over_wherever_a_page_ends(s3_place: S3Place, limit: int) -> None:
    for key in ("p/", "p/a/", "p/a/1.jpg", "p/b/", "p/b/c/", "p/z.jpg", "p/zz/"):
        s3_place.put(key, b"")
    storage, found, cursor = s3_place.folder("p").storage, [], None
    for _ in range(20):
        page = storage.list("", cursor=cursor, limit=limit)
        found, cursor = found + [facts.key for facts in page.objects], page.cursor
        if cursor is None:
            break
    assert (found, cursor) == (["a/1.jpg", "z.jpg"], None)


@pytest.mark.parametrize("limit", [1, 2])
def test_an_object_named_like_a_folder_hides_nothing_from_a_listing(s3_place: S3Place, limit: int) -> None:
    keys = ["a", "a/b", "a/b/c", "a0"]
    for key in keys:
        s3_place.put(key, b"x")
    found, cursor = [], None
    while not found or cursor:
        page = s3_place.storage.list("", cursor=cursor, limit=limit)
        found, cursor = found + [facts.key for facts in page.objects], page.cursor
    assert sorted(found) == keys


# --- Tags, requests, memory ---


def test_the_tag_is_the_one_that_s3_gives(s3_place: S3Place) -> None:
    expected = hashlib.md5(b"bytes").hexdigest()
    assert s3_place.storage.write("k", b"bytes", content_type="image/png") == expected
    assert s3_place.storage.read("k", max_bytes=LIMIT).etag == expected
    head = s3_place.client.head_object(Bucket=s3_place.bucket, Key="k")
    assert (head["ETag"], head["ContentType"]) == (f'"{expected}"', "image/png")


def test_each_call_is_one_request(s3_place: S3Place) -> None:
    with CountingProxy(s3_place.server.endpoint_url) as proxy:
        storage = s3_place.open(endpoint_url=proxy.url)
        tag = storage.write("a b/k", b"x" * 3_000_000, content_type="image/png")
        storage.read("a b/k", max_bytes=LIMIT)
        storage.read_if_changed("a b/k", etag=tag, max_bytes=LIMIT)
        storage.exists("a b/k")
        storage.list("a b/")
        storage.delete("a b/k")
        storage.link("a b/k", seconds=60, filename="k")
    paths = [path.partition("?")[0] for _, path in proxy.requests]
    assert [method for method, _ in proxy.requests] == ["PUT", "GET", "GET", "HEAD", "GET", "DELETE"]
    assert set(paths) == {f"/{s3_place.bucket}/a%20b/k", f"/{s3_place.bucket}"}


def test_no_upload_in_parts_is_left_behind(s3_place: S3Place) -> None:
    s3_place.storage.write("k", b"x" * 20_000_000, content_type="image/png")
    assert s3_place.client.list_multipart_uploads(Bucket=s3_place.bucket).get("Uploads", []) == []
    assert s3_place.keys() == {"k"}


def test_an_object_is_held_in_memory_once(s3_place: S3Place) -> None:
    size = 8_000_000
    data = b"x" * size
    tracemalloc.start()
    try:
        s3_place.storage.write("k", data, content_type="image/png")
        written = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        blob = s3_place.storage.read("k", max_bytes=LIMIT)
        read = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(blob.data), written < size / 2, read < size * 1.6) == (size, True, True)


# --- Links ---


def fetch(url: str, method: str = "GET") -> bytes:
    data = b"x" if method in ("PUT", "POST") else None
    with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=5) as answer:
        return answer.read()


def refused(url: str, method: str = "GET") -> int:
    """The status with which a link is refused, 0 where it is not."""
    try:
        fetch(url, method)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    return 0


def make_link(place: S3Place, key: str = "k", seconds: int = 60, filename: str = "k.jpg") -> str:
    place.put(key, b"bytes")
    link = place.storage.link(key, seconds=seconds, filename=filename)
    assert link
    return link


def test_a_link_is_good_for_its_key_and_method_only(s3_place: S3Place) -> None:
    link = make_link(s3_place, "a b/ü.jpg")
    s3_place.put("a b/other.jpg", b"secret")
    parts = urlsplit(link)
    other = urlunsplit(parts._replace(path=parts.path.replace(quote("ü.jpg"), "other.jpg")))
    assert fetch(link) == b"bytes"
    assert [refused(other), refused(urlunsplit(parts._replace(query="")))] == [403, 403]
    assert [refused(link, method) for method in ("PUT", "DELETE", "HEAD")] == [403, 403, 403]
    assert s3_place.get("a b/ü.jpg") == b"bytes"


def test_a_link_ends_when_it_should_and_cannot_be_prolonged(s3_place: S3Place) -> None:
    link = make_link(s3_place, seconds=1)
    assert fetch(link) == b"bytes"
    assert refused(link.replace("X-Amz-Expires=1&", "X-Amz-Expires=9000&")) == 403
    deadline = time.monotonic() + 5
    while not refused(link) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert refused(link) == 403


@pytest.mark.parametrize(
    ("filename", "disposition"),
    [
        ("plain.jpg", 'attachment; filename="plain.jpg"'),
        ('quo"ted\\.jpg', 'attachment; filename="quo\\"ted\\\\.jpg"'),
        ("ü 日本.jpg", "attachment; filename*=utf-8''%C3%BC%20%E6%97%A5%E6%9C%AC.jpg"),
        ("a\r\nSet-Cookie: x.jpg", "attachment; filename*=utf-8''a%0D%0ASet-Cookie%3A%20x.jpg"),
        ("", "attachment"),
    ],
)
def test_a_link_names_the_file_that_it_downloads(s3_place: S3Place, filename: str, disposition: str) -> None:
    with urllib.request.urlopen(make_link(s3_place, filename=filename), timeout=5) as answer:
        assert (answer.headers["content-disposition"], answer.headers["set-cookie"]) == (disposition, None)


def test_a_link_lasts_no_longer_than_signatures_may() -> None:
    link = open_s3().link("k", seconds=10**9, filename="k")
    assert "X-Amz-Expires=604800&" in str(link)
