"""Logging in to the admin: counted with the API, written down, and in two steps for whoever has set them up."""

import time
from typing import Any

import pytest
from django.contrib.sessions.models import Session as BrowserSession
from django.test import Client
from django.urls import reverse

from accounts.logins import TRIES, WRONG
from accounts.models import Account, AuditEntry, Role, User
from accounts.second_factor import finish_setup, start_setup
from accounts.tokens import revoke_all
from tests.accounts.codes import code_at, code_now, set_up
from tests.admin.tenants import PASSWORD

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"
CODE = "/admin/login/code/"
API_LOGIN = "/auth/v1/login"
INDEX = "/admin/"


@pytest.fixture
def ada() -> User:
    account = Account.objects.create(name="acme", plan="pro")
    return User.objects.create_user("ada@acme.example", PASSWORD, account=account, role=Role.OWNER, is_staff=True)


@pytest.fixture
def stepped(ada: User) -> User:
    """Ada, with a second step that she set up some time ago."""
    set_up(ada, at=time.time() - 600)
    ada.refresh_from_db()
    return ada


def log_in(client: Client, email: str = "ada@acme.example", password: str = PASSWORD, **more: Any) -> Any:
    return client.post(LOGIN, {"username": email, "password": password}, **more)


def is_inside(client: Client) -> bool:
    return client.get(INDEX).status_code == 200


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def test_the_page_has_our_form_and_a_way_to_a_new_password(client: Client) -> None:
    shown = client.get(LOGIN)
    assert shown.status_code == 200
    assert reverse("admin:login") == LOGIN
    assert reverse("admin_password_reset") in shown.content.decode()
    assert "Welcome back to" in shown.content.decode()


def test_a_person_logs_in_and_that_is_written_down(client: Client, ada: User) -> None:
    answer = log_in(client, "ADA@acme.example")
    assert (answer.status_code, answer["Location"]) == (302, INDEX)
    assert is_inside(client)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.account, entry.address) == ("login", ada.email, ada.account, "127.0.0.1")
    assert entry.details == {"way": "admin"}


def test_whoever_is_inside_is_not_asked_again(client: Client, ada: User) -> None:
    log_in(client)
    assert client.get(LOGIN)["Location"] == INDEX


@pytest.mark.parametrize(
    ("wanted", "got"),
    [("/admin/jobs/job/", "/admin/jobs/job/"), ("https://evil.example/", INDEX), ("//evil.example/", INDEX)],
)
def test_a_login_leads_to_the_page_that_was_asked_for_on_this_server_alone(
    client: Client, ada: User, wanted: str, got: str
) -> None:
    sent = {"username": ada.email, "password": PASSWORD, "next": wanted}
    assert client.post(LOGIN, sent)["Location"] == got


def test_a_wrong_password_is_written_down_for_the_account_it_was_tried_on(client: Client, ada: User) -> None:
    answer = log_in(client, password="wrong")
    assert answer.status_code == 200
    assert WRONG in answer.content.decode()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.account) == ("login_failed", ada.email, ada.account)
    assert "wrong" not in str(AuditEntry.objects.values())
    assert not is_inside(client)


@pytest.mark.parametrize("case", ["nobody", "no staff", "inactive", "no password"])
def test_everybody_who_may_not_log_in_is_told_the_same(client: Client, ada: User, case: str) -> None:
    told = refusal(log_in(client, password="wrong"))
    email = "nobody@acme.example" if case == "nobody" else ada.email
    ada.is_staff, ada.is_active = case != "no staff", case != "inactive"
    if case == "no password":
        ada.set_unusable_password()
    ada.save()
    assert refusal(log_in(client, email)) == told
    assert not is_inside(client)


def refusal(answer: Any) -> tuple[int, list[str]]:
    return answer.status_code, list(answer.context["form"].non_field_errors())


def test_the_admin_and_the_api_share_one_count_of_tries(client: Client, ada: User) -> None:
    for number in range(TRIES):
        if number % 2:
            log_in(client, password="wrong")
        else:
            client.post(API_LOGIN, {"email": ada.email, "password": "wrong"})
    refused = log_in(client)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert "Too many requests" in refused.content.decode()
    assert client.post(API_LOGIN, {"email": ada.email, "password": PASSWORD}).status_code == 429
    assert not is_inside(client)
    assert actions() == ["login_failed"] * TRIES


def test_another_person_is_not_shut_out_with_her(client: Client, ada: User) -> None:
    User.objects.create_user("bob@acme.example", PASSWORD, account=ada.account, is_staff=True)
    for _ in range(TRIES):
        log_in(client, password="wrong")
    assert log_in(client, "bob@acme.example").status_code == 302


def test_logging_out_is_written_down_and_ends_the_session(client: Client, ada: User) -> None:
    log_in(client)
    assert client.get("/admin/logout/").status_code == 405
    assert is_inside(client)
    assert client.post("/admin/logout/").status_code == 200
    assert not is_inside(client)
    assert actions() == ["login", "logout"]


# --- the second step ---------------------------------------------------------------------------------------------


def test_the_password_alone_opens_nothing(client: Client, stepped: User) -> None:
    answer = log_in(client)
    assert (answer.status_code, answer["Location"]) == (302, CODE)
    assert not is_inside(client)
    assert client.get("/admin/security/").status_code == 302
    assert "login" not in actions()
    assert all("_auth_user_id" not in row.get_decoded() for row in BrowserSession.objects.all())


def test_the_second_step_opens_and_leads_where_the_first_was_going(client: Client, stepped: User) -> None:
    client.post(LOGIN, {"username": stepped.email, "password": PASSWORD, "next": "/admin/jobs/job/"})
    before = client.session.session_key
    answer = client.post(CODE, {"code": code_now(stepped)})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/jobs/job/")
    assert client.session.session_key != before
    assert is_inside(client)
    assert AuditEntry.objects.get(action="login").details == {"way": "admin", "second_step": "app"}


def test_a_recovery_code_opens_too(client: Client, ada: User) -> None:
    started = start_setup(ada)
    now = time.time()
    codes = finish_setup(started, code_at(started, now), at=now)
    log_in(client)
    assert client.post(CODE, {"code": codes[3]}).status_code == 302
    assert is_inside(client)
    assert AuditEntry.objects.get(action="login").details["second_step"] == "recovery code"


def test_a_wrong_code_is_written_down_and_after_five_nobody_looks_at_more(client: Client, stepped: User) -> None:
    log_in(client)
    for _ in range(5):
        assert client.post(CODE, {"code": "not-a-code"}).status_code == 200
    refused = client.post(CODE, {"code": code_now(stepped)})
    assert refused.status_code == 429
    assert not is_inside(client)
    assert actions().count("second_step_failed") == 5


def test_the_second_step_without_the_first_leads_back(client: Client, stepped: User) -> None:
    for answer in (client.get(CODE), client.post(CODE, {"code": code_now(stepped)})):
        assert (answer.status_code, answer["Location"]) == (302, LOGIN)


def test_the_second_step_has_five_minutes(client: Client, stepped: User) -> None:
    log_in(client)
    session = client.session
    session["login"] |= {"at": time.time() - 301}
    session.save()
    answer = client.post(CODE, {"code": code_now(stepped)}, follow=True)
    assert answer.redirect_chain == [(LOGIN, 302)]
    assert "within five minutes" in answer.content.decode()


@pytest.mark.parametrize("case", ["all sessions ended", "deactivated"])
def test_the_first_step_is_forgotten_when_the_person_is(client: Client, stepped: User, case: str) -> None:
    log_in(client)
    if case == "deactivated":
        User.objects.update(is_active=False)
    else:
        revoke_all(stepped)
    assert client.post(CODE, {"code": code_now(stepped)})["Location"] == LOGIN


def test_a_session_from_before_the_second_step_ends_with_it(client: Client, ada: User) -> None:
    log_in(client)
    assert is_inside(client)
    set_up(ada)
    assert not is_inside(client)


def test_the_password_that_is_typed_is_in_no_page_and_no_session(client: Client, stepped: User) -> None:
    log_in(client)
    assert PASSWORD not in client.get(CODE).content.decode()
    assert PASSWORD not in str([row.get_decoded() for row in BrowserSession.objects.all()])
    assert PASSWORD not in log_in(client, "nobody@acme.example").content.decode()


# --- where it is required ----------------------------------------------------------------------------------------


@pytest.fixture
def operator() -> User:
    return User.objects.create_user("op@photomill.example", PASSWORD, is_staff=True)


def test_an_operator_who_must_have_it_gets_to_nothing_else_before(
    client: Client, operator: User, settings: Any
) -> None:
    settings.PHOTOMILL_REQUIRE_2FA = "operators"
    log_in(client, operator.email)
    for path in (INDEX, "/admin/accounts/user/", "/admin/thumbnails/item/1/", "/admin/no/such/page/"):
        answer = client.get(path)
        assert (answer.status_code, answer.get("Location")) == (302, "/admin/security/"), path
    assert client.post("/admin/accounts/user/add/", {}).status_code == 302
    shown = client.get("/admin/security/")
    assert shown.status_code == 200
    assert "nothing else opens before" in shown.content.decode()
    assert client.get("/admin/jsi18n/").status_code == 200
    assert client.post("/admin/logout/").status_code == 200


def test_the_setting_bites_sessions_that_are_open_already(client: Client, operator: User, settings: Any) -> None:
    log_in(client, operator.email)
    assert is_inside(client)
    settings.PHOTOMILL_REQUIRE_2FA = "operators"
    assert client.get(INDEX)["Location"] == "/admin/security/"


def test_people_of_whom_it_is_not_required_go_on_without(client: Client, ada: User, settings: Any) -> None:
    settings.PHOTOMILL_REQUIRE_2FA = "operators"
    log_in(client)
    assert is_inside(client)
    settings.PHOTOMILL_REQUIRE_2FA = "staff"
    assert client.get(INDEX)["Location"] == "/admin/security/"


def test_a_session_without_the_step_of_somebody_who_has_set_it_up_is_ended(
    client: Client, stepped: User, settings: Any
) -> None:
    settings.PHOTOMILL_REQUIRE_2FA = "staff"
    client.force_login(stepped)
    assert client.get(INDEX)["Location"] == LOGIN
    assert not client.session.get("_auth_user_id")


def test_whoever_has_set_it_up_is_asked_though_nobody_requires_it(client: Client, stepped: User, settings: Any) -> None:
    settings.PHOTOMILL_REQUIRE_2FA = "off"
    assert log_in(client)["Location"] == CODE
