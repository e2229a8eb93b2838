"""The page Security: setting the second step up, recovery codes, taking it away, logging out everywhere."""

import re
import time
from typing import Any

import pytest
from django.test import Client

from accounts.errors import BadCredentials
from accounts.models import AuditEntry, Authenticator, RecoveryCode, User
from accounts.second_factor import check_code, is_set_up
from accounts.tokens import issue_token, read_token
from tests.accounts.codes import code_at, code_now
from tests.admin.tenants import PASSWORD

pytestmark = pytest.mark.django_db

PAGE = "/admin/security/"
SET_UP = f"{PAGE}set-up/"
CODES = f"{PAGE}recovery-codes/"
TAKE_AWAY = f"{PAGE}take-away/"
OUT = f"{PAGE}log-out-everywhere/"
A_CODE = re.compile(r"(?:[a-z2-7]{4}-){3}[a-z2-7]{4}\b(?!-)")


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@photomill.example", PASSWORD, is_staff=True)


@pytest.fixture
def browser(ada: User) -> Client:
    return log_in()


def log_in() -> Client:
    client = Client()
    client.post("/admin/login/", {"username": "ada@photomill.example", "password": PASSWORD})
    return client


def set_up(browser: Client, ada: User) -> list[str]:
    """Set the step up with the code of now, so that the next half minute's is a new one; the recovery codes."""
    browser.get(PAGE)
    return A_CODE.findall(browser.post(SET_UP, {"code": code_now(ada)}).content.decode())


def last_action() -> str:
    return str(AuditEntry.objects.order_by("-pk").values_list("action", flat=True)[0])


def test_the_page_shows_a_picture_and_a_key_and_loads_nothing_from_elsewhere(browser: Client, ada: User) -> None:
    answer = browser.get(PAGE)
    shown = answer.content.decode()
    secret = Authenticator.objects.get().secret
    assert '<svg viewBox="0 0' in shown
    assert "-".join(re.findall("....", secret)).lower() in shown
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", shown)
    assert "no-store" in answer["Cache-Control"]


def test_a_right_code_sets_it_up_and_shows_ten_recovery_codes_once(browser: Client, ada: User) -> None:
    browser.get(PAGE)
    answer = browser.post(SET_UP, {"code": code_now(ada)})
    codes = A_CODE.findall(answer.content.decode())
    assert answer.status_code == 200
    assert len({*codes}) == 10
    assert "no-store" in answer["Cache-Control"]
    assert is_set_up(ada)
    assert last_action() == "second_step_set_up"
    assert browser.get("/admin/").status_code == 200
    later = browser.get(PAGE).content.decode()
    assert not A_CODE.findall(later)
    assert "Recovery codes left: <b>10</b>" in later


def test_the_secret_is_not_shown_again_once_it_is_set_up(browser: Client, ada: User) -> None:
    set_up(browser, ada)
    secret = Authenticator.objects.get().secret.lower()
    for path in (PAGE, "/admin/", f"/admin/accounts/user/{ada.pk}/change/"):
        shown = browser.get(path).content.decode().lower()
        assert secret not in shown.replace("-", "")
        assert "<svg viewbox" not in shown


def test_a_wrong_code_leaves_the_picture_as_it_is(browser: Client, ada: User) -> None:
    browser.get(PAGE)
    secret = Authenticator.objects.get().secret
    answer = browser.post(SET_UP, {"code": "12345"})
    assert answer.status_code == 400
    assert "not the one that the app shows" in answer.content.decode()
    assert Authenticator.objects.get().secret == secret
    assert not is_set_up(ada)


def test_what_was_not_started_cannot_be_finished_nor_done_twice(browser: Client, ada: User) -> None:
    assert browser.post(SET_UP, {"code": "123456"})["Location"] == PAGE
    codes = set_up(browser, ada)
    assert browser.post(SET_UP, {"code": code_now(ada, steps=1)})["Location"] == PAGE
    assert RecoveryCode.objects.count() == len(codes)


def test_other_browsers_and_tokens_end_when_it_is_set_up_and_this_one_goes_on(browser: Client, ada: User) -> None:
    other, token = log_in(), issue_token(ada, address=None, agent="")
    assert other.get("/admin/").status_code == 200
    set_up(browser, ada)
    assert browser.get("/admin/").status_code == 200
    assert other.get("/admin/").status_code == 302
    with pytest.raises(BadCredentials):
        read_token(token)


def test_new_recovery_codes_take_a_code(browser: Client, ada: User) -> None:
    old = set_up(browser, ada)
    refused = browser.post(CODES, {"code": "999"})
    assert refused.status_code == 400
    assert not A_CODE.findall(refused.content.decode())
    assert last_action() == "second_step_failed"
    answer = browser.post(CODES, {"code": code_now(ada, steps=1)})
    new = A_CODE.findall(answer.content.decode())
    assert len(new) == 10
    assert not {*new} & {*old}
    assert last_action() == "recovery_codes_replaced"
    assert check_code(ada, new[0]) == "recovery code"


def test_it_is_taken_away_with_a_code_alone(browser: Client, ada: User) -> None:
    codes = set_up(browser, ada)
    assert browser.post(TAKE_AWAY, {}).status_code == 400
    assert browser.post(TAKE_AWAY, {"code": "000"}).status_code == 400
    assert is_set_up(ada)
    assert browser.post(TAKE_AWAY, {"code": codes[0]})["Location"] == PAGE
    assert not is_set_up(ada)
    assert last_action() == "second_step_removed"
    assert browser.get("/admin/").status_code == 200


def test_where_it_is_required_taking_it_away_leads_to_setting_it_up(browser: Client, ada: User, settings: Any) -> None:
    settings.PHOTOMILL_REQUIRE_2FA = "operators"
    codes = set_up(browser, ada)
    assert browser.get("/admin/").status_code == 200
    browser.post(TAKE_AWAY, {"code": codes[0]})
    assert browser.get("/admin/")["Location"] == PAGE


def test_logging_out_everywhere_ends_every_session_and_token(browser: Client, ada: User) -> None:
    other, token = log_in(), issue_token(ada, address=None, agent="")
    answer = browser.post(OUT, follow=True)
    assert "You are logged out everywhere" in answer.content.decode()
    assert browser.get("/admin/").status_code == 302
    assert other.get("/admin/").status_code == 302
    with pytest.raises(BadCredentials):
        read_token(token)
    assert last_action() == "sessions_ended"


@pytest.mark.parametrize("path", [SET_UP, CODES, TAKE_AWAY, OUT])
def test_nothing_is_done_by_looking_nor_from_another_site(browser: Client, ada: User, path: str) -> None:
    assert browser.get(path).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    assert strict.post(path, {"code": "1"}).status_code == 403
    assert browser.get("/admin/").status_code == 200


@pytest.mark.parametrize("path", [PAGE, SET_UP, CODES, TAKE_AWAY, OUT])
def test_strangers_are_sent_to_the_login(client: Client, path: str) -> None:
    for answer in (client.get(path), client.post(path, {"code": "1"})):
        assert answer["Location"].startswith("/admin/login/")


def test_the_menu_leads_here_and_to_the_password(browser: Client, ada: User) -> None:
    shown = browser.get("/admin/").content.decode()
    assert f'href="{PAGE}"' in shown
    assert 'href="/admin/password_change/"' in shown


# --- the password ------------------------------------------------------------------------------------------------


def change(browser: Client, old: str, new: str = "another horse battery") -> Any:
    sent = {"old_password": old, "new_password1": new, "new_password2": new}
    return browser.post("/admin/password_change/", sent)


def test_a_changed_password_is_written_down_and_ends_the_other_browsers(browser: Client, ada: User) -> None:
    other = log_in()
    assert change(browser, PASSWORD).status_code == 302
    assert browser.get("/admin/").status_code == 200
    assert other.get("/admin/").status_code == 302
    assert last_action() == "password_changed"
    assert "horse" not in str(AuditEntry.objects.values())


def test_the_old_password_is_guessed_at_no_oftener_than_at_the_login(browser: Client, ada: User) -> None:
    for _ in range(10):
        assert change(browser, "wrong").status_code == 200
    answer = change(browser, PASSWORD)
    assert answer["Location"] == "/admin/password_change/"
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


# --- of others ---------------------------------------------------------------------------------------------------


def test_an_operator_takes_somebody_elses_step_away_and_never_their_own_so(browser: Client, ada: User) -> None:
    from tests.accounts import codes as app

    bob = User.objects.create_user("bob@photomill.example", PASSWORD, is_staff=True)
    path = f"/admin/accounts/user/{bob.pk}/take-second-step-away/"
    change_page = f"/admin/accounts/user/{bob.pk}/change/"
    assert path not in browser.get(change_page).content.decode()
    app.set_up(bob)
    assert path in browser.get(change_page).content.decode()
    assert browser.post(path).status_code == 302
    assert not is_set_up(bob)
    entry = AuditEntry.objects.get(action="second_step_removed")
    assert (entry.actor, entry.target) == (ada.email, f"user {bob.email}")
    set_up(browser, ada)
    own = browser.post(f"/admin/accounts/user/{ada.pk}/take-second-step-away/", follow=True)
    assert "on the page Security" in own.content.decode()
    assert is_set_up(ada)


def test_the_code_of_the_setup_is_of_now(browser: Client, ada: User) -> None:
    browser.get(PAGE)
    old = code_at(Authenticator.objects.get(), time.time() - 600)
    assert browser.post(SET_UP, {"code": old}).status_code == 400
