"""Whether the server says what it can and cannot do."""

import time
from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_living_server_says_so_whatever_else_is_wrong(client: Client, settings: Any) -> None:
    settings.PHOTOMILL_STORAGE_URL = "s3://key:secret@house?endpoint_url=http://127.0.0.1:1"
    assert client.get("/healthz").json() == {"status": "alive"}


def test_a_server_with_all_its_parts_is_ready(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["parts"] == {"database": "ok", "broker": "ok", "storage": "ok"}


def test_a_part_that_is_missing_is_named_in_good_time(client: Client, settings: Any) -> None:
    settings.PHOTOMILL_STORAGE_URL = "s3://key:secret@house?endpoint_url=http://127.0.0.1:1"
    started = time.monotonic()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["storage"] != "ok"
    assert time.monotonic() - started < 5
