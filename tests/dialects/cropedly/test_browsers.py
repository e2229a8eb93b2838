"""Pages in browsers: which hosts may call, and what a browser is told."""

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import Account, Domain, User
from jobs.dialects.cropedly.origins import find_host
from tests.dialects.cropedly.calls import (
    ENHANCE,
    IMAGES,
    LOGIN,
    PNG,
    SHOP,
    UPLOAD,
    call,
    enhance,
    file,
    log_in,
    message,
    send_form,
)
from tests.dialects.workers import Worker

pytestmark = pytest.mark.django_db

PATHS = (LOGIN, ENHANCE, UPLOAD, IMAGES, f"{IMAGES}/some-id")
CORS = "access-control-"

TAKEN = [
    *(
        "https://shop.example.com",
        "https://shop.example.com:8443",
        "https://SHOP.Example.COM",
        "HTTPS://shop.example.com",
    ),
    *("https://rival.example.com", "https://a.wild.example", "https://a.b.wild.example:1"),
    *("http://localhost", "http://localhost:3000", "https://localhost:3000", "http://LocalHost"),
]
"""What may call once `shop.example.com`, `rival.example.com`, `*.wild.example` and `localhost` are registered."""

REFUSED = [
    *("http://shop.example.com", "https://example.com", "https://www.shop.example.com", "https://shop.example.com."),
    *("https://shop.example.com.evil.example", "https://evilshop.example.com", "https://evil-shop.example.com"),
    *("https://shop.example.comevil.example", "https://shop-example.com", "https://wild.example"),
    *("https://evilwild.example", "http://a.wild.example", "https://*.wild.example", "https://a.wild.example.evil"),
    *("null", "", "*", "shop.example.com", "//shop.example.com", "https://", "https:shop.example.com", "https:///x"),
    *(
        "https://shop.example.com/",
        "https://shop.example.com/x",
        "https://shop.example.com?x",
        "https://shop.example.com#",
    ),
    *("https://evil.example#shop.example.com", "https://evil.example/shop.example.com"),
    *("https://shop.example.com@evil.example", "https://evil.example@shop.example.com", "https://@shop.example.com"),
    *("https://shop.example.com:x", "https://shop.example.com:", "https://shop.example.com\\@evil.example"),
    *("https://shop.example.com https://evil.example", "https://shop.example.com, https://evil.example"),
    *("https://shop.ex\tample.com", "ftp://shop.example.com", "file://shop.example.com", "javascript:alert(1)"),
    *("chrome-extension://shop.example.com", "http://127.0.0.1", "https://127.0.0.1:3000", "http://[::1]"),
    *(
        "http://localhost.evil.example",
        "http://a.localhost",
        "https://xn--shop-example-com",
        "https://shop．example．com",
    ),
    *("https://a_b.example", "https://[::ffff:127.0.0.1]", "https://shop.example.com%00.evil.example"),
]


@pytest.fixture(autouse=True)
def domains(people: dict[str, User]) -> None:
    """The enterprise has more than its shop."""
    for host in ("*.wild.example", "localhost"):
        Domain.objects.create(account=people["ent"].account, host=host)


def ask(client: Client, path: str, origin: str | None, method: str = "POST") -> HttpResponse:
    """What a browser asks before it calls."""
    headers = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization"}
    return call(client, "OPTIONS", path, headers=headers if origin is None else {**headers, "Origin": origin})


def expect_no_leave(answer: HttpResponse) -> None:
    """Nothing in the answer lets a page read it."""
    assert [name for name in answer.headers if name.lower().startswith(CORS)] == []
    assert "Origin" in answer.headers["vary"]


def expect_leave(answer: HttpResponse, origin: str) -> None:
    """The page may read the answer, no other may, and cookies stay out of it."""
    assert answer.headers[f"{CORS}allow-origin"] == origin
    assert f"{CORS}allow-credentials" not in answer.headers
    assert "Origin" in answer.headers["vary"]


# --- Before a call -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_a_preflight_from_a_registered_host_is_answered_without_a_token(client: Client, path: str) -> None:
    for spelling in (path, f"{path}/"):
        answer = ask(client, spelling, SHOP)
        assert (answer.status_code, answer.content) == (200, b"")
        expect_leave(answer, SHOP)
        assert answer.headers[f"{CORS}allow-methods"] == "GET, POST, DELETE"
        assert answer.headers[f"{CORS}allow-headers"] == "authorization, content-type"
        assert answer.headers[f"{CORS}max-age"] == "3600"


@pytest.mark.parametrize("origin", TAKEN)
def test_a_registered_host_may_ask_however_it_is_written(client: Client, origin: str) -> None:
    answer = ask(client, ENHANCE, origin)
    assert answer.status_code == 200
    expect_leave(answer, origin)


@pytest.mark.parametrize("origin", [*REFUSED, None])
def test_any_other_origin_is_403_without_a_word_to_the_browser(client: Client, origin: str | None) -> None:
    answer = ask(client, ENHANCE, origin)
    assert message(answer, 403, ENHANCE) == "This origin is not registered"
    expect_no_leave(answer)


@pytest.mark.parametrize(
    ("origin", "host"),
    [("https://a", "a"), ("http://localhost:1", "localhost"), ("https://[::1]:2", "[::1]"), ("HTTPS://A.B", "a.b")],
)
def test_a_host_is_read_from_an_origin_as_browsers_write_it(origin: str, host: str) -> None:
    assert find_host(origin) == host


def test_a_host_of_an_account_that_is_no_enterprise_any_more_may_not_ask(client: Client) -> None:
    Account.objects.filter(name="ent").update(plan="pro")
    assert ask(client, ENHANCE, SHOP).status_code == 403
    assert ask(client, ENHANCE, "https://rival.example.com").status_code == 200


def test_a_preflight_for_a_path_that_does_not_exist_is_404(client: Client) -> None:
    for path in ("/images/v2", "/images/v1/nowhere", "/auth/v1", "/auth/v1/login/x"):
        message(ask(client, path, SHOP), 404, path)


# --- A call --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_page_of_the_enterprise_enhances_and_reads_the_answer(
    client: Client, people: dict[str, User], worker: Worker
) -> None:
    answer = enhance(client, people["ent"], PNG, headers={"Origin": SHOP})
    assert (answer.status_code, len(json.loads(answer.content))) == (200, 1)
    expect_leave(answer, SHOP)


CALLS = [
    *(("POST", UPLOAD), ("GET", IMAGES), ("GET", f"{IMAGES}/some-id"), ("DELETE", f"{IMAGES}?ids=some-id")),
    *(("POST", ENHANCE), ("PATCH", ENHANCE)),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_page_of_the_enterprise_reads_every_answer_and_no_other_page_any(
    client: Client, people: dict[str, User], method: str, path: str
) -> None:
    answer = call(client, method, path, user=people["ent"], headers={"Origin": SHOP})
    assert answer.status_code in (200, 204, 400, 404, 405)
    expect_leave(answer, SHOP)
    answer = call(client, method, path, user=people["ent"], headers={"Origin": "https://evil.example"})
    assert message(answer, 403) == "This origin is not registered"
    expect_no_leave(answer)


@pytest.mark.parametrize("origin", [origin for origin in TAKEN if "rival" not in origin])
def test_a_registered_host_may_call_however_it_is_written(client: Client, people: dict[str, User], origin: str) -> None:
    answer = call(client, "GET", IMAGES, user=people["ent"], headers={"Origin": origin})
    assert answer.status_code == 200
    expect_leave(answer, origin)


@pytest.mark.parametrize("origin", [*REFUSED, "https://rival.example.com"])
def test_a_page_elsewhere_is_403_with_whatever_token(client: Client, people: dict[str, User], origin: str) -> None:
    answer = call(client, "GET", IMAGES, user=people["ent"], headers={"Origin": origin})
    assert message(answer, 403) == "This origin is not registered"
    expect_no_leave(answer)


@pytest.mark.parametrize("origin", [SHOP, "https://evil.example", "null"])
@pytest.mark.parametrize("name", ["pro", "free"])
def test_a_page_needs_the_enterprise_plan(client: Client, people: dict[str, User], name: str, origin: str) -> None:
    answer = send_form(client, ENHANCE, {"images": file(PNG)}, user=people[name], headers={"Origin": origin})
    assert message(answer, 403, ENHANCE) == "Enterprise plan required"
    expect_no_leave(answer)


def test_a_page_on_its_own_host_cannot_use_anothers_token(client: Client, people: dict[str, User]) -> None:
    answer = call(client, "GET", IMAGES, user=people["rival"], headers={"Origin": SHOP})
    message(answer, 403)
    expect_no_leave(answer)


def test_a_registered_page_may_read_that_its_token_is_bad_and_no_other_may(client: Client) -> None:
    answer = call(client, "GET", IMAGES, user="bad", headers={"Origin": SHOP})
    message(answer, 401)
    expect_leave(answer, SHOP)
    answer = call(client, "GET", IMAGES, user="bad", headers={"Origin": "https://evil.example"})
    message(answer, 401)
    expect_no_leave(answer)


def test_a_registered_page_may_read_that_the_credits_are_used_up(
    client: Client, people: dict[str, User], node: Any
) -> None:
    Account.objects.update(credits=0)
    answer = enhance(client, people["ent"], PNG, headers={"Origin": SHOP})
    message(answer, 403, ENHANCE)
    expect_leave(answer, SHOP)


def test_a_domain_that_is_taken_away_bites_at_once(client: Client, people: dict[str, User]) -> None:
    assert call(client, "GET", IMAGES, user=people["ent"], headers={"Origin": SHOP}).status_code == 200
    Domain.objects.filter(host="shop.example.com").delete()
    assert call(client, "GET", IMAGES, user=people["ent"], headers={"Origin": SHOP}).status_code == 403


def test_a_call_without_an_origin_is_a_servers(client: Client, people: dict[str, User]) -> None:
    answer = call(client, "GET", IMAGES, user=people["ent"])
    assert answer.status_code == 200
    expect_no_leave(answer)


# --- Logging in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ent", "rival", "pro"])
def test_a_registered_page_may_log_anybody_in(client: Client, people: dict[str, User], name: str) -> None:
    answer = log_in(client, f"{name}@example.com", headers={"Origin": SHOP})
    assert answer.status_code == 200
    expect_leave(answer, SHOP)


def test_a_registered_page_may_read_that_a_password_is_wrong(client: Client) -> None:
    answer = log_in(client, "ent@example.com", "wrong", headers={"Origin": SHOP})
    message(answer, 401, LOGIN)
    expect_leave(answer, SHOP)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://shop.example.com"])
def test_any_other_page_may_not_log_in_and_learns_nothing_of_the_password(client: Client, origin: str) -> None:
    right, wrong = (
        log_in(client, "ent@example.com", password, headers={"Origin": origin}) for password in ("pw", "wrong")
    )
    assert message(right, 403, LOGIN) == message(wrong, 403, LOGIN)
    expect_no_leave(right)
