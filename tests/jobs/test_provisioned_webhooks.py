"""Webhooks of accounts from a file."""

from typing import Any

import pytest

from jobs.models import AccountWebhook
from jobs.provisioning import ProvisionError, provision

pytestmark = pytest.mark.django_db

URL = "https://shop.example/hook"


def bring(*hooks: dict[str, Any]) -> list[str]:
    return provision({"accounts": [{"name": "acme", "webhooks": list(hooks)}]})


def test_a_webhook_is_made_and_nothing_changes_the_second_time() -> None:
    entry = {"url": URL, "events": ["job.failed"], "secret": "word-of-the-receiver"}
    changes = bring(entry)
    assert changes[1:] == ["webhook shop.example: created", "webhook shop.example: secret set"]
    assert bring(entry) == []
    made = AccountWebhook.objects.get()
    assert (made.url, made.events, made.secret, made.is_enabled) == (URL, ["job.failed"], "word-of-the-receiver", True)


def test_what_is_not_said_is_both_events_and_no_secret() -> None:
    bring({"url": URL})
    made = AccountWebhook.objects.get()
    assert (made.events, made.secret) == (["job.finished", "job.failed"], None)


def test_only_what_differs_changes() -> None:
    bring({"url": URL, "secret": "first-word"})
    assert bring({"url": URL, "secret": "second-word", "enabled": False}) == [
        "webhook shop.example: changed",
        "webhook shop.example: secret set",
    ]
    # A file that says no secret leaves the one that there is, which may have been made in the admin.
    assert bring({"url": URL, "enabled": True}) == ["webhook shop.example: changed"]
    assert AccountWebhook.objects.get().secret == "second-word"


def test_a_secret_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_WORD", "word-from-outside")
    bring({"url": URL, "secret": "${HOOK_WORD}"})
    assert AccountWebhook.objects.get().secret == "word-from-outside"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"url": "http://10.0.0.1/"}, "10.0.0.1 is not public"),
        ({"url": URL, "events": []}, r"webhooks\[0\].events"),
        ({"url": URL, "events": ["job.begun"]}, r"webhooks\[0\].events\[0\]"),
        ({"url": URL, "secret": "has space"}, "printable ASCII"),
        ({"url": URL, "word": "x"}, r"webhooks\[0\].word"),
        ({}, r"webhooks\[0\].url"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(entry: dict[str, Any], said: str) -> None:
    with pytest.raises(ProvisionError, match=said):
        bring(entry)
    assert not AccountWebhook.objects.exists()
