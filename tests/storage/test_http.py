import logging
import re
import time
from ipaddress import ip_network

import pytest

from storage import http
from storage.addresses import Policy
from storage.errors import StorageError, Unreachable, UrlRefused
from tests.storage.hostile import (
    ANY_PORT,
    CLOSED_ADDRESSES,
    HOSTILE_URLS,
    LOOPBACK,
    SECONDS,
    SECRET,
    RawServer,
    answer,
    connects,
    ends_in_time,
    fetch,
    keep_quiet,
    redirect,
    serving,
)

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
    took: dict[int, list[float]] = {canary.port: [], 1: []}
    for port in [canary.port, 1] * 3:
        began = time.monotonic()
        with pytest.raises(Unreachable):
            fetch(f"http://inside.example:{port}/", policy=ANY_PORT)
        took[port].append(time.monotonic() - began)
    assert abs(min(took[canary.port]) - min(took[1])) < 0.1
    assert connects == []
