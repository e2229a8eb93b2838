"""Secrets that are known beforehand are looked for in everything that a job leaves behind, and in every message."""

import json
import logging
from base64 import b64decode
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from kombu.transport.memory import Channel

from accounts.models import Account
from jobs import callbacks, engine, sweep
from jobs.models import Delivery, Item
from jobs.models.jobs import ItemState
from jobs.provisioning import provision
from tests.admin.test_planted_secrets import PLANTED, Watch, dump_database
from tests.jobs.making import age
from tests.jobs.receivers import Answer, Receiver

pytestmark = pytest.mark.django_db(transaction=True)

S3 = {"access_key": PLANTED["S3 access key"], "secret_access_key": PLANTED["S3 secret key"]}


def account_of(folder: Path, **more: Any) -> dict[str, Any]:
    """An account with a secret of every kind, as its file has it."""
    bucket = {"bucket": "b", "endpoint_url": "http://127.0.0.1:1", "credentials": S3}
    storages = [
        {"name": "folder", "type": "local", "parameters": {"path": str(folder)}},
        {"name": "bucket", "type": "s3", "parameters": bucket, "private": True},
    ]
    services = [
        {"id": 1, "secret": PLANTED["service secret"], "storage": "folder"},
        {"id": 2, "secret": f"{PLANTED['service secret']}-2", "storage": "bucket"},
    ]
    for service in services:
        service["callback_secret"] = PLANTED["callback secret"]
    return {
        "name": "acme",
        "users": [{"email": "ops@acme.example", "password": PLANTED["password"]}],
        "api_keys": [{"name": "production", "secret": PLANTED["API key"]}],
        "storages": storages,
        "services": services,
        **more,
    }


@pytest.fixture
def watch(caplog: pytest.LogCaptureFixture) -> Iterator[Watch]:
    """At the end, nothing of what was planted is in the logs, the database or a mail."""
    caplog.set_level(logging.DEBUG)
    made = Watch(PLANTED)
    yield made
    made.saw("logs", "\n".join([caplog.text, *(repr(vars(record)) for record in caplog.records)]))
    made.saw("database", dump_database())
    made.saw("mails", repr([vars(message) for message in mail.outbox]))
    assert made.find() == []


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Channel]]:
    """The broker in memory, empty: what is sent lies in it as it would travel."""
    monkeypatch.setattr("jobs.dispatch._quiet", {})
    monkeypatch.setattr("jobs.nodes._seen", {})
    Channel.queues.clear()
    yield Channel
    Channel.queues.clear()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    made.start()
    yield made
    made.stop()


def submit(client: Client, service_id: int, receiver: Receiver) -> None:
    suffix = "" if service_id == 1 else "-2"
    outputs = [{"destination": "/out/1.png", "transformations": [{"type": "flip", "direction": "x"}]}]
    body = {"service_id": service_id, "source": "/480x360/1.jpg", "jobs": outputs, "callback": receiver.url}
    headers = {"authorization": f"Bearer {PLANTED['service secret']}{suffix}"}
    assert client.post("/request", body, content_type="application/json", headers=headers).status_code == 200


def work() -> None:
    """Do what is queued, as often as it is tried, and call back."""
    while waiting := list(Item.objects.filter(state=ItemState.QUEUED).values_list("pk", flat=True)):
        age(24 * 3600)
        for pk in waiting:
            engine.run_item(pk)
    sweep.sweep()
    for pk in Delivery.objects.values_list("pk", flat=True):
        callbacks.deliver(pk)


@pytest.mark.parametrize(("service_id", "state"), [(1, ItemState.DONE), (2, ItemState.FAILED)])
@pytest.mark.parametrize("status", [200, 500])
def test_a_job_leaves_no_secret_behind_whether_it_works_or_not(
    service_id: int,
    state: str,
    status: int,
    bucket: Path,
    client: Client,
    receiver: Receiver,
    watch: Watch,
    broker: Any,
) -> None:
    provision({"accounts": [account_of(bucket)]})
    receiver.answer(Answer(status, body=b"no"))
    submit(client, service_id, receiver)
    work()
    assert Item.objects.get().state == state
    (message,) = receiver.messages
    watch.saw("callback", f"{message.headers} {message.body.decode()}")
    watch.saw("item", repr([Item.objects.values(), Delivery.objects.values()]))


def test_a_message_in_the_broker_is_a_row_s_number_and_nothing_else(
    bucket: Path, client: Client, receiver: Receiver, watch: Watch, broker: type[Channel]
) -> None:
    provision({"accounts": [account_of(bucket)]})
    submit(client, 2, receiver)
    work()
    sent = [message for queue in broker.queues.values() for message in queue.queue]
    assert {message["headers"]["task"] for message in sent} >= {"run_item", "deliver"}
    watch.saw("broker", repr(sent))
    for message in sent:
        arguments, named, _ = json.loads(b64decode(message["body"]))
        assert all(type(argument) is int or len(str(argument)) < 100 for argument in arguments)
        assert named == {}
        assert "127.0.0.1" not in repr(message["headers"].get("argsrepr", ""))


@pytest.mark.parametrize("place", ["jobs.services.create_job", "jobs.sources.read_source", "jobs.callbacks.sign"])
def test_a_fault_of_ours_is_written_down_and_mailed_to_nobody_without_a_secret(
    place: str, bucket: Path, client: Client, receiver: Receiver, watch: Watch, broker: type[Channel],
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("out of order")

    provision({"accounts": [account_of(bucket)]})
    client.raise_request_exception = False
    monkeypatch.setattr(place, fail)
    try:
        submit(client, 1, receiver)
        work()
    except (AssertionError, RuntimeError):
        # A request is answered 500; a task that fails is logged by whoever runs it.
        logging.getLogger("celery").exception("failed")
    assert "out of order" in caplog.text
    assert mail.outbox == []


# --- what an operator runs ---------------------------------------------------------------------------------------


FAULTS: dict[str, Any] = {
    "a secret that is a number": lambda account: account["services"][0].update(secret=[PLANTED["service secret"]]),
    "a key with an unknown scope": lambda account: account["api_keys"][0].update(scopes=[PLANTED["API key"]]),
    "credentials that are a list": lambda account: account["storages"][1]["parameters"].update(credentials=[S3]),
    "a credential too many": lambda account: account["storages"][1]["parameters"]["credentials"].update(x="y"),
    "a credential of the wrong kind": lambda account: account["storages"][1]["parameters"].update(
        credentials={**S3, "access_key": [PLANTED["S3 access key"]]}
    ),
    "a signing secret of the wrong form": lambda account: account["services"][0].update(
        callback_secret=PLANTED["callback secret"][6:]
    ),
    "an address that is none": lambda account: account["users"][0].update(email=PLANTED["password"]),
}


@pytest.mark.parametrize("fault", [None, *FAULTS])
def test_setting_accounts_up_says_what_was_done_or_what_is_wrong_and_no_secret(
    fault: str | None, tmp_path: Path, watch: Watch
) -> None:
    account = account_of(tmp_path)
    if fault:
        FAULTS[fault](account)
    said = run_provision(tmp_path, yaml.safe_dump({"accounts": [account]}))
    assert said.startswith("failed") is (fault is not None), said
    watch.saw("terminal", said)
    assert Account.objects.exists() is (fault is None)


@pytest.mark.parametrize("end", ["\n  secret: [", "\n\tx: 1", ": x: y", "\0"])
def test_a_file_that_is_no_yaml_is_not_quoted(end: str, tmp_path: Path, watch: Watch) -> None:
    watch.secrets["part of a secret"] = PLANTED["service secret"][8:20]
    said = run_provision(tmp_path, f"accounts:\n  - secret: {PLANTED['service secret']}{end}")
    assert "cannot be read" in said
    assert "line" in said or "position" in said
    watch.saw("terminal", said)


def run_provision(folder: Path, text: str) -> str:
    """What the command says, with `failed` before it where it does."""
    path, out = folder / "accounts.yaml", StringIO()
    path.write_text(text)
    try:
        call_command("provision", str(path), stdout=out, stderr=out)
    except CommandError as error:
        return f"failed: {error} {out.getvalue()}"
    return out.getvalue()
