"""A batch during which its database, its broker and its object store each go away and come back."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import services
from tests.conftest import encode
from tests.images import noise
from tests.stack.outages import Way
from tests.stack.running import Answer, Stack, await_that, find_servers, running

ITEMS = 300
OUTAGE_SECONDS = float(os.environ.get("PHOTOMILL_TEST_OUTAGE_SECONDS", "6"))
ANSWER_SECONDS = 5
RESUME_SECONDS = 15
BUCKET = "outages"
PORT = re.compile(r"(127\.0\.0\.1:)(\d+)")
BACKENDS = [
    pytest.param("postgres-redis", marks=[pytest.mark.stack, pytest.mark.postgres, pytest.mark.redis, pytest.mark.s3]),
    pytest.param(
        "postgres-rabbitmq", marks=[pytest.mark.stack, pytest.mark.postgres, pytest.mark.rabbitmq, pytest.mark.s3]
    ),
]


def lead(url: str, ways: ExitStack) -> tuple[str, Way]:
    """The URL by way of a port that can be cut."""
    found = PORT.search(url)
    assert found, url
    way = ways.enter_context(Way(int(found[2])))
    return PORT.sub(rf"\g<1>{way.port}", url), way


@contextmanager
def exposed(backend: str, folder: Path) -> Iterator[tuple[Stack, dict[str, Way]]]:
    """An instance whose servers can be taken away, and whose storage is a bucket."""
    store = services.SeaweedFS()
    with ExitStack() as ways:
        ways.callback(store.stop)
        store.client().create_bucket(Bucket=BUCKET)
        servers = find_servers(backend)
        servers["DATABASE_URL"], database = lead(servers["DATABASE_URL"], ways)
        servers["CELERY_BROKER_URL"], broker = lead(servers["CELERY_BROKER_URL"], ways)
        if servers["PHOTOMILL_CACHE_URL"] != "database":
            servers["PHOTOMILL_CACHE_URL"] = servers["CELERY_BROKER_URL"]
        endpoint, objects = lead(store.endpoint_url, ways)
        storage = {
            "name": "main",
            "type": "s3",
            "private": True,
            "parameters": {
                "bucket": BUCKET,
                "endpoint_url": endpoint,
                "credentials": {"access_key": store.access_key, "secret_access_key": store.secret_key},
            },
        }
        with running("embedded", folder, storages=[storage], **servers) as stack:
            stack.objects = store.client()
            yield stack, {"database": database, "broker": broker, "objects": objects}


def fill(client: Any) -> list[str]:
    photo = encode(noise((900, 700)), "JPEG", quality=85)
    keys = [f"in/{number:03}.jpg" for number in range(ITEMS)]
    for key in keys:
        client.put_object(Bucket=BUCKET, Key=key, Body=photo)
    return keys


def ended(stack: Stack) -> int:
    return int(stack.rows("SELECT COALESCE(SUM(items_ended), 0) FROM jobs_job")[0][0])


def ask(stack: Stack) -> tuple[Answer, float]:
    """What the API says, and after how many seconds."""
    began = time.monotonic()
    answer = stack.call("GET", "/request/nothing-of-this-id")
    return answer, time.monotonic() - began


def take_away(stack: Stack, name: str, way: Way) -> None:
    """Take one server away for a while. The API answers meanwhile, and the batch goes on afterwards."""
    before = ended(stack)
    await_that(lambda: ended(stack) > before + 5, seconds=60, what=lambda: f"work before {name} goes away")
    way.cut()
    until = time.monotonic() + OUTAGE_SECONDS
    while time.monotonic() < until:
        answer, seconds = ask(stack)
        assert answer.status == (503 if name == "database" else 404), (name, answer)
        assert seconds < ANSWER_SECONDS, (name, seconds)
        time.sleep(0.5)
    way.mend()
    before = 0 if name == "database" else ended(stack)
    began = time.monotonic()
    await_that(lambda: _answers(stack), seconds=RESUME_SECONDS, what=lambda: f"an answer after {name} came back")
    before = before or ended(stack)
    await_that(lambda: ended(stack) > before, seconds=RESUME_SECONDS, what=stack.describe)
    print(f"{name}: work went on {time.monotonic() - began:.1f} s after it came back")


def _answers(stack: Stack) -> bool:
    return ask(stack)[0].status == 404


@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", BACKENDS)
def test_no_server_that_goes_away_costs_an_item(backend: str, tmp_path: Path) -> None:
    with exposed(backend, tmp_path) as (stack, ways):
        stack.submit(keys=fill(stack.objects), width=300, callback_url=stack.receiver.url)
        for name in ("database", "broker", "objects"):
            take_away(stack, name, ways[name])
        stack.await_rows("SELECT COUNT(*) FROM jobs_job WHERE finished_at IS NOT NULL", 1, seconds=240)
        assert stack.rows("SELECT state, COUNT(*) FROM jobs_item GROUP BY state") == [("done", ITEMS)]
        assert stack.rows("SELECT items_ended, outputs_stored, items_failed FROM jobs_job") == [(ITEMS, ITEMS, 0)]
        stored = stack.objects.list_objects_v2(Bucket=BUCKET, Prefix="out/")
        assert stored["KeyCount"] == ITEMS
        stack.await_rows("SELECT COUNT(*) FROM jobs_delivery WHERE state = 'delivered'", 1, seconds=30)
        assert len({headers["webhook-id"] for headers, _ in stack.receiver.messages}) == 1
