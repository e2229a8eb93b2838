"""The servers that other tests lean on do what those tests take for granted."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import botocore.exceptions
import kombu
import psycopg
import pytest
import redis

from tests import services

MAKE_AND_LEAVE = "from tests import services; print(services.{}())"


@pytest.fixture(scope="module")
def s3() -> Iterator[services.SeaweedFS]:
    server = services.SeaweedFS()
    yield server
    server.stop()


def run_python(code: str, **environment: str) -> str:
    env = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True).stdout


@pytest.mark.s3
def test_the_s3_server_keeps_objects(s3: services.SeaweedFS) -> None:
    client, bucket = s3.client(), f"bucket-{uuid.uuid4().hex}"
    client.create_bucket(Bucket=bucket)
    client.put_object(Bucket=bucket, Key="a/b.txt", Body=b"bytes")
    assert client.get_object(Bucket=bucket, Key="a/b.txt")["Body"].read() == b"bytes"


@pytest.mark.s3
def test_the_s3_server_refuses_a_wrong_secret(s3: services.SeaweedFS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "secret_key", "wrong")
    with pytest.raises(botocore.exceptions.ClientError, match="SignatureDoesNotMatch"):
        s3.client().list_buckets()


@pytest.mark.s3
def test_two_s3_servers_know_nothing_of_each_other_and_leave_nothing_behind(s3: services.SeaweedFS) -> None:
    second = services.SeaweedFS()
    second.client().create_bucket(Bucket="only-in-the-second")
    assert "only-in-the-second" not in [bucket["Name"] for bucket in s3.client().list_buckets()["Buckets"]]
    port = second.endpoint_url.rpartition(":")[2]
    second.stop()
    assert list(Path("/tmp").glob(f"seaweedfs-*-{port}.sock")) == []
    with pytest.raises(botocore.exceptions.EndpointConnectionError):
        second.client().list_buckets()


@pytest.mark.postgres
def test_each_database_is_new_and_goes_with_its_process() -> None:
    if services.postgres_url() is None:
        pytest.skip("PostgreSQL is not on 127.0.0.1:5432")
    url = run_python(MAKE_AND_LEAVE.format("postgres_url")).strip()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


@pytest.mark.redis
def test_two_who_ask_for_redis_get_different_databases() -> None:
    first, second = services.redis_url(), services.redis_url()
    if first is None:
        pytest.skip("Redis is not on 127.0.0.1:6379")
    assert first != second


@pytest.mark.redis
def test_a_redis_database_is_empty_again_afterwards() -> None:
    url = run_python(MAKE_AND_LEAVE.format("redis_url")).strip()
    if url == "None":
        pytest.skip("Redis is not on 127.0.0.1:6379")
    with redis.Redis.from_url(url) as client:
        assert client.get(services.CLAIM_KEY) is None


@pytest.mark.rabbitmq
def test_queues_with_a_prefix_of_ours_are_deleted_and_others_stay() -> None:
    url = services.rabbitmq_url()
    if url is None:
        pytest.skip("RabbitMQ is not on 127.0.0.1:5672")
    ours, other = services.make_queue_prefix(url), services.make_queue_prefix(url)
    with kombu.Connection(url) as connection, connection.channel() as channel:
        for prefix in (ours, other):
            channel.queue_declare(f"{prefix}batch", durable=True, auto_delete=False)
        services.delete_queues(url, ours)
        channel.queue_declare(f"{other}batch", passive=True)
        with pytest.raises(connection.channel_errors, match="NOT_FOUND"):
            channel.queue_declare(f"{ours}batch", passive=True)


def test_an_absent_server_is_reported_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    (closed,) = services.find_free_ports(1)
    absent = services.Service("PostgreSQL", "postgres", closed, "apt install postgresql")
    monkeypatch.setattr(services, "SERVICES", (absent,))
    assert services.report_missing() == [
        f"PostgreSQL is not on 127.0.0.1:{closed}: the tests marked postgres are left out (apt install postgresql)"
    ]


@pytest.mark.parametrize("service", ["POSTGRES", "REDIS", "RABBITMQ"])
def test_an_absent_server_is_none_and_an_error_where_all_are_required(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (closed,) = services.find_free_ports(1)
    monkeypatch.setattr(services, service, services.Service(service, service, closed, "apt install it"))
    ask = getattr(services, f"{service.lower()}_url")
    monkeypatch.delenv("PHOTOMILL_TEST_REQUIRE_SERVICES", raising=False)
    assert ask() is None
    monkeypatch.setenv("PHOTOMILL_TEST_REQUIRE_SERVICES", "1")
    with pytest.raises(RuntimeError, match=r"is required \(apt install it\): "):
        ask()


@pytest.mark.redis
def test_a_redis_database_of_tests_that_were_killed_is_taken_over() -> None:
    url = services.redis_url()
    if url is None:
        pytest.skip("Redis is not on 127.0.0.1:6379")
    with redis.Redis.from_url(url) as client:
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        client.set(services.CLAIM_KEY, gone.pid)
        client.set("left", "behind")
        assert services.claim_redis(url)
        assert client.keys() == [services.CLAIM_KEY.encode()]
        assert not services.claim_redis(url)
