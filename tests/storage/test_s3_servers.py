"""S3 servers that are down, slow, or none at all; and a client that outlives a fork."""

import os
import signal
import socket
import threading
import time
from typing import Any

import pytest
from pytest_django import Settings

from storage import s3_client
from storage.errors import (
    AccessDenied,
    BadKey,
    BadParameters,
    ObjectMissing,
    StorageError,
    StorageUnavailable,
    TooLarge,
    Unreachable,
)
from storage.kinds import s3
from tests.services import find_free_ports
from tests.storage.hostile import Behaviour, answer, keep_sending, serving
from tests.storage.places import every_call, open_s3

LIMIT = 10_000_000
TAG = 'etag: "t"\r\n'


def take_everything(connection: socket.socket, _: bytes) -> None:
    """Read for as long as the client sends, and say nothing."""
    while connection.recv(65536):
        pass


# --- Down and slow ---


def test_a_server_that_is_down_is_worth_another_try(settings: Settings) -> None:
    settings.PHOTOMILL_FETCH_SECONDS = 0.2
    (port,) = find_free_ports(1)
    with pytest.raises(Unreachable) as caught:
        open_s3(endpoint_url=f"http://127.0.0.1:{port}").read("k", max_bytes=LIMIT)
    assert (caught.value.retryable, caught.value.message) == (True, "The address could not be reached.")


@pytest.mark.parametrize(
    "name", ["read", "read_if_changed", "write", "delete", "delete_many", "exists", "measure", "list"]
)
def test_a_server_that_never_answers_is_left_in_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    settings.PHOTOMILL_FETCH_SECONDS = 0.4
    monkeypatch.setattr(s3, "WRITE_SECONDS", 0.4)
    with serving(take_everything) as server:
        began = time.monotonic()
        with pytest.raises(Unreachable):
            every_call(open_s3(endpoint_url=server.url()))[name]()
        assert (time.monotonic() - began < 1, server.accepted) == (True, 1)


def test_a_server_that_trickles_is_left_in_time(settings: Settings) -> None:
    settings.PHOTOMILL_FETCH_SECONDS = 0.4
    head = b'HTTP/1.1 200 OK\r\netag: "t"\r\ncontent-length: 1000000\r\n\r\n'
    with serving(keep_sending(b"x", head=head, every_seconds=0.05)) as server:
        began = time.monotonic()
        with pytest.raises(Unreachable):
            open_s3(endpoint_url=server.url()).read("k", max_bytes=LIMIT)
        assert time.monotonic() - began < 1


def test_an_object_that_says_it_is_too_large_is_not_downloaded() -> None:
    head = b'HTTP/1.1 200 OK\r\netag: "t"\r\ncontent-length: 5000000000\r\n\r\n'
    with serving(keep_sending(b"x" * 1000, head=head, every_seconds=0.01)) as server:
        began = time.monotonic()
        with pytest.raises(TooLarge, match="'k' is larger than the limit of 2000 bytes"):
            open_s3(endpoint_url=server.url()).read("k", max_bytes=2000)
        assert (time.monotonic() - began < 1, server.accepted) == (True, 1)


def test_a_limit_above_what_the_client_allows_by_itself_holds() -> None:
    with serving(answer(b"x" * 100_000_001, headers=TAG)) as server:
        blob = open_s3(endpoint_url=server.url()).read("k", max_bytes=200_000_000)
    assert len(blob.data) == 100_000_001


def test_one_hiccup_of_the_server_is_not_noticed() -> None:
    def hiccup(connection: socket.socket, head: bytes) -> None:
        fault = server.accepted == 1
        answer(b"" if fault else b"bytes", status="503 Slow Down" if fault else "200 OK", headers=TAG)(connection, head)

    with serving(hiccup) as server:
        assert open_s3(endpoint_url=server.url()).read("k", max_bytes=LIMIT).data == b"bytes"
        assert server.accepted == 2


def test_a_server_that_stays_out_of_order_is_asked_three_times() -> None:
    with serving(answer(status="503 Slow Down")) as server:
        with pytest.raises(StorageUnavailable, match="503") as caught:
            open_s3(endpoint_url=server.url()).exists("k")
        assert (caught.value.retryable, server.accepted) == (True, 3)


# --- What is answered ---


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        ("404 Not Found", "NoSuchKey", ObjectMissing),
        ("404 Not Found", "NoSuchBucket", ObjectMissing),
        ("403 Forbidden", "RequestTimeTooSkewed", AccessDenied),
        ("401 Unauthorized", "Whatever", AccessDenied),
        ("400 Bad Request", "AuthorizationHeaderMalformed", BadParameters),
        ("400 Bad Request", "KeyTooLongError", BadKey),
        ("409 Conflict", "OperationAborted", StorageUnavailable),
    ],
)
def test_an_error_of_the_server_becomes_one_of_ours(status: str, code: str, error: type[StorageError]) -> None:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>inner details</Message></Error>'
    with serving(answer(body.encode(), status=status)) as server:
        for call in (calls := every_call(open_s3(endpoint_url=server.url())))["read"], calls["write"], calls["list"]:
            with pytest.raises(error) as caught:
                call()
            assert type(caught.value) is error
            assert "inner details" not in caught.value.message


# --- Many at once ---


def deleting(answered: Behaviour) -> Behaviour:
    """A server with its own answer to a call for many keys, and the usual one to a call for one."""
    gone = answer(b"", status="204 No Content")

    def behave(connection: socket.socket, head: bytes) -> None:
        (answered if head.startswith(b"POST") else gone)(connection, head)

    return behave


def requests(heads: list[bytes]) -> list[str]:
    """Method and path of each."""
    return [" ".join(head.decode().split(" ")[:2]) for head in heads]


@pytest.mark.parametrize("status", ["501 Not Implemented", "405 Method Not Allowed", "400 Bad Request"])
def test_a_server_that_cannot_delete_many_is_asked_for_each(status: str) -> None:
    refusal = answer(b"<Error><Code>NotImplemented</Code></Error>", status=status)
    with serving(deleting(refusal)) as server:
        open_s3(endpoint_url=server.url()).delete_many(["a", "b/c"])
        singles = [line for line in requests(server.heads) if line.startswith("DELETE")]
    assert singles == ["DELETE /bucket/a", "DELETE /bucket/b/c"]


def test_what_a_server_leaves_of_many_is_asked_for_again() -> None:
    left = b"<DeleteResult><Error><Key>b</Key><Code>InternalError</Code><Message>busy</Message></Error></DeleteResult>"
    with serving(deleting(answer(left))) as server:
        open_s3(endpoint_url=server.url()).delete_many(["a", "b", "c"])
        singles = [line for line in requests(server.heads) if line.startswith("DELETE")]
    assert singles == ["DELETE /bucket/b"]


def test_many_that_may_not_be_deleted_are_an_error() -> None:
    denied = answer(b"<Error><Code>AccessDenied</Code></Error>", status="403 Forbidden")
    with serving(denied) as server, pytest.raises(AccessDenied):
        open_s3(endpoint_url=server.url()).delete_many(["a", "b"])


ROW = "<Contents><Key>{}</Key><Size>{}</Size><LastModified>{}</LastModified><ETag>t</ETag></Contents>"
NOW = "2024-01-01T00:00:00.000Z"


def listing(content: str, *, truncated: str = "false") -> Behaviour:
    body = f"<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{content}</ListBucketResult>"
    return answer(body.encode())


def no_s3() -> Any:
    return pytest.raises(BadParameters, match="does not answer as an S3 server does")


@pytest.mark.parametrize("name", ["read", "read_if_changed", "write", "list"])
def test_a_web_server_that_says_yes_to_everything_is_no_s3_server(name: str) -> None:
    with serving(answer(b"<html><body>Welcome</body></html>")) as server, no_s3():
        every_call(open_s3(endpoint_url=server.url()))[name]()


@pytest.mark.parametrize("content", [ROW.format("a", "many", NOW), ROW.format("a", 1, "never")])
def test_a_listing_that_makes_no_sense_is_no_s3_server_s(content: str) -> None:
    with serving(listing(content)) as server, no_s3():
        open_s3(endpoint_url=server.url()).list("")


def test_rows_without_a_key_or_outside_the_folder_are_passed_over() -> None:
    rows = [ROW.format(key, 1, NOW) for key in ("", "p/1.jpg", "other/2.jpg", "p/")] + ["<Contents></Contents>"]
    with serving(listing("".join(rows))) as server:
        page = open_s3(endpoint_url=server.url(), path="p").list("")
    assert [facts.key for facts in page.objects] == ["1.jpg"]


@pytest.mark.parametrize("token", ["", "<NextContinuationToken>same</NextContinuationToken>"])
def test_a_listing_that_is_cut_short_without_a_way_on_is_not_taken_for_whole(token: str) -> None:
    behave, cut = listing(ROW.format("a", 1, NOW) + token, truncated="true"), "cut its listing short"
    with serving(behave) as server, pytest.raises(StorageUnavailable, match=cut):
        open_s3(endpoint_url=server.url()).list("", cursor="same")


# --- Clients ---


def test_what_this_machine_is_set_up_for_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_client, "_session", None)
    own = {"AWS_PROFILE": "none-such", "AWS_CONFIG_FILE": "/none-such", "AWS_ACCESS_KEY_ID": "own", "AWS_REGION": "own"}
    for name, value in (own | {"AWS_ENDPOINT_URL_S3": "http://own.example", "AWS_SESSION_TOKEN": "own"}).items():
        monkeypatch.setenv(name, value)
    with serving(answer(b"bytes", headers=TAG)) as server:
        open_s3(endpoint_url=server.url()).read("k", max_bytes=LIMIT)
        open_s3({}, endpoint_url=server.url()).read("k", max_bytes=LIMIT)
    signed, unsigned = (head.decode().lower() for head in server.heads)
    assert "credential=key/" in signed
    assert "own" not in signed + unsigned
    assert "authorization" not in unsigned


def test_clients_are_made_in_many_threads_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_client, "_session", None)
    made: list[object] = []
    threads = [threading.Thread(target=lambda: made.append(open_s3())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 warns where threads run
def test_a_worker_that_is_forked_while_a_client_is_being_made_makes_its_own() -> None:
    with serving(answer(b"bytes", headers=TAG)) as server:
        inherited = open_s3(endpoint_url=server.url())
        with s3_client._making:  # as another thread of the parent would hold it
            child = os.fork()
            if not child:
                status = 1
                signal.alarm(10)  # whom a deadlock holds must end, too
                try:
                    for storage in (inherited, open_s3(endpoint_url=server.url())):
                        assert storage.read("k", max_bytes=LIMIT).data == b"bytes"
                    status = 0
                finally:
                    os._exit(status)
            assert os.waitpid(child, 0)[1] == 0
        assert server.accepted == 2
