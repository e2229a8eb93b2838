"""The second step: RFC 6238's codes, each good once and not for long, and recovery codes."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django_otp.oath import hotp

from accounts import second_factor
from accounts.errors import BadCredentials, TooManyRequests
from accounts.models import Account, AuditEntry, Authenticator, RecoveryCode, User
from accounts.second_factor import check_code, finish_setup, forget, is_required, is_set_up, start_setup
from accounts.tokens import issue_token, read_token
from tests.accounts.codes import AT, code_at, set_up

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com", "right", is_staff=True)


def is_good(user: User, code: str, at: float = AT) -> bool:
    try:
        check_code(user, code, at=at)
    except BadCredentials:
        return False
    return True


def test_the_codes_are_those_of_the_rfc() -> None:
    # RFC 6238 appendix B, SHA-1, the last six of its eight digits.
    key = b"12345678901234567890"
    for at, code in {59: 287082, 1111111109: 81804, 1234567890: 5924, 20000000000: 353130}.items():
        assert hotp(key, at // 30) == code


def test_a_started_setup_counts_for_nothing_before_its_first_code(ada: User) -> None:
    started = start_setup(ada)
    assert not is_set_up(ada)
    assert not is_good(ada, code_at(started))
    with pytest.raises(BadCredentials):
        finish_setup(started, "000000" if code_at(started) != "000000" else "111111", at=AT)
    assert not is_set_up(ada)
    finish_setup(started, code_at(started), at=AT)
    assert is_set_up(ada)


def test_starting_again_replaces_the_secret(ada: User) -> None:
    first = start_setup(ada)
    second = start_setup(ada)
    assert first.secret != second.secret
    assert second_factor.find_setup(ada) == second
    with pytest.raises(BadCredentials):
        finish_setup(first, code_at(first), at=AT)


def test_the_secret_is_160_bits_and_encrypted_at_rest(ada: User) -> None:
    started = start_setup(ada)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM accounts_authenticator")
        (kept,) = cursor.fetchone()
    assert re.fullmatch(r"[A-Z2-7]{32}", started.secret)
    assert kept.startswith("gAAAA")
    assert started.secret not in kept


def test_the_first_code_is_used_up_by_the_setup(ada: User) -> None:
    started = start_setup(ada)
    finish_setup(started, code_at(started), at=AT)
    assert not is_good(ada, code_at(started))


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_is_good_in_its_own_half_minute_and_those_beside_it(ada: User, steps: int, good: bool) -> None:
    authenticator = set_up(ada)
    later = AT + 3600
    assert is_good(ada, code_at(authenticator, later + 30 * steps), at=later) is good


def test_a_code_is_good_once(ada: User) -> None:
    authenticator = set_up(ada)
    code = code_at(authenticator, AT + 60)
    assert is_good(ada, code, at=AT + 60)
    assert not is_good(ada, code, at=AT + 60)
    assert not is_good(ada, code, at=AT + 75)


def test_a_code_from_before_the_last_one_is_no_longer_good(ada: User) -> None:
    authenticator = set_up(ada)
    assert is_good(ada, code_at(authenticator, AT + 90), at=AT + 60)
    assert not is_good(ada, code_at(authenticator, AT + 60), at=AT + 60)


def test_of_many_who_come_with_one_code_at_once_one_is_let_in(ada: User) -> None:
    authenticator = set_up(ada)
    code = code_at(authenticator, AT + 60)
    start = threading.Barrier(4)

    def come(_: int) -> bool:
        start.wait()
        try:
            return is_good(ada, code, at=AT + 60)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(come, range(4))) == [False, False, False, True]


@pytest.mark.parametrize("code", ["", " ", "12345", "1234567", "abcdef", "１２３４５６", "-1234", "1e5000", "0x1234"])
def test_what_is_no_code_is_refused(ada: User, code: str) -> None:
    set_up(ada)
    assert not is_good(ada, code)


def test_spaces_and_hyphens_do_not_matter(ada: User) -> None:
    code = code_at(set_up(ada), AT + 60)
    assert is_good(ada, f" {code[:3]} {code[3:]} ", at=AT + 60)


def test_a_wrong_code_can_be_tried_five_times_a_quarter_of_an_hour(ada: User) -> None:
    authenticator = set_up(ada)
    assert [is_good(ada, "000000") for _ in range(5)] == [False] * 5
    with pytest.raises(TooManyRequests) as refused:
        check_code(ada, code_at(authenticator, AT + 60), at=AT + 60)
    assert 0 < refused.value.retry_after_seconds <= 15 * 60


def test_right_codes_are_not_counted(ada: User) -> None:
    authenticator = set_up(ada)
    for number in range(1, 12):
        assert is_good(ada, code_at(authenticator, AT + 30 * number), at=AT + 30 * number)


def test_a_day_has_twenty_tries_however_they_are_spread(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(ada)
    now = [float(86_400 * 20_000)]
    monkeypatch.setattr("accounts.limits.time.time", lambda: now[0])
    for _ in range(20):
        assert not is_good(ada, "000000")
        now[0] += 30 * 60
    with pytest.raises(TooManyRequests):
        check_code(ada, "000000", at=AT)


# --- recovery codes ----------------------------------------------------------------------------------------------


def test_ten_recovery_codes_of_80_bits_are_given_and_kept_as_hashes(ada: User) -> None:
    started = start_setup(ada)
    codes = finish_setup(started, code_at(started), at=AT)
    assert len({*codes}) == 10
    assert all(re.fullmatch(r"([a-z2-7]{4}-){3}[a-z2-7]{4}", code) for code in codes)
    kept = str(list(RecoveryCode.objects.values()))
    assert not any(code in kept or code.replace("-", "").upper() in kept for code in codes)


def test_a_recovery_code_opens_once_however_it_is_typed(ada: User) -> None:
    started = start_setup(ada)
    first, second, *_ = finish_setup(started, code_at(started), at=AT)
    assert check_code(ada, first.upper().replace("-", " "), at=AT) == "recovery code"
    assert not is_good(ada, first)
    assert check_code(ada, second, at=AT) == "recovery code"
    assert second_factor.count_recovery_codes(ada) == 8


def test_new_recovery_codes_end_the_old_ones(ada: User) -> None:
    started = start_setup(ada)
    old = finish_setup(started, code_at(started), at=AT)
    new = second_factor.replace_recovery_codes(ada)
    assert not is_good(ada, old[0])
    assert is_good(ada, new[0])


def test_another_persons_codes_open_nothing(ada: User) -> None:
    bob = User.objects.create_user("bob@example.com", "right")
    set_up(ada)
    started = start_setup(bob)
    codes = finish_setup(started, code_at(started), at=AT)
    assert not is_good(ada, codes[0])
    assert not is_good(ada, code_at(started, AT + 60), at=AT + 60)


# --- setting up and taking away ----------------------------------------------------------------------------------


def test_setting_up_and_taking_away_end_every_token(ada: User) -> None:
    for change in (set_up, forget):
        token = issue_token(ada, address=None, agent="")
        assert read_token(token) == ada
        change(ada)
        with pytest.raises(BadCredentials):
            read_token(token)
        ada.refresh_from_db()


def test_after_taking_away_nothing_is_left(ada: User) -> None:
    set_up(ada)
    assert forget(ada)
    assert not is_set_up(ada)
    assert not Authenticator.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert not forget(ada)


def test_the_command_takes_the_step_away_and_says_so(ada: User, capsys: pytest.CaptureFixture[str]) -> None:
    set_up(ada)
    call_command("reset_2fa", "ADA@example.com")
    assert not is_set_up(ada)
    assert "ada@example.com" in capsys.readouterr().out
    entry = AuditEntry.objects.get(action="second_step_removed")
    assert (entry.actor, entry.target) == ("manage.py reset_2fa", "ada@example.com")


@pytest.mark.parametrize(("email", "words"), [("ada@example.com", "no second step"), ("x@example.com", "nobody")])
def test_the_command_says_what_it_cannot_do(ada: User, email: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("reset_2fa", email)


# --- what the app reads ------------------------------------------------------------------------------------------


def test_the_apps_address_names_server_person_and_secret(ada: User, settings: Any) -> None:
    settings.PHOTOMILL_PUBLIC_URL = "https://photos.example.com:8443"
    started = start_setup(ada)
    address = urlsplit(second_factor.to_address(started))
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert unquote(address.path) == "/Photomill photos.example.com:ada@example.com"
    assert parse_qs(address.query) == {
        "secret": [started.secret],
        "issuer": ["Photomill photos.example.com"],
        "digits": ["6"],
        "period": ["30"],
    }


def test_the_picture_is_drawn_in_the_page_itself(ada: User) -> None:
    picture = second_factor.draw(start_setup(ada))
    assert picture.startswith("<svg")
    assert not re.search(r"https?:|url\(|<script|<image", picture)


# --- of whom it is required --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "required"),
    [("off", set()), ("operators", {"operator"}), ("staff", {"operator", "owner"})],
)
def test_the_setting_says_of_whom_it_is_required(mode: str, required: set[str], settings: Any) -> None:
    account = Account.objects.create(name="acme")
    people = {
        "operator": User.objects.create_user("operator@x.example", is_staff=True),
        "owner": User.objects.create_user("owner@x.example", account=account, role="owner", is_staff=True),
        "outsider": User.objects.create_user("outsider@x.example", account=account, role="owner"),
    }
    settings.PHOTOMILL_REQUIRE_2FA = mode
    assert {name for name, user in people.items() if is_required(user)} == required


@pytest.mark.parametrize(("mode", "faults"), [("operators", []), ("of", ["accounts.E001"]), ("", ["accounts.E001"])])
def test_a_misspelt_setting_stops_the_start(mode: str, faults: list[str], settings: Any) -> None:
    settings.PHOTOMILL_REQUIRE_2FA = mode
    assert [fault.id for fault in run_checks() if fault.id == "accounts.E001"] == faults
