"""What webhooks of an account are told of Claid's tasks."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from jobs.models import AccountWebhook, Delivery, Job
from jobs.webhooks import issue_secret
from tests.dialects.claid.calls import ASYNC, BATCH, EDIT, data_of, get, post
from tests.dialects.claid.fixtures import Web
from tests.dialects.workers import Worker, await_that
from tests.jobs.receivers import Receiver, receiving

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "word-of-the-receiver"


@pytest.fixture
def receiver(account: Account) -> Iterator[Receiver]:
    """The receiver of Acme's only webhook, which hears of everything."""
    with receiving() as server:
        events = ["job.finished", "job.failed"]
        hook = AccountWebhook.objects.create(account=account, url=server.url, events=events)
        issue_secret(hook, SECRET)
        yield server


def told(receiver: Receiver, count: int = 1) -> list[Any]:
    """What was said, each message signed."""
    await_that(lambda: len(receiver.messages) >= count, "the message")
    for message in receiver.messages:
        expected = hmac.new(SECRET.encode(), message.body, hashlib.sha256).hexdigest()
        assert message.headers["x-claid-hmac-sha256"] == expected
    return [json.loads(message.body) for message in receiver.messages]


@pytest.mark.parametrize("name", ["200.jpg", "missing.jpg"])
@pytest.mark.parametrize("path", [ASYNC, BATCH])
def test_a_message_says_what_asking_for_the_task_would(
    client: Client, web: Web, receiver: Receiver, worker: Worker, path: str, name: str
) -> None:
    task = data_of(post(client, path, {"input": f"{web.url}/{name}", "operations": {}}))
    [message] = told(receiver)
    assert list(message) == ["data"]
    assert message["data"] == data_of(get(client, f"{path}/{task['id']}"))
    assert message["data"]["status"] == ("DONE" if name == "200.jpg" else "ERROR")
    assert message["data"]["result_url"] == task["result_url"]


def test_an_edit_that_is_waited_for_is_not_announced(
    client: Client, web: Web, receiver: Receiver, worker: Worker
) -> None:
    data_of(post(client, EDIT, {"input": f"{web.url}/200.jpg", "operations": {}}))
    assert not Delivery.objects.exists()


def test_a_message_has_no_more_results_than_it_may(
    client: Client, web: Web, receiver: Receiver, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.dialects.claid.wire.MOST_RESULTS", 2)
    task = data_of(post(client, BATCH, {"input": [f"{web.url}/200.jpg"] * 4, "operations": {}}))
    [message] = told(receiver)
    assert len(message["data"]["results"]) == 2
    assert len(data_of(get(client, f"{BATCH}/{task['id']}"))["results"]) == 4
    assert Job.objects.get().finished_at
