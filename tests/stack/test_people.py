"""People at a running server: a first password by mail, and a login in two steps."""

import re
import time
from base64 import b32decode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
import yaml
from django_otp.oath import hotp

from project.instance import Instance
from tests.accounts.post import PostOffice, open_post_office
from tests.services import find_free_ports

pytestmark = pytest.mark.stack

EMAIL = "ada@acme.example"
PASSWORD = "correct horse battery"
WAIT_SECONDS = 30
TESTS_OWN = ("CELERY_BROKER_URL", "PHOTOMILL_CACHE_URL", "DATABASE_URL", "PHOTOMILL_PUBLIC_URL")


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with open_post_office() as office:
        yield office


@pytest.fixture
def site(tmp_path: Path, office: PostOffice) -> Iterator[str]:
    """The address of a server with one person, who was brought along without a password."""
    accounts = tmp_path / "accounts.yaml"
    accounts.write_text(yaml.safe_dump({"accounts": [{"name": "acme", "users": [{"email": EMAIL, "role": "owner"}]}]}))
    (port,) = find_free_ports(1)
    env = dict.fromkeys(TESTS_OWN, "") | {
        "PHOTOMILL_EMAIL_URL": f"smtp://127.0.0.1:{office.port}",
        "PHOTOMILL_REQUIRE_2FA": "staff",
    }
    instance = Instance(tmp_path / "data", port=port, env=env)
    try:
        instance.start(provision=accounts)
        instance.wait_ready()
        yield instance.url
    finally:
        instance.stop()


def send(browser: requests.Session, url: str, **fields: str) -> requests.Response:
    """Open a page, and send its form filled in."""
    shown = browser.get(url)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', shown.text)
    assert token, shown.text[:500]
    return browser.post(shown.url, {**fields, "csrfmiddlewaretoken": token[1]})


def await_that(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not become so"
        time.sleep(0.05)


def test_a_person_without_a_password_gets_in_by_mail_and_with_a_second_step(site: str, office: PostOffice) -> None:
    browser = requests.Session()
    asked = send(browser, f"{site}/accounts/password/forgot/", email=EMAIL)
    assert asked.url == f"{site}/accounts/password/asked/"
    await_that(lambda: office.mails)
    (link,) = re.findall(r"http\S+", office.mails[0].get_content())
    assert link.startswith(f"{site}/accounts/password/set/")
    assert send(browser, link, new_password1=PASSWORD, new_password2=PASSWORD).url == f"{site}/accounts/password/done/"

    inside = send(browser, f"{site}/admin/login/", username=EMAIL, password=PASSWORD)
    assert inside.url == f"{site}/admin/security/"
    assert browser.get(f"{site}/admin/jobs/job/").url == inside.url
    key = set_up(browser, site)
    assert browser.get(f"{site}/admin/jobs/job/").url == f"{site}/admin/jobs/job/"

    elsewhere = requests.Session()
    halfway = send(elsewhere, f"{site}/admin/login/", username=EMAIL, password=PASSWORD)
    assert halfway.url == f"{site}/admin/login/code/"
    assert elsewhere.get(f"{site}/admin/").url.startswith(f"{site}/admin/login/")
    assert send(elsewhere, f"{site}/admin/login/code/", code=code_of(key, steps=1)).url == f"{site}/admin/"
    assert "This link is not good" in elsewhere.get(link).text


def set_up(browser: requests.Session, site: str) -> str:
    """Set the second step up, with the key that the page shows for the app."""
    shown = browser.get(f"{site}/admin/security/").text
    key = re.search(r'pm-key">([a-z2-7-]+)<', shown)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', shown)
    assert key
    assert token
    sent = {"code": code_of(key[1]), "csrfmiddlewaretoken": token[1]}
    given = browser.post(f"{site}/admin/security/set-up/", sent).text
    assert len(re.findall(r'pm-code">([a-z2-7-]{19})<', given)) == 10
    return key[1]


def code_of(key: str, *, steps: int = 0) -> str:
    """What the app shows that has read this key, now or so many half minutes later."""
    secret = b32decode(key.replace("-", "").upper())
    return f"{hotp(secret, int(time.time()) // 30 + steps):06}"
