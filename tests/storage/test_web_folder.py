"""A folder on a web server: addresses, tags, and what servers answer."""

import pytest
from pytest_django import Settings

from storage import kinds
from storage.base import Blob, Storage
from storage.errors import (
    AccessDenied,
    BadParameters,
    ObjectMissing,
    StorageError,
    StorageUnavailable,
    TooLarge,
    Unreachable,
    UrlRefused,
)
from tests.services import find_free_ports
from tests.storage.hostile import RawServer, answer, connects, keep_quiet, keep_sending, redirect, serving
from tests.storage.places import WebPlace

LIMIT = 1_000_000


def open_web(base_url: str, *, private: bool = False) -> Storage:
    return kinds.get("web_folder").open(*kinds.check("web_folder", {"base_url": base_url}, {}), private=private)


def asked(server: RawServer) -> list[str]:
    return [head.split(b" ", 2)[1].decode() for head in server.heads]


# --- Addresses ---


@pytest.mark.parametrize("slash", ["", "/", "//"])
def test_a_key_is_put_behind_the_address_and_escaped(slash: str) -> None:
    with serving(answer(b"x")) as server:
        storage = open_web(server.url(path=f"/base/a%20folder{slash}"))
        for key in ("1.jpg", "a b/ü+1.jpg", "100%25.jpg", "what?x=y#z", "a//b"):
            storage.read(key, max_bytes=LIMIT)
        assert asked(server) == [
            f"/base/a%20folder/{path}"
            for path in ("1.jpg", "a%20b/%C3%BC%2B1.jpg", "100%2525.jpg", "what%3Fx%3Dy%23z", "a//b")
        ]


@pytest.mark.parametrize(
    "url",
    ["", "ftp://host/", "host/folder", "http://u:p@host/", "http://host/?token=x", "http://host/#part", "http://"],
)
def test_an_address_behind_which_no_key_can_be_put_is_refused_when_it_is_connected(url: str) -> None:
    with pytest.raises(BadParameters, match=r"^parameters\.base_url: The URL"):
        kinds.check("web_folder", {"base_url": url}, {})


def test_an_address_inside_is_refused_without_connecting_unless_it_is_private(
    settings: Settings, web_folder_place: WebPlace
) -> None:
    settings.PHOTOMILL_ALLOWED_NETWORKS = []
    settings.PHOTOMILL_ALLOWED_PORTS = ["80", "443"]
    web_folder_place.put("k", b"x")
    url = f"http://127.0.0.1:{web_folder_place.server.server_port}/files"
    with pytest.raises(UrlRefused):
        open_web(url).read("k", max_bytes=LIMIT)
    assert connects == []
    assert open_web(url, private=True).read("k", max_bytes=LIMIT).data == b"x"


def test_a_private_folder_opens_no_other_place_inside(settings: Settings) -> None:
    settings.PHOTOMILL_ALLOWED_NETWORKS = []
    settings.PHOTOMILL_ALLOWED_PORTS = ["80", "443"]
    with serving(answer(b"secret")) as inside, serving(redirect(inside.url())) as server:
        with pytest.raises(UrlRefused):
            open_web(server.url(), private=True).read("k", max_bytes=LIMIT)
        assert inside.accepted == 0


# --- Answers ---


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *[("404 Not Found", ObjectMissing), ("410 Gone", ObjectMissing), ("401 Unauthorized", AccessDenied)],
        *[("403 Forbidden", AccessDenied), ("500 Oops", StorageUnavailable), ("503 Busy", StorageUnavailable)],
        *[("206 Partial Content", StorageUnavailable), ("304 Not Modified", StorageUnavailable)],
    ],
)
def test_a_status_says_what_went_wrong(status: str, error: type[StorageError]) -> None:
    with serving(answer(b"" if "304" in status else b"x", status=status)) as server:
        with pytest.raises(error, match=status[:3]) as caught:
            open_web(server.url()).read("k", max_bytes=LIMIT)
        assert (type(caught.value), caught.value.retryable) == (error, error is StorageUnavailable)
        assert server.accepted == 1


def test_a_redirect_is_followed() -> None:
    with serving(answer(b"moved")) as target, serving(redirect(target.url(path="/there"))) as server:
        assert open_web(server.url()).read("k", max_bytes=LIMIT).data == b"moved"
        assert asked(target) == ["/there"]


def test_a_server_that_is_down_or_silent_is_worth_another_try(settings: Settings) -> None:
    settings.PHOTOMILL_FETCH_SECONDS = 0.3
    (port,) = find_free_ports(1)
    with serving(keep_quiet) as silent:
        for url in (f"http://127.0.0.1:{port}", silent.url()):
            with pytest.raises(Unreachable) as caught:
                open_web(url).read("k", max_bytes=LIMIT)
            assert caught.value.retryable


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_an_endless_object_is_left_at_the_limit(head: bytes) -> None:
    with serving(keep_sending(b"x" * 1000, head=head)) as server, pytest.raises(TooLarge):
        open_web(server.url()).read("k", max_bytes=5000)


# --- Tags ---


def test_an_unchanged_object_is_not_sent_again(web_folder_place: WebPlace) -> None:
    web_folder_place.put("k", b"bytes")
    tag = web_folder_place.storage.read("k", max_bytes=LIMIT).etag
    assert web_folder_place.storage.read_if_changed("k", etag=tag, max_bytes=LIMIT) is None
    assert web_folder_place.server.statuses == [200, 304]


@pytest.mark.parametrize("header", ['"strong"', 'W/"weak"'])
def test_a_tag_is_sent_back_as_it_came(header: str) -> None:
    with serving(answer(b"x", headers=f"etag: {header}\r\n")) as server:
        storage = open_web(server.url())
        tag = storage.read("k", max_bytes=LIMIT).etag
        assert storage.read_if_changed("k", etag=tag, max_bytes=LIMIT) is None  # although the server says 200
        assert f"if-none-match: {header}\r\n".encode() in server.heads[1].lower().replace(b"w/", b"W/")


def test_a_server_without_tags_is_read_each_time() -> None:
    with serving(answer(b"x")) as server:
        storage = open_web(server.url())
        assert storage.read("k", max_bytes=LIMIT).etag == ""
        assert storage.read_if_changed("k", etag="", max_bytes=LIMIT) == Blob(b"x", "")
        assert b"if-none-match" not in server.heads[1].lower()
