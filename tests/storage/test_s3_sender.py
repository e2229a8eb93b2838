import io
import os
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from storage.addresses import Policy
from storage.errors import TooLarge, UrlRefused
from storage.http import send_for_s3
from tests.storage.hostile import LOOPBACK, OK, answer, connects, serving

MISSING = b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>no</Message></Error>'


class Bucket(BaseHTTPRequestHandler):
    """As much of S3 as one object needs."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_PUT(self):
        self.server.objects[self.path] = self.rfile.read(int(self.headers["content-length"]))
        self.reply(200)

    def do_GET(self):
        found = self.server.objects.get(self.path)
        self.reply(404, MISSING) if found is None else self.reply(200, found)

    do_HEAD = do_GET

    def do_DELETE(self):
        self.server.objects.pop(self.path, None)
        self.reply(204)

    def reply(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("ETag", '"tag"')
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class S3Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Bucket)
        self.objects, self.accepted = {}, 0
        self.url = f"http://127.0.0.1:{self.server_port}"

    def process_request(self, *arguments):
        self.accepted += 1
        super().process_request(*arguments)


@contextmanager
def s3_server():
    with S3Server() as made:
        threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture
def server():
    with s3_server() as made:
        yield made


def client(endpoint: str, policy: Policy = LOOPBACK, *, attempts: int = 1, **options):
    config = Config(
        s3={"addressing_style": "path"},
        retries={"mode": "standard", "total_max_attempts": attempts},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        proxies={},
    )
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    made = boto3.session.Session().client("s3", endpoint_url=endpoint, config=config, **keys)
    made.meta.events.register("before-send.s3", send_for_s3(policy, **options))
    return made


BODIES = {
    "empty": b"",
    "bytes": b"bytes",
    "bytearray": bytearray(b"more"),
    "file": io.BytesIO(b"a file" * 100_000),
    "large file": io.BytesIO(b"big" * 1_000_000),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_an_object_goes_there_and_comes_back(server, body):
    s3, name = client(server.url), {"Bucket": "b", "Key": "a folder/ü+1.jpg"}
    expected = body.getvalue() if isinstance(body, io.BytesIO) else bytes(body)
    s3.put_object(**name, Body=body)
    assert s3.head_object(**name)["ContentLength"] == len(expected)
    assert s3.get_object(**name)["Body"].read() == expected
    s3.delete_object(**name)
    assert server.objects == {}


def test_a_body_can_be_read_in_pieces(server):
    server.objects["/b/k"] = b"0123456789"
    assert list(client(server.url).get_object(Bucket="b", Key="k")["Body"].iter_chunks(4)) == [b"0123", b"4567", b"89"]


def test_an_error_of_the_server_is_the_one_that_boto_knows(server):
    with pytest.raises(ClientError) as caught:
        client(server.url).get_object(Bucket="b", Key="missing")
    assert caught.value.response["Error"]["Code"] == "NoSuchKey"


def test_a_compressed_object_is_handed_over_as_it_is():
    with serving(answer(b"not really gzip", headers="Content-Encoding: gzip\r\n")) as gzipped:
        assert client(gzipped.url()).get_object(Bucket="b", Key="k")["Body"].read() == b"not really gzip"


def test_an_object_above_the_limit_is_refused_at_once(server):
    server.objects["/b/k"] = b"x" * 1001
    s3 = client(server.url, attempts=3, max_bytes=1000)
    with pytest.raises(TooLarge):
        s3.get_object(Bucket="b", Key="k")
    assert s3.head_object(Bucket="b", Key="k")["ContentLength"] == 1001
    assert server.accepted == 2  # the refused answer cost its connection, and nothing was tried again


# --- Who is reached ---


@pytest.mark.parametrize(
    "endpoint",
    ["http://169.254.169.254", "http://127.0.0.1:9000", "http://2130706433", "https://[::1]", "http://10.0.0.1:22"],
)
def test_an_endpoint_that_is_not_public_is_refused_without_connecting_or_trying_again(endpoint):
    s3, tries = client(endpoint, Policy(), attempts=5), []
    s3.meta.events.register_first("before-send.s3", lambda **_: tries.append(1))
    with pytest.raises(UrlRefused):
        s3.put_object(Bucket="b", Key="k", Body=b"x")
    assert (connects, len(tries)) == ([], 1)


def test_an_endpoint_whose_name_leads_inside_is_not_connected_to(monkeypatch):
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *rest, **options: real("169.254.169.254", *rest, **options))
    with pytest.raises(EndpointConnectionError):
        client("http://bucket.example", Policy(), attempts=2).head_object(Bucket="b", Key="k")
    assert connects == []


def test_an_endpoint_of_a_private_storage_is_reached_through_its_opening(server):
    client(server.url, Policy().opening("127.0.0.1", server.server_port)).put_object(Bucket="b", Key="k", Body=b"x")
    assert server.objects == {"/b/k": b"x"}


def test_a_proxy_from_the_environment_is_not_used(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    client(server.url).put_object(Bucket="b", Key="k", Body=b"x")
    assert connects == [("127.0.0.1", server.server_port)]


# --- Connections that are kept ---


def test_calls_share_a_connection_and_the_policy_was_asked_when_it_was_made(server):
    s3 = client(server.url)
    for number in range(5):
        s3.put_object(Bucket="b", Key=str(number), Body=b"x" * 100_000)
    assert (server.accepted, len(server.objects)) == (1, 5)


def test_another_policy_never_gets_a_connection_that_this_one_made(server):
    client(server.url).put_object(Bucket="b", Key="k", Body=b"x")
    with pytest.raises(UrlRefused):
        client(server.url, Policy()).put_object(Bucket="b", Key="k", Body=b"x")
    client(server.url, LOOPBACK.opening("else.example", 1)).put_object(Bucket="b", Key="k", Body=b"x")
    assert server.accepted == 2


def test_each_call_has_a_connection_of_its_own_where_pooling_is_off(server):
    s3 = client(server.url, pooled=False)
    for _ in range(3):
        s3.put_object(Bucket="b", Key="k", Body=b"x")
    assert server.accepted == 3


def test_threads_get_their_own_answers(server):
    s3, wrong = client(server.url), []

    def work(mark: bytes) -> None:
        for _ in range(10):
            s3.put_object(Bucket="b", Key=mark.decode(), Body=mark * 1000)
            if s3.get_object(Bucket="b", Key=mark.decode())["Body"].read() != mark * 1000:
                wrong.append(mark)

    threads = [threading.Thread(target=work, args=(bytes([97 + number]),)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (wrong, len(server.objects)) == ([], 6)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 warns where threads run
def test_a_forked_worker_makes_its_own_connections(server):
    s3 = client(server.url)
    s3.put_object(Bucket="b", Key="parent", Body=b"x")
    child = os.fork()
    if not child:
        status = 1
        try:
            s3.put_object(Bucket="b", Key="child", Body=b"y")
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    s3.put_object(Bucket="b", Key="after", Body=b"z")
    assert (server.accepted, set(server.objects)) == (2, {"/b/parent", "/b/child", "/b/after"})


def test_a_kept_connection_that_the_server_closed_is_replaced():
    with serving(answer()) as closing:
        s3 = client(closing.url())
        s3.delete_object(Bucket="b", Key="1")
        while not closing.hung_up:
            time.sleep(0.005)
        s3.delete_object(Bucket="b", Key="2")
        assert closing.accepted == 2


# --- Deadlines ---


def test_the_total_time_holds_for_each_call_on_a_kept_connection():
    def behave(connection, _):
        answer(b"first")(connection, b"")
        connection.recv(65536)
        connection.sendall(OK + b"content-length: 1000\r\n\r\n")
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)

    with serving(behave) as server:
        s3 = client(server.url(), total_seconds=0.5)
        assert s3.get_object(Bucket="b", Key="k")["Body"].read() == b"first"
        time.sleep(0.6)  # longer than one call may take: the time between calls costs nothing
        began = time.monotonic()
        with pytest.raises(ReadTimeoutError):
            s3.get_object(Bucket="b", Key="k")
        assert 0.4 < time.monotonic() - began < 1.5
        assert server.accepted == 1


def test_a_server_that_never_reads_the_upload_is_left_in_time():
    with serving(lambda *_: server.stopped.wait(5)) as server:
        began = time.monotonic()
        with pytest.raises(ReadTimeoutError):
            client(server.url(), total_seconds=0.5).put_object(Bucket="b", Key="k", Body=io.BytesIO(b"x" * 30_000_000))
        assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    ("behave", "error"),
    [
        (lambda connection, _: None, ConnectionClosedError),
        (lambda connection, _: connection.sendall(b"garbage\r\n\r\n"), ConnectionClosedError),
    ],
    ids=["hangs up", "garbage"],
)
def test_failures_become_errors_that_boto_tries_again(behave, error):
    with serving(behave) as server:
        with pytest.raises(error):
            client(server.url(), attempts=2).delete_object(Bucket="b", Key="k")
        assert server.accepted == 2


def test_an_upload_is_sent_without_waiting_to_be_asked_for_it():
    with serving(answer()) as server:
        client(server.url()).put_object(Bucket="b", Key="k", Body=io.BytesIO(b"x" * 2_000_000))
    assert b"expect" not in server.heads[0].partition(b"\r\n\r\n")[0].lower()


def test_an_upload_is_rewound_when_it_is_tried_again():
    got = []

    def behave(connection, head):
        got.append(head.partition(b"\r\n\r\n")[2] or connection.recv(65536))
        if len(got) == 2:
            answer(headers='ETag: "t"\r\n')(connection, b"")

    with serving(behave) as server:
        client(server.url(), attempts=2).put_object(Bucket="b", Key="k", Body=io.BytesIO(b"all of it"))
    assert got == [b"all of it", b"all of it"]
