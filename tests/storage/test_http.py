import gzip
import logging
import re
import socket
import ssl
import threading
import time
import tracemalloc
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from storage import http
from storage.addresses import Policy
from storage.errors import StorageError, TooLarge, Unreachable, UrlRefused
from storage.sockets import tls_context
from tests.storage.hostile import (
    CLOSED_ADDRESSES,
    HOSTILE_URLS,
    OK,
    RawServer,
    answer,
    connects,
    serving,
)

SECRET = b"the canary's secret"
ANY_PORT = Policy(ports=None)
LOOPBACK = Policy(ports=None, networks=(ip_network("127.0.0.0/8"),))
SECONDS = 0.4  # what an abusive server gets


def fetch(
    url: str, *, policy: Policy = LOOPBACK, total_seconds: float = SECONDS, max_bytes: int = 1_000_000, **options
):
    return http.get(url, policy=policy, total_seconds=total_seconds, max_bytes=max_bytes, **options)


@pytest.fixture(autouse=True)
def _count_from_zero():
    connects.clear()


@pytest.fixture(scope="module")
def canary():
    with serving(answer(SECRET), host="0.0.0.0") as server:
        yield server


@pytest.fixture
def names(monkeypatch):
    """Name servers of our own: `names[host]` is the list of successive answers, the last one for ever."""
    table: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def look_up(host, port, *arguments, **options):
        if host not in table:
            return real(host, port, *arguments, **options)
        answers = table[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [row for address in found for row in real(address, port, *arguments, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return table


# --- Who is reached ---


def test_a_get_returns_status_headers_body_url_and_address():
    with serving(answer(b"hello", status="418 Teapot", headers="X-A: 1\r\nx-a: 2\r\n")) as server:
        response = fetch(server.url(path="/a b?c"))
    assert response == http.Response(
        418, {"x-a": "1, 2", "content-length": "5"}, b"hello", server.url(path="/a%20b?c"), "127.0.0.1"
    )
    assert server.heads[0].startswith(b"GET /a%20b?c HTTP/1.1\r\n")
    assert f"host: 127.0.0.1:{server.port}".encode() in server.heads[0]
    assert b"accept-encoding: identity" in server.heads[0]


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_a_hostile_url_is_never_connected_to(url, canary):
    with pytest.raises(UrlRefused):
        fetch(url.format(port=canary.port), policy=ANY_PORT)
    assert (connects, canary.accepted) == ([], 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "017700000001", "①②⑦.⓪.⓪.①", "localhost."])
def test_the_same_spellings_reach_the_server_where_loopback_is_opened(host):
    """Else the table above would prove nothing."""
    with serving(answer(SECRET)) as server:
        assert fetch(server.url(host)).body == SECRET
    assert [address[0] for address in connects] == ["127.0.0.1"]


@pytest.mark.parametrize("address", CLOSED_ADDRESSES)
def test_a_name_that_leads_to_a_closed_address_is_never_connected_to(address, names, canary):
    names["rebind.example"] = [[address]]
    with pytest.raises(Unreachable):
        fetch(f"http://rebind.example:{canary.port}/", policy=ANY_PORT)
    assert (connects, canary.accepted) == ([], 0)


@pytest.mark.parametrize("others", [["127.0.0.1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1", "127.0.0.1"]])
@pytest.mark.parametrize("turn", [False, True])
def test_one_closed_address_among_open_ones_condemns_the_name(others, turn, names, canary):
    open_first = ["127.0.0.2", *others]
    names["mixed.example"] = [open_first[::-1] if turn else open_first]
    with pytest.raises(Unreachable):
        fetch(f"http://mixed.example:{canary.port}/", policy=Policy((ip_network("127.0.0.2/32"),), None))
    assert connects == []


def test_a_name_that_flips_after_the_check_still_leads_to_the_address_checked(names):
    names["flip.example"] = [["127.0.0.2"], ["127.0.0.1"]]
    only_two = Policy((ip_network("127.0.0.2/32"),), None)
    with serving(answer(b"good"), host="127.0.0.2") as good, serving(answer(SECRET), port=good.port) as canary:
        url = f"http://flip.example:{good.port}/"
        assert fetch(url, policy=only_two).body == b"good"
        with pytest.raises(Unreachable):
            fetch(url, policy=only_two)
        assert canary.accepted == 0
    assert connects == [("127.0.0.2", good.port)]


def test_the_next_address_is_tried_where_the_first_one_refuses(names):
    with serving(answer(b"second")) as server:
        names["two.example"] = [["127.0.0.9", "127.0.0.1"]]
        response = fetch(f"http://two.example:{server.port}/")
    assert (response.body, response.address) == (b"second", "127.0.0.1")


def test_a_proxy_from_the_environment_is_not_used(monkeypatch, canary):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, canary.url())
    with serving(answer(b"direct")) as server:
        assert fetch(server.url()).body == b"direct"
    assert canary.accepted == 0


def test_a_head_asks_for_no_body():
    with serving(
        lambda connection, _: connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n")
    ) as server:
        response = http.head(server.url(), total_seconds=SECONDS, policy=LOOPBACK)
    assert (response.headers["content-length"], response.body) == ("999999999", b"")


def test_the_settings_decide_where_no_policy_is_given(settings):
    with serving(answer(b"hello")) as server:
        settings.PHOTOMILL_ALLOWED_NETWORKS, settings.PHOTOMILL_ALLOWED_PORTS = ["127.0.0.0/8"], [str(server.port)]
        assert http.get(server.url(), max_bytes=10, total_seconds=1).body == b"hello"
        settings.PHOTOMILL_ALLOWED_NETWORKS = []
        with pytest.raises(UrlRefused):
            http.get(server.url(), max_bytes=10, total_seconds=1)


# --- Redirects ---


def redirect(location: str, status: str = "302 Found"):
    return lambda connection, _: connection.sendall(
        f"HTTP/1.1 {status}\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n".encode()
    )


# Those that a Location header can hold and that name a host of their own: the rest leads back to the same server.
ELSEWHERE = [url for url in HOSTILE_URLS if re.fullmatch(r"\w+://[^/].*", url) and url.isprintable()]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_redirect_to_a_hostile_url_is_not_followed(url, canary):
    with serving(redirect(url.format(port=canary.port))) as front:
        with pytest.raises((UrlRefused, Unreachable)):
            fetch(front.url(), policy=ANY_PORT.opening("127.0.0.1", front.port))
        assert (connects, canary.accepted) == ([("127.0.0.1", front.port)], 0)


def test_a_redirect_to_a_name_that_leads_inside_is_not_followed(names, canary):
    names["inside.example"] = [["127.0.0.1"]]
    with serving(redirect(f"http://inside.example:{canary.port}/")) as front:
        with pytest.raises(Unreachable):
            fetch(front.url(), policy=ANY_PORT.opening("127.0.0.1", front.port))
        assert connects == [("127.0.0.1", front.port)]


@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
def test_a_get_follows_redirects_and_reports_where_it_ended(status):
    def behave(connection, head):
        (redirect("/ü?b", status) if b"GET / " in head else answer(b"there"))(connection, head)

    with serving(behave) as server:
        response = fetch(server.url())
        assert (response.body, response.url) == (b"there", server.url(path="/%C3%BC?b"))


def test_a_redirect_loop_ends_after_three_hops():
    with serving(redirect("/again")) as server:
        with pytest.raises(UrlRefused, match="more than 3"):
            fetch(server.url())
        assert server.accepted == 4


def test_the_time_of_all_hops_together_is_bounded():
    def behave(connection, head):
        time.sleep(0.3)
        redirect("/again")(connection, head)

    with serving(behave) as server, ends_in_time(), pytest.raises(Unreachable):
        fetch(server.url(), max_redirects=50)


@pytest.mark.parametrize(("same_origin", "kept"), [(True, True), (False, False)])
def test_secrets_are_carried_to_the_same_origin_only(same_origin, kept):
    with serving(answer(b"end")) as other:

        def behave(connection, head):
            target = "/end" if same_origin else other.url(path="/end")
            (answer(b"end") if b" /end " in head else redirect(target))(connection, head)

        with serving(behave) as server:
            fetch(server.url(), headers={"Authorization": "Bearer x", "Cookie": "y", "X-Own": "z"})
    last = (server if same_origin else other).heads[-1].lower()
    assert (b"bearer x" in last, b"cookie" in last) == (kept, kept)
    assert b"x-own: z" in last


@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
def test_a_post_takes_a_redirect_for_an_answer(status, canary):
    with serving(redirect(canary.url(), status)) as server:
        response = http.post(server.url(), b"{}", headers={}, policy=LOOPBACK, total_seconds=SECONDS)
    assert response.status == int(status[:3])
    assert canary.accepted == 0


# --- Servers that never let go ---


@contextmanager
def ends_in_time():
    """Fail unless the block ends within its total limit and a second."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SECONDS + 1


def keep_sending(piece: bytes, *, head: bytes = b"", every_seconds: float = 0):
    def behave(connection, _):
        connection.sendall(head)
        while True:
            connection.sendall(piece)
            time.sleep(every_seconds)

    return behave


def keep_quiet(connection, _):
    connection.recv(1)  # until the client hangs up


LATE = {
    "a body that drips": keep_sending(b"x", head=OK + b"content-length: 1000\r\n\r\n", every_seconds=0.05),
    "a body that drips without a length": keep_sending(b"x", head=OK + b"\r\n", every_seconds=0.05),
    "chunks that drip": keep_sending(
        b"1\r\nx\r\n", head=OK + b"transfer-encoding: chunked\r\n\r\n", every_seconds=0.05
    ),
    "headers that drip": keep_sending(b"x-a: b\r\n", head=OK, every_seconds=0.05),
    "a status line that drips": keep_sending(b" ", head=b"HTTP/1.1 200", every_seconds=0.05),
    "interim answers for ever": keep_sending(b"HTTP/1.1 103 Early\r\n\r\n", every_seconds=0.01),
    "no answer": keep_quiet,
    "headers and no body": lambda c, h: (c.sendall(OK + b"content-length: 9\r\n\r\n"), keep_quiet(c, h)),
}


@pytest.mark.parametrize("behave", LATE.values(), ids=LATE.keys())
def test_a_server_that_is_never_done_is_left_in_time(behave):
    with serving(behave) as server, ends_in_time(), pytest.raises(Unreachable):
        fetch(server.url())


@pytest.mark.parametrize("behave", LATE.values(), ids=LATE.keys())
def test_a_callback_to_a_server_that_is_never_done_is_left_in_time(behave):
    with serving(behave) as server, ends_in_time(), pytest.raises(Unreachable):
        http.post(server.url(), b"{}", headers={}, total_seconds=SECONDS, policy=LOOPBACK)


def test_a_server_that_never_reads_is_left_in_time():
    with serving(lambda *_: server.stopped.wait(5)) as server, ends_in_time(), pytest.raises(Unreachable):
        http.post(server.url(), b"x" * 50_000_000, headers={}, total_seconds=SECONDS, policy=LOOPBACK)


def test_a_server_that_never_shakes_hands_is_left_in_time():
    with serving(keep_quiet) as server, ends_in_time(), pytest.raises(Unreachable):
        fetch(server.url(scheme="https"))


def test_name_servers_that_never_answer_cost_no_more_than_the_limit(monkeypatch):
    stuck = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: (stuck.wait(5), [])[1])
    with ends_in_time(), pytest.raises(Unreachable):
        fetch("http://slow.example/")
    stuck.set()


ENDLESS = {
    "without a length": keep_sending(b"x" * 65536, head=OK + b"\r\n"),
    "in chunks": keep_sending(b"10000\r\n" + b"x" * 65536 + b"\r\n", head=OK + b"transfer-encoding: chunked\r\n\r\n"),
    "with a length": keep_sending(b"x" * 65536, head=OK + b"content-length: 100000000\r\n\r\n"),
}


@pytest.mark.parametrize("behave", ENDLESS.values(), ids=ENDLESS.keys())
def test_a_body_above_the_limit_is_refused_and_never_held(behave):
    with serving(behave) as server, ends_in_time():
        tracemalloc.start()
        try:
            with pytest.raises(TooLarge, match="1000000 bytes"):
                fetch(server.url())
            assert tracemalloc.get_traced_memory()[1] < 1_000_000 + 2_000_000
        finally:
            tracemalloc.stop()


def test_a_length_above_the_limit_is_refused_without_reading():
    with serving(lambda c, h: (c.sendall(OK + b"content-length: 1000001\r\n\r\n"), keep_quiet(c, h))) as server:
        began = time.monotonic()
        with pytest.raises(TooLarge):
            fetch(server.url(), total_seconds=5)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("size", [0, 1, 999, 1000])
def test_a_body_up_to_the_limit_is_whole(size):
    with serving(answer(b"x" * size)) as server:
        assert len(fetch(server.url(), max_bytes=1000).body) == size


def test_headers_without_end_are_refused():
    endless = keep_sending(b"x-a: " + b"b" * 1000 + b"\r\n", head=OK)
    with serving(endless) as server, ends_in_time(), pytest.raises(Unreachable):
        fetch(server.url())


def test_a_compressed_answer_is_refused_and_not_unpacked():
    bomb = gzip.compress(b"\0" * 5_000_000)
    packed = answer(bomb, headers="Content-Encoding: gzip\r\n")
    with serving(packed) as server, pytest.raises(UrlRefused, match="compressed"):
        fetch(server.url())


def test_of_a_long_answer_to_a_callback_only_the_beginning_is_read():
    sent = []

    def behave(connection, _):
        connection.sendall(OK + b"content-encoding: gzip\r\n\r\n")
        with suppress(OSError):
            while True:
                sent.append(connection.send(b"x" * 65536))

    with serving(behave) as server, ends_in_time():
        response = http.post(server.url(), b"{}", headers={}, total_seconds=SECONDS, policy=LOOPBACK)
    assert (response.status, len(response.body)) == (200, 65536)
    assert sum(sent) < 20_000_000  # what the kernel's buffers took, not what the server had


def test_a_callback_sends_exactly_its_bytes_and_headers():
    got = []

    def behave(connection, head):
        got.append(head)
        answer(b"ok", status="202 Accepted")(connection, head)

    with serving(behave) as server:
        http.post(
            server.url(), b'{"a": 1}', headers={"Content-Type": "application/json", "X-Sig": "é"}, policy=LOOPBACK
        )
    assert b"content-length: 8\r\n" in got[0].lower()
    assert b"content-type: application/json\r\n" in got[0]
    assert "x-sig: é".encode() in got[0]


# --- What is said about it ---


def failures(names) -> list[StorageError]:
    """One of each way not to be reached."""
    names["inside.example"] = [["10.0.0.1"]]
    names["nowhere.example"] = [["not an address"]]
    closed_port = RawServer(answer())
    closed_port.close()
    said = []
    with serving(keep_quiet) as quiet, serving(lambda c, _: c.sendall(b"SSH-2.0-x\r\n")) as garbage:
        urls = ["http://inside.example/", "http://nowhere.example/", closed_port.url(), quiet.url(), garbage.url()]
        for url in [*urls, quiet.url(scheme="https"), garbage.url(scheme="https")]:
            with pytest.raises(StorageError) as caught:
                fetch(url, total_seconds=0.3)
            said.append(caught.value)
    return said


def test_blocked_refused_unknown_late_and_garbled_all_say_the_same(names):
    said = failures(names)
    assert {(type(error), error.code, error.message, error.retryable) for error in said} == {
        (Unreachable, "unreachable", "The address could not be reached.", True)
    }


def test_the_log_says_why(names, caplog):
    names["inside.example"] = [["10.0.0.1"]]
    with caplog.at_level(logging.INFO, "storage.http"), pytest.raises(Unreachable):
        fetch("http://inside.example/path?signature=secret")
    assert "10.0.0.1 is in 10.0.0.0/8" in caplog.text
    assert "http://inside.example/path" in caplog.text
    assert "secret" not in caplog.text


def test_a_blocked_name_tells_nothing_about_the_port_behind_it(names, canary):
    names["inside.example"] = [["127.0.0.1"]]
    took = []
    for port in (canary.port, 1):
        began = time.monotonic()
        with pytest.raises(Unreachable):
            fetch(f"http://inside.example:{port}/", policy=ANY_PORT)
        took.append(time.monotonic() - began)
    assert max(took) < 0.1
    assert connects == []


# --- TLS ---


class Authority:
    """A certificate authority of a test."""

    def __init__(self, folder):
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self.certificate = self._sign(self.name, self.key, x509.BasicConstraints(ca=True, path_length=None))
        self.file = folder / "authority.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def server_context(self, name: str, *, days: int = 1) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._sign(subject, key, x509.SubjectAlternativeName([x509.DNSName(name)]), days=days)
        pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        file = self.folder / "server.pem"
        file.write_bytes(key.private_bytes(*pem) + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _sign(self, subject, key, extension, *, days=1):
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(self.name, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=10)).not_valid_after(now + timedelta(days=days))
        return builder.add_extension(extension, critical=False).sign(self.key, hashes.SHA256())


@pytest.fixture
def authority(tmp_path, monkeypatch, names):
    """An authority that the client trusts, and the name `images.example` on loopback."""
    made = Authority(tmp_path)
    names["images.example"] = names["other.example"] = [["127.0.0.1"]]
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    tls_context.cache_clear()
    yield made
    tls_context.cache_clear()


def test_tls_is_checked_against_the_name_in_the_url(authority):
    asked = []
    context = authority.server_context("images.example")
    context.sni_callback = lambda _, name, __: asked.append(name)
    with serving(answer(b"secure"), tls=context) as server:
        response = fetch(server.url("images.example", scheme="https"))
        assert (response.body, response.address, asked) == (b"secure", "127.0.0.1", ["images.example"])
        assert f"host: images.example:{server.port}".encode() in server.heads[0]
        with pytest.raises(Unreachable):
            fetch(server.url("other.example", scheme="https"))
        with pytest.raises(Unreachable):
            fetch(server.url("127.0.0.1", scheme="https"))
        assert len(server.heads) == 1


def test_an_expired_certificate_is_refused(authority):
    with serving(answer(b"x"), tls=authority.server_context("images.example", days=-1)) as server:
        with pytest.raises(Unreachable):
            fetch(server.url("images.example", scheme="https"))
        assert server.heads == []


def test_a_certificate_of_an_unknown_authority_is_refused(authority, tmp_path_factory):
    stranger = Authority(tmp_path_factory.mktemp("stranger"))
    with serving(answer(b"x"), tls=stranger.server_context("images.example")) as server:
        with pytest.raises(Unreachable):
            fetch(server.url("images.example", scheme="https"))
        assert server.heads == []


def test_a_redirect_from_https_to_http_is_refused(authority, canary):
    context = authority.server_context("images.example")
    with (
        serving(redirect(canary.url()), tls=context) as server,
        pytest.raises(UrlRefused, match="from https to http"),
    ):
        fetch(server.url("images.example", scheme="https"))
    assert canary.accepted == 0


def test_a_tls_body_that_drips_is_left_in_time(authority):
    drip, context = LATE["a body that drips"], authority.server_context("images.example")
    with serving(drip, tls=context) as server, ends_in_time(), pytest.raises(Unreachable):
        fetch(server.url("images.example", scheme="https"))
