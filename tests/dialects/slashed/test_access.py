"""Who may call: a secret while it lives, from an address that its service allows."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.addresses import parse_range
from jobs.models import Service, ServiceSecret
from jobs.secrets import issue_secret
from tests.dialects.slashed.calls import call, count_rows, create, get, message, post, request_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]

LISTS: list[tuple[str, Sequence[str], Sequence[str]]] = [
    ("203.0.113.7", ["203.0.113.7"], ["203.0.113.6", "203.0.113.8", "127.0.0.1"]),
    ("203.0.113.0/24", ["203.0.113.0", "203.0.113.255"], ["203.0.112.255", "203.0.114.0"]),
    ("203.0.113.9/24", ["203.0.113.0", "203.0.113.255"], ["203.0.114.0"]),
    ("203.0.113.7-203.0.113.20", ["203.0.113.7", "203.0.113.12", "203.0.113.20"], ["203.0.113.6", "203.0.113.21"]),
    (" 203.0.113.7 - 203.0.113.20 ", ["203.0.113.12"], ["203.0.113.21"]),
    ("0.0.0.0/0", ["127.0.0.1", "203.0.113.7"], ["2001:db8::1"]),
    ("2001:db8::1", ["2001:db8::1", "2001:0db8:0:0::0001"], ["2001:db8::2", "203.0.113.7"]),
    ("2001:db8::/32", ["2001:db8::1", "2001:db8:ffff::1"], ["2001:db9::1"]),
    ("2001:db8::1-2001:db8::ff", ["2001:db8::10"], ["2001:db8::100"]),
    ("fe80::1", ["fe80::1%eth0"], ["fe80::2%eth0"]),
    ("203.0.113.7", ["::ffff:203.0.113.7"], ["::ffff:203.0.113.8"]),
]
EVERY_OPERATION = [("POST", "/request"), ("POST", "/retry"), ("PUT", "/request"), ("GET", "/request?process_id=x")]


def allow(*texts: str) -> None:
    """Service 1 may be called from these addresses."""
    Service.objects.filter(number=1).update(allowed_ips=list(texts))


def status(client: Client, address: str, **headers: str) -> int:
    """What a request from this address for a process that is not there is answered with."""
    return get(client, "/request/x", REMOTE_ADDR=address, headers=headers).status_code


@pytest.mark.parametrize(("text", "inside", "outside"), LISTS)
def test_an_address_is_on_a_list_in_each_of_its_spellings(
    client: Client, text: str, inside: Sequence[str], outside: Sequence[str]
) -> None:
    allow("192.0.2.1", text)
    assert [status(client, address) for address in inside] == [404] * len(inside)
    assert [status(client, address) for address in outside] == [403] * len(outside)


def test_an_empty_list_allows_every_address(client: Client) -> None:
    assert [status(client, address) for address in ("127.0.0.1", "203.0.113.7", "2001:db8::1", "")] == [404] * 4


def test_a_caller_without_an_address_is_on_no_list(client: Client) -> None:
    allow("127.0.0.1")
    assert [status(client, address) for address in ("", "nonsense", "unix:")] == [403] * 3


@pytest.mark.parametrize(("method", "path"), EVERY_OPERATION)
def test_every_operation_is_closed_to_other_addresses(client: Client, method: str, path: str) -> None:
    allow("203.0.113.7")
    body = request_of(process_ids=["x"])
    assert "address" in message(call(client, method, path, body), 403)
    assert call(client, method, path, body, REMOTE_ADDR="203.0.113.7").status_code in (200, 404)


def test_the_list_comes_on_top_of_the_secret(client: Client) -> None:
    allow("203.0.113.7")
    assert post(client, "/request", request_of(), token="nope", REMOTE_ADDR="203.0.113.7").status_code == 401
    assert count_rows() == 0


def test_a_client_on_the_list_of_service_3_gets_in(client: Client) -> None:
    body = request_of(service_id=3)
    assert post(client, "/request", body, token="tokA3").status_code == 403
    assert post(client, "/request", body, token="tokA3", REMOTE_ADDR="192.1.1.68").status_code == 200


# --- Behind a proxy ------------------------------------------------------------------------------------------------


def test_what_a_stranger_says_of_where_it_comes_from_counts_for_nothing(client: Client) -> None:
    allow("203.0.113.7")
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Client-IP", "X-Client-IP", "CF-Connecting-IP"):
        assert status(client, "198.51.100.1", **{name: "203.0.113.7"}) == 403


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("203.0.113.7", 404),
        (" 203.0.113.7 ", 404),
        ("203.0.113.7:4711", 404),
        ("203.0.113.8", 403),
        ("203.0.113.7, 203.0.113.8", 403),
        ("203.0.113.8, 203.0.113.7", 404),
        ("203.0.113.7, 10.0.0.5", 404),
        ("203.0.113.7, 10.0.0.5, 10.0.0.6", 404),
        ("203.0.113.7, 198.51.100.1, 10.0.0.5", 403),
        ("203.0.113.7, nonsense", 403),
        ("203.0.113.7,", 403),
        ("", 403),
    ],
)
def test_a_trusted_proxy_says_who_the_client_is(
    client: Client, settings: Settings, forwarded: str, expected: int
) -> None:
    settings.PHOTOMILL_TRUSTED_PROXIES = ["10.0.0.0/24", "::1"]
    allow("203.0.113.7")
    assert status(client, "10.0.0.1", **{"X-Forwarded-For": forwarded}) == expected
    assert status(client, "::1", **{"X-Forwarded-For": forwarded}) == expected
    assert status(client, "10.0.1.1", **{"X-Forwarded-For": forwarded}) == 403


def test_a_trusted_proxy_may_name_an_ipv6_client_with_its_port(client: Client, settings: Settings) -> None:
    settings.PHOTOMILL_TRUSTED_PROXIES = ["10.0.0.1"]
    allow("2001:db8::1")
    for spelling in ("2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711"):
        assert status(client, "10.0.0.1", **{"X-Forwarded-For": spelling}) == 404
    assert status(client, "10.0.0.1", **{"X-Forwarded-For": "[2001:db8::2]:4711"}) == 403


def test_a_proxy_that_says_nothing_is_the_client(client: Client, settings: Settings) -> None:
    settings.PHOTOMILL_TRUSTED_PROXIES = ["10.0.0.1"]
    allow("10.0.0.1")
    assert status(client, "10.0.0.1") == 404


@pytest.mark.parametrize(
    "text", ["", "nonsense", "1.2.3", "1.2.3.4/33", "1.2.3.4-", "1.2.3.9-1.2.3.4", "1.2.3.4-::1", "-", 5, None, ["::1"]]
)
def test_what_is_no_range_is_said_to_be_none(text: Any) -> None:
    with pytest.raises(ValueError, match=r"is neither|is not a text"):
        parse_range(text)


# --- Whose is what -------------------------------------------------------------------------------------------------


def test_a_secret_reaches_its_own_service_alone(client: Client) -> None:
    for token, numbers in (("tokA", (2, 3)), ("tokB", (1, 3))):
        for number in numbers:
            message(post(client, "/request", request_of(service_id=number), token=token), 403)
    assert count_rows() == 0


def test_a_process_of_another_account_does_not_exist(client: Client) -> None:
    job = create(client)
    answer, unknown = (get(client, f"/request/{name}", token="tokB") for name in (job.public_id, "x" * 21))
    assert (answer.status_code, answer.content) == (unknown.status_code, unknown.content) == (404, unknown.content)


def test_a_job_of_another_dialect_is_no_process(client: Client) -> None:
    job = create(client)
    job.dialect = "native"
    job.save()
    assert get(client, f"/request/{job.public_id}").status_code == 404


# --- Secrets come and go -------------------------------------------------------------------------------------------


def test_two_secrets_are_good_while_clients_move_to_the_new_one(client: Client, service: Service) -> None:
    new = issue_secret(service)
    for token in ("tokA", new):
        assert get(client, "/request/x", token=token).status_code == 404


def test_the_third_secret_ends_the_first(client: Client, service: Service) -> None:
    second, third = issue_secret(service), issue_secret(service)
    assert [get(client, "/request/x", token=token).status_code for token in ("tokA", second, third)] == [401, 404, 404]


@pytest.mark.parametrize("field", ["expires_at", "revoked_at"])
def test_an_expired_or_revoked_secret_is_unknown(client: Client, field: str) -> None:
    rows = ServiceSecret.objects.filter(last_four="tokA"[-4:])
    assert rows.update(**{field: timezone.now() - timedelta(seconds=1)}) == 1
    assert message(get(client, "/request/x"), 401) == "Invalid Secret"


def test_a_secret_is_good_until_the_second_it_expires(client: Client) -> None:
    ServiceSecret.objects.update(expires_at=timezone.now() + timedelta(minutes=5))
    assert get(client, "/request/x").status_code == 404
