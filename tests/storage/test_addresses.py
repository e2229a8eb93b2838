import socket
import threading
from dataclasses import replace
from ipaddress import ip_address, ip_network

import httpcore
import pytest

from storage.addresses import Policy, Target, closed_because, policy
from storage.errors import UrlRefused
from storage.http import refuse_early
from storage.sockets import AddressBlocked, GuardedBackend, deadline
from tests.storage.hostile import ANY_PORT, CLOSED_ADDRESSES, HOSTILE_URLS, LOOPBACK, SPELLED_HOSTS, connects, host_of


@pytest.mark.parametrize("address", CLOSED_ADDRESSES)
def test_an_address_that_is_not_public_is_closed(address):
    assert closed_because(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("1.1.1.1", "8.8.8.8", "93.184.216.34", "11.0.0.1", "172.15.255.255", "172.32.0.0", "168.63.129.17"),
        *("100.63.255.255", "100.128.0.0", "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "2001:470:1f0b::1"),
    ],
)
def test_a_public_address_is_open(address):
    assert closed_because(ip_address(address)) is None


def test_nothing_that_python_calls_not_global_is_open():
    """`ipaddress` keeps the registries too: ask it about the first and last address of every /16."""
    ends = (block << 16 | low for block in range(1 << 16) for low in (0, 0xFFFF))
    assert [
        str(ip_address(end)) for end in ends if not ip_address(end).is_global and not closed_because(ip_address(end))
    ] == []


def test_an_address_with_a_zone_is_closed():
    assert closed_because(ip_address("2a00:1450::1%1"))


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_a_hostile_url_is_refused_before_any_look_up(url, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("looked up"))
    with pytest.raises(UrlRefused):
        refuse_early(url.format(port=8080), policy=ANY_PORT)


def test_the_table_of_hostile_urls_is_long_enough_and_has_no_doubles():
    assert len(set(HOSTILE_URLS)) == len(HOSTILE_URLS) >= 66


@pytest.mark.parametrize("host", [*map(host_of, CLOSED_ADDRESSES), *SPELLED_HOSTS])
def test_a_host_that_spells_a_closed_address_is_not_connected_to_either(host):
    """The second fence: what the early refusal might miss is judged again as the address it becomes."""
    target = Target.parse(f"http://{host}/")
    with deadline(2), pytest.raises(httpcore.ConnectError):
        GuardedBackend(ANY_PORT).connect_tcp(target.host, 80)
    assert connects == []


def test_early_refusals_name_the_setting_that_would_open_the_address():
    with pytest.raises(UrlRefused, match="PHOTOMILL_ALLOWED_NETWORKS"):
        refuse_early("http://10.0.0.1/", policy=Policy())
    with pytest.raises(UrlRefused, match="PHOTOMILL_ALLOWED_PORTS"):
        refuse_early("http://1.1.1.1:6379/", policy=Policy())


@pytest.mark.parametrize(
    "url", ["http://1.1.1.1/", "https://1.1.1.1/", "https://1.1.1.1:80/", "http://images.example:443"]
)
def test_public_urls_on_web_ports_are_not_refused_early(url):
    refuse_early(url, policy=Policy())


@pytest.mark.parametrize("port", [21, 22, 25, 5432, 6379, 8080, 65535])
def test_other_ports_are_refused_unless_the_policy_names_them(port):
    url = f"http://images.example:{port}/"
    with pytest.raises(UrlRefused):
        refuse_early(url, policy=Policy())
    refuse_early(url, policy=Policy(ports=frozenset({port})))


def test_an_allowed_network_opens_its_addresses_and_no_others():
    rules = Policy(networks=(ip_network("10.1.0.0/16"), ip_network("fd12::/16")))
    refuse_early("http://10.1.2.3/", policy=rules)
    refuse_early("http://[fd12::1]/", policy=rules)
    for url in ("http://10.2.0.1/", "http://127.0.0.1/", "http://[fd13::1]/", "http://[::ffff:10.1.2.3]/"):
        with pytest.raises(UrlRefused):
            refuse_early(url, policy=rules)


def test_opening_loopback_opens_it_over_ipv6_too():
    refuse_early("http://[::1]/", policy=LOOPBACK)
    refuse_early("http://localhost/", policy=LOOPBACK)


def test_an_opening_opens_one_port_of_one_host():
    rules = Policy().opening("10.0.0.5", 9000)
    refuse_early("http://10.0.0.5:9000/bucket", policy=rules)
    for url in ("http://10.0.0.5/", "http://10.0.0.5:9001/", "http://10.0.0.6:9000/", "http://other.example:9000/"):
        with pytest.raises(UrlRefused):
            refuse_early(url, policy=rules)


@pytest.mark.parametrize("host", ["MinIO.Internal", "minio.internal.", "minio.internal"])
def test_an_opening_knows_its_host_in_every_case_and_with_a_final_dot(host):
    refuse_early("http://MINIO.internal:9000/", policy=Policy().opening(host, 9000))


def test_an_opening_works_with_an_address_in_brackets_or_without():
    refuse_early("http://[fd00::1]:9000/", policy=Policy().opening("fd00::1", 9000))
    refuse_early("http://[fd00:0::1]:9000/", policy=Policy().opening("[fd00::1]", 9000))


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "100.100.100.200", "fd00:ec2::254", "168.63.129.16", "0.0.0.0", "224.0.0.1", "fe80::1"],
)
def test_an_opening_never_reaches_metadata_services_and_the_like(address):
    rules = ANY_PORT.opening("minio.internal", 9000).opening(address, 9000)
    assert rules.refusal("minio.internal", 9000, ip_address(address))
    assert rules.refusal(str(ip_address(address)), 9000, ip_address(address))
    assert not rules.refusal("minio.internal", 9000, ip_address("10.0.0.7"))


def test_an_opening_leaves_the_policy_it_came_from_as_it_was():
    rules = Policy()
    assert rules.opening("a.example", 1) != rules == Policy()


def test_the_policy_is_read_from_the_settings_when_it_is_asked_for(settings):
    settings.PHOTOMILL_ALLOWED_NETWORKS, settings.PHOTOMILL_ALLOWED_PORTS = ["10.0.0.1/8", "fd00::/8"], ["80", "9000"]
    expected = Policy((ip_network("10.0.0.0/8"), ip_network("fd00::/8")), frozenset({80, 9000}))
    assert policy() == expected
    settings.PHOTOMILL_ALLOWED_PORTS = ["*"]
    assert policy() == replace(expected, ports=None)


def test_a_url_is_sent_as_it_was_written_except_for_what_no_request_line_may_hold():
    target = Target.parse("HTTP://Bücher.Example:8080/ä b/%2F+'()*?q=ü&x=%20#fragment")
    assert target.path == "/%C3%A4%20b/%2F+'()*?q=%C3%BC&x=%20"
    assert target.authority == "xn--bcher-kva.example:8080"


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://a.example:80", "a.example"),
        ("https://a.example:443/", "a.example"),
        ("https://a.example:80", "a.example:80"),
        ("http://[2a00::0:1]:81/", "[2a00::1]:81"),
        ("http://a.example:/", "a.example"),
    ],
)
def test_the_host_header_leaves_the_usual_port_out(url, authority):
    assert Target.parse(url).authority == authority


def test_logs_get_a_url_without_its_query():
    assert Target.parse("https://a.example/x?X-Amz-Signature=secret").place == "https://a.example/x"


def test_a_port_that_is_closed_is_not_connected_to_either():
    with deadline(1), pytest.raises(AddressBlocked, match="port"):
        GuardedBackend(Policy()).connect_tcp("1.1.1.1", 22)


def test_a_deadline_inside_another_never_outlives_it():
    stuck = threading.Event()
    with pytest.MonkeyPatch.context() as patch, deadline(0.1), deadline(30):
        patch.setattr(socket, "getaddrinfo", lambda *_, **__: (stuck.wait(5), [])[1])
        with pytest.raises(httpcore.ConnectTimeout):
            GuardedBackend(ANY_PORT).connect_tcp("slow.example", 80)
    stuck.set()
