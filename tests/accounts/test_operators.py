"""The first operator: the link that is printed, the page where it leads, and the command that makes others."""

import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.errors import BadCredentials
from accounts.models import Account, AuditEntry, SetupLink, User
from accounts.operators import has_operator, make_setup_link, use_setup_link
from tests.terminal import type_at_terminal

pytestmark = pytest.mark.django_db

PUBLIC_URL = "https://photos.example.com"
PAGE = "/accounts/setup/"
DONE = "/accounts/setup/done/"
EMAIL = "op@photos.example.com"
PASSWORD = "correct horse battery"
NO_LONGER = "This link is not good"
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def public_url(settings: Any) -> None:
    settings.PHOTOMILL_PUBLIC_URL = PUBLIC_URL


def new_link() -> str:
    link = make_setup_link()
    assert link is not None
    assert link.startswith(f"{PUBLIC_URL}{PAGE}")
    return link.removeprefix(PUBLIC_URL)


def secret_of(link: str) -> str:
    return link.rstrip("/").rpartition("/")[2]


def send(client: Client, **more: str) -> Any:
    return client.post(PAGE, {"email": EMAIL, "password1": PASSWORD, "password2": PASSWORD, **more})


def is_refused(client: Client, link: str) -> bool:
    return NO_LONGER in client.get(link, follow=True).content.decode()


# --- the link ----------------------------------------------------------------------------------------------------


def test_nobody_comes_with_a_new_database() -> None:
    assert not User.objects.exists()
    assert not has_operator()


def test_the_link_makes_an_operator_who_can_log_in(client: Client) -> None:
    assert client.get(new_link(), follow=True).status_code == 200
    assert send(client)["Location"] == DONE
    user = User.objects.get()
    assert (user.email, user.is_operator, user.is_superuser) == (EMAIL, True, True)
    assert "The operator is set up" in client.get(DONE).content.decode()
    assert client.get("/admin/").status_code == 302  # nobody is logged in by it
    client.post("/admin/login/", {"username": EMAIL, "password": PASSWORD})
    assert client.get("/admin/").status_code == 200


def test_the_secret_leaves_the_address_before_anything_is_shown(client: Client) -> None:
    link = new_link()
    answer = client.get(link, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert secret_of(link) not in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_only_the_hash_of_the_secret_is_kept(client: Client) -> None:
    link = new_link()
    assert secret_of(link) not in str(SetupLink.objects.values())


def test_it_is_good_once(client: Client) -> None:
    link = new_link()
    client.get(link)
    send(client)
    another = Client()
    assert is_refused(another, link)
    answer = send(another, email="second@photos.example.com")
    assert NO_LONGER in answer.content.decode()
    assert User.objects.count() == 1


def test_a_newer_link_takes_its_place(client: Client) -> None:
    old, new = new_link(), new_link()
    assert is_refused(Client(), old)
    assert not is_refused(Client(), new)


@pytest.mark.parametrize(("hours", "refused"), [(23.9, False), (24.1, True)])
def test_it_is_good_for_a_day(hours: float, refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    link = new_link()
    client = Client()
    client.get(link)
    later = timezone.now() + timedelta(hours=hours)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert is_refused(client, link) is refused
    send(client)
    assert has_operator() is not refused


@pytest.mark.parametrize("how", ["by the command", "inactive"])
def test_it_is_no_longer_good_and_none_is_made_once_there_is_an_operator(client: Client, how: str) -> None:
    link = new_link()
    User.objects.create_superuser("other@photos.example.com", PASSWORD, is_active=how != "inactive")
    assert make_setup_link() is None
    assert is_refused(client, link)
    send(client)
    assert User.objects.count() == 1


def test_people_of_an_account_are_no_operators() -> None:
    account = Account.objects.create(name="acme")
    User.objects.create_user("ada@acme.example", PASSWORD, account=account, is_staff=True)
    User.objects.create_user("lost@acme.example", PASSWORD)
    assert make_setup_link() is not None


@pytest.mark.parametrize("path", ["x/", f"{'a' * 43}/", "%00/"])
def test_a_made_up_link_opens_nothing(client: Client, path: str) -> None:
    new_link()
    assert is_refused(client, f"{PAGE}{path}")
    send(client)
    assert not User.objects.exists()


def test_the_page_without_a_link_says_how_to_get_one(client: Client) -> None:
    shown = client.get(PAGE).content.decode()
    assert NO_LONGER in shown
    assert "each start of the server prints a new one" in shown
    assert "<form" not in shown


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"email": "op"}, "valid email"),
        ({"email": ""}, "required"),
        ({"email": "ADA@acme.example"}, "in use already"),
        ({"password1": "12345678", "password2": "12345678"}, "common"),
        ({"password2": "another"}, "match"),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field_and_the_link_stays_good(
    client: Client, sent: dict[str, str], words: str
) -> None:
    User.objects.create_user("ada@acme.example", account=Account.objects.create(name="acme"))
    client.get(new_link())
    answer = send(client, **sent)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not has_operator()
    assert send(client).status_code == 302


def test_a_form_from_another_site_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    client.get(new_link())
    assert send(client).status_code == 403
    assert not User.objects.exists()


def test_it_is_written_down_without_the_password_or_the_secret(client: Client) -> None:
    link = new_link()
    client.get(link)
    send(client)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.account) == ("operator_created", EMAIL, None)
    kept = str(AuditEntry.objects.values())
    assert PASSWORD not in kept
    assert secret_of(link) not in kept


@pytest.mark.django_db(transaction=True)
def test_of_many_who_use_the_link_at_once_one_becomes_operator() -> None:
    secret = secret_of(new_link())
    barrier = threading.Barrier(8)
    outcomes: list[str] = []

    def use(number: int) -> None:
        barrier.wait()
        try:
            outcomes.append(use_setup_link(secret, email=f"{number}@photos.example.com", password=PASSWORD).email)
        except BadCredentials:
            outcomes.append("")
        finally:
            connection.close()

    threads = [threading.Thread(target=use, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes)[:-1] == [""] * 7
    assert [user.email for user in User.objects.all()] == [max(outcomes)]


# --- the commands ------------------------------------------------------------------------------------------------


def test_the_command_prints_a_link_that_works(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("setup_link")
    client.get(capsys.readouterr().out.strip().removeprefix(PUBLIC_URL))
    assert send(client).status_code == 302


def test_the_command_prints_no_link_where_there_is_an_operator(capsys: pytest.CaptureFixture[str]) -> None:
    User.objects.create_superuser(EMAIL, PASSWORD)
    call_command("setup_link")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "There is an operator already" in printed.err


def test_another_operator_is_made_with_a_link_for_the_password(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    User.objects.create_superuser("first@photos.example.com", PASSWORD)
    call_command("create_operator", "Op@photos.example.com", "--link")
    printed = capsys.readouterr()
    place = client.get(printed.out.strip().removeprefix(PUBLIC_URL))["Location"]
    client.post(place, {"new_password1": PASSWORD, "new_password2": PASSWORD})
    user = User.objects.get(email=EMAIL)
    assert user.is_operator
    assert user.check_password(PASSWORD)
    assert "24 hours, and once" in printed.err
    entry = AuditEntry.objects.get(action="operator_created")
    assert (entry.actor, entry.target) == ("manage.py create_operator", EMAIL)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["op", "--link"], "no e-mail address"),
        (["ADA@acme.example", "--link"], "already"),
        ([EMAIL], "no terminal"),
    ],
)
def test_the_command_says_why_it_makes_nobody(
    arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.create_user("ada@acme.example", account=Account.objects.create(name="acme"))
    with Path(os.devnull).open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        with pytest.raises(CommandError, match=words):
            call_command("create_operator", *arguments)
    assert not has_operator()


@pytest.mark.parametrize(
    ("typed", "words", "made"),
    [
        ([PASSWORD, PASSWORD], "is an operator", 1),
        ([PASSWORD, "another"], "two different passwords", 0),
        (["12345678", "12345678"], "too common", 0),
    ],
)
def test_the_command_asks_for_the_password_at_the_terminal(
    typed: list[str], words: str, made: int, tmp_path: Path
) -> None:
    env = {
        **os.environ,
        "PHOTOMILL_DATA_DIR": str(tmp_path),
        "DATABASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=env, check=True)
    seen = type_at_terminal([sys.executable, "manage.py", "create_operator", EMAIL], typed, env=env, folder=ROOT)
    assert words in seen
    assert not any(word in seen for word in typed)
    code = "import django; django.setup(); from accounts.models import User; print(User.objects.count())"
    count = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert count.stdout.split()[-1] == str(made)
