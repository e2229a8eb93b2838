"""Links that set a password: to whom they go, where they lead, how long they are good."""

import re
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from environ import Env
from kombu.exceptions import OperationalError

from accounts import passwords
from accounts.errors import BadCredentials
from accounts.models import Account, AuditEntry, Session, User
from accounts.passwords import make_reset_link, send_reset_link
from accounts.tasks import send_reset_link as mail_task
from accounts.tokens import issue_token, read_token, revoke_all
from tests.accounts.post import PostOffice, open_post_office

pytestmark = pytest.mark.django_db

PUBLIC_URL = "https://photos.example.com"
FORGOT = "/accounts/password/forgot/"
ASKED = "/accounts/password/asked/"
DONE = "/accounts/password/done/"
NEW = "another horse battery"


@pytest.fixture
def ada() -> User:
    account = Account.objects.create(name="acme", plan="pro")
    return User.objects.create_user("ada@acme.example", "old password", account=account, is_staff=True)


@pytest.fixture
def mailing(settings: Any) -> None:
    settings.PHOTOMILL_PUBLIC_URL = PUBLIC_URL
    settings.PHOTOMILL_EMAIL_URL = "smtp://mail.example"
    settings.DEFAULT_FROM_EMAIL = "Photomill <photomill@photos.example.com>"


@pytest.fixture
def rung(mailing: None, monkeypatch: pytest.MonkeyPatch) -> list[list[Any]]:
    """What the broker, the outer edge, was asked to start."""
    found: list[list[Any]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args, **more: found.append([name, *args, more["queue"]]))
    return found


def ask(client: Client, email: str, **more: Any) -> Any:
    return client.post(FORGOT, {"email": email}, **more)


def path_of(link: str) -> str:
    assert link.startswith(f"{PUBLIC_URL}/accounts/password/set/")
    return link.removeprefix(PUBLIC_URL)


def open_link(client: Client, user: User) -> Any:
    """The page that the link leads to, after it was taken out of the address."""
    return client.get(path_of(make_reset_link(user)), follow=True)


def set_password(client: Client, user: User, first: str = NEW, second: str = NEW) -> Any:
    (place, _), *_ = open_link(client, user).redirect_chain
    return client.post(place, {"new_password1": first, "new_password2": second})


# --- asking ------------------------------------------------------------------------------------------------------


def test_the_answer_is_the_same_for_addresses_that_are_known_and_unknown(client: Client, ada: User, rung: Any) -> None:
    known, unknown = ask(client, ada.email), ask(client, "nobody@acme.example")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"]) == (302, ASKED)
    assert known.content == unknown.content
    assert {*known.headers} == {*unknown.headers}
    assert "If somebody here has this address" in client.get(ASKED).content.decode()


def test_nobody_is_looked_up_while_the_caller_waits(client: Client, ada: User, rung: Any) -> None:
    ask(client, "ADA@acme.example")
    ask(client, "nobody@acme.example")
    assert rung == [
        ["send_reset_link", "ada@acme.example", "delivery"],
        ["send_reset_link", "nobody@acme.example", "delivery"],
    ]
    assert mail.outbox == []


def test_asking_is_written_down_for_the_account(client: Client, ada: User, rung: Any) -> None:
    ask(client, ada.email)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.account) == ("password_link_asked", ada.email, ada.account)


def test_an_address_gets_five_mails_an_hour_known_or_not(client: Client, ada: User, rung: Any) -> None:
    for email in (ada.email, "nobody@acme.example"):
        assert [ask(client, email).status_code for _ in range(5)] == [302] * 5
        refused = ask(client, email.upper())
        assert refused.status_code == 429
        assert int(refused["Retry-After"]) > 0
    assert len(rung) == 10


def test_a_caller_gets_thirty_mails_an_hour_for_whomever(client: Client, rung: Any) -> None:
    answers = [ask(client, f"{number}@acme.example").status_code for number in range(31)]
    assert answers == [302] * 30 + [429]
    assert ask(client, "x@acme.example", REMOTE_ADDR="192.0.2.9").status_code == 302


@pytest.mark.parametrize(
    "email", ["", "ada", "ada@", "a" * 300 + "@acme.example", "ada@acme.example\nBcc: x@y.example"]
)
def test_what_is_no_address_is_refused_at_its_field(client: Client, email: str, rung: Any) -> None:
    answer = ask(client, email)
    assert answer.status_code == 200
    assert answer.context["form"].errors["email"]
    assert rung == []


def test_without_mail_the_page_says_who_can_help_and_asks_nothing(client: Client, ada: User, settings: Any) -> None:
    settings.PHOTOMILL_EMAIL_URL = ""
    for answer in (client.get(FORGOT), ask(client, ada.email)):
        shown = answer.content.decode()
        assert answer.status_code == 200
        assert "manage.py reset_link" in shown
        assert "<form" not in shown
    assert not AuditEntry.objects.exists()


def test_a_broker_that_is_down_is_said_to_everybody_alike(
    client: Client, ada: User, mailing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OperationalError("refused")

    monkeypatch.setattr(current_app, "send_task", refuse)
    for email in (ada.email, "nobody@acme.example"):
        answer = ask(client, email)
        assert answer.status_code == 503
        assert "No mail can be sent at the moment" in answer.content.decode()


def test_a_form_from_another_site_is_refused(ada: User, mailing: None) -> None:
    assert ask(Client(enforce_csrf_checks=True), ada.email).status_code == 403


# --- the mail ----------------------------------------------------------------------------------------------------


def test_the_mail_has_a_link_to_the_public_address_whatever_host_was_asked(
    client: Client, ada: User, rung: Any, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    ask(client, ada.email, headers={"host": "evil.example", "x-forwarded-host": "evil.example"})
    ((_, email, _),) = rung
    mail_task(email)
    (sent,) = mail.outbox
    assert sent.to == [ada.email]
    assert sent.from_email == "Photomill <photomill@photos.example.com>"
    links = re.findall(r"https?://\S+", sent.body)
    assert len(links) == 1
    assert path_of(links[0])
    assert "evil" not in sent.body
    assert "24 hours, and once" in sent.body


@pytest.mark.parametrize("email", ["nobody@acme.example", "inactive@acme.example", ""])
def test_nobody_gets_a_mail_who_may_not_log_in(email: str, mailing: None) -> None:
    User.objects.create_user("inactive@acme.example", "x", is_active=False)
    send_reset_link(email)
    assert mail.outbox == []


def test_people_without_a_password_get_one_too(client: Client, mailing: None) -> None:
    ada = User.objects.create_user("imported@acme.example")
    assert not ada.has_usable_password()
    send_reset_link(ada.email)
    assert len(mail.outbox) == 1
    set_password(client, ada)
    ada.refresh_from_db()
    assert ada.check_password(NEW)


def test_a_name_stands_in_the_mail_as_it_is(ada: User, mailing: None) -> None:
    ada.name = "Ada <b>& Co"
    ada.save()
    send_reset_link(ada.email)
    assert "Hello Ada <b>& Co," in mail.outbox[0].body


@pytest.fixture
def by_smtp(mailing: None, settings: Any) -> Any:
    """Send mails through this post office, as PHOTOMILL_EMAIL_URL says it."""

    def use(office: PostOffice) -> None:
        for name, value in Env.email_url_config(f"smtp://127.0.0.1:{office.port}").items():
            setattr(settings, name, value)

    return use


def test_a_mail_goes_to_the_mail_server(ada: User, by_smtp: Any) -> None:
    with open_post_office() as office:
        by_smtp(office)
        mail_task.apply([ada.email]).get()
    (sent,) = office.mails
    assert (sent["To"], sent["Subject"]) == (ada.email, "Set your Photomill password")
    assert f"{PUBLIC_URL}/accounts/password/set/" in sent.get_content().replace("=\n", "")


def test_a_mail_server_that_turns_us_away_is_asked_again(ada: User, by_smtp: Any) -> None:
    with open_post_office(turn_away=2) as office:
        by_smtp(office)
        mail_task.apply([ada.email]).get()
    assert len(office.mails) == 1
    assert office.to_turn_away == 0


# --- the link ----------------------------------------------------------------------------------------------------


def test_the_link_leaves_the_address_before_anything_is_shown(client: Client, ada: User, mailing: None) -> None:
    link = path_of(make_reset_link(ada))
    answer = client.get(link, follow=True)
    ((place, status),) = answer.redirect_chain
    token = link.rstrip("/").rpartition("/")[2]
    assert (status, place.rstrip("/").rpartition("/")[2]) == (302, "set-password")
    assert token not in answer.content.decode()
    assert answer["Referrer-Policy"] == "same-origin"
    assert ada.email in answer.content.decode()


def test_it_sets_the_password_once(client: Client, ada: User, mailing: None) -> None:
    link = path_of(make_reset_link(ada))
    place = client.get(link)["Location"]
    sent = {"new_password1": NEW, "new_password2": NEW}
    assert client.post(place, sent)["Location"] == DONE
    ada.refresh_from_db()
    assert ada.check_password(NEW)
    for again in (client.get(link, follow=True), client.post(place, sent), Client().get(link, follow=True)):
        assert again.status_code == 200
        assert "This link is not good" in again.content.decode()


def test_it_is_written_down_without_the_password(client: Client, ada: User, mailing: None) -> None:
    set_password(client, ada)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.account) == ("password_reset", ada.email, ada.account)
    assert NEW not in str(AuditEntry.objects.values())


def test_a_new_password_ends_every_token_and_browser(client: Client, ada: User, mailing: None) -> None:
    token = issue_token(ada, address=None, agent="")
    inside = Client()
    inside.force_login(ada)
    assert inside.get("/admin/").status_code == 200
    set_password(client, ada)
    with pytest.raises(BadCredentials):
        read_token(token)
    assert not Session.objects.filter(revoked_at=None).exists()
    assert inside.get("/admin/").status_code == 302


def test_it_logs_nobody_in(client: Client, ada: User, mailing: None) -> None:
    set_password(client, ada)
    assert client.get("/admin/").status_code == 302
    assert "The password is set" in client.get(DONE).content.decode()


ENDINGS = {
    "a new password": lambda user: (user.set_password("x"), user.save()),
    "a login": lambda user: User.objects.filter(pk=user.pk).update(last_login=timezone.now()),
    "logging out everywhere": revoke_all,
    "another role": lambda user: (setattr(user, "role", "owner"), user.save()),
    "another address": lambda user: User.objects.filter(pk=user.pk).update(email="ada@new.example"),
    "being locked out": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    "being deleted": lambda user: user.delete(),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_the_link_ends_with(how: str, client: Client, ada: User, mailing: None) -> None:
    link = path_of(make_reset_link(ada))
    ENDINGS[how](ada)
    assert "This link is not good" in client.get(link, follow=True).content.decode()


@pytest.mark.parametrize(("hours", "good"), [(23.9, True), (24.1, False)])
def test_it_is_good_for_a_day(
    hours: float, good: bool, client: Client, ada: User, mailing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = path_of(make_reset_link(ada))
    now = passwords.reset_tokens._now() + timedelta(hours=hours)
    monkeypatch.setattr(passwords.reset_tokens, "_now", lambda: now)
    assert ("This link is not good" in client.get(link, follow=True).content.decode()) is not good


@pytest.mark.parametrize(
    "path", ["x/y/", "MQ/set-password/", "MQ/c-0123/", "____/a-b/", "OTk5OTk5OTk5OTk5OTk5OTk5OTk/a-b/"]
)
def test_a_made_up_link_opens_nothing(path: str, client: Client, ada: User) -> None:
    answer = client.get(f"/accounts/password/set/{path}")
    assert answer.status_code == 200
    assert "This link is not good" in answer.content.decode()


@pytest.mark.parametrize(("first", "second", "words"), [("12345678", "12345678", "common"), (NEW, "other", "match")])
def test_a_password_that_is_weak_or_mistyped_is_refused(
    first: str, second: str, words: str, client: Client, ada: User, mailing: None
) -> None:
    answer = set_password(client, ada, first, second)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    ada.refresh_from_db()
    assert ada.check_password("old password")


# --- the command -------------------------------------------------------------------------------------------------


def test_the_command_prints_a_link_that_works(
    client: Client, ada: User, mailing: None, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("reset_link", "ADA@acme.example")
    printed = capsys.readouterr()
    place = client.get(path_of(printed.out.strip()))["Location"]
    client.post(place, {"new_password1": NEW, "new_password2": NEW})
    ada.refresh_from_db()
    assert ada.check_password(NEW)
    assert "24 hours, and once" in printed.err
    entry = AuditEntry.objects.get(action="password_link_made")
    assert (entry.actor, entry.target, entry.account) == ("manage.py reset_link", ada.email, ada.account)
    assert printed.out.strip() not in str(AuditEntry.objects.values())


@pytest.mark.parametrize(
    ("email", "words"), [("nobody@acme.example", "nobody"), ("ada@acme.example", "may not log in")]
)
def test_the_command_says_for_whom_it_makes_none(email: str, words: str, ada: User) -> None:
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match=words):
        call_command("reset_link", email)
