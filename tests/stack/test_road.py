"""The whole road over HTTP, on every database and broker that Photomill runs on."""

import json
import os
import signal
import time
import urllib.request
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from standardwebhooks import Webhook

from accounts.signing import make_signing_secret
from tests.conftest import encode, gradient
from tests.images import noise
from tests.services import SeaweedFS, find_free_ports
from tests.stack.running import MARKED, Stack, await_that, running

PHOTO = encode(gradient((480, 360)), "JPEG")


def put(stack: Stack, key: str, data: bytes = PHOTO) -> None:
    path = stack.bucket / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def post(stack: Stack, source: str, destination: str, *transformations: dict[str, Any], **more: Any) -> str:
    """A process, made over HTTP. Returns its id."""
    job = {"destination": destination, "transformations": list(transformations)}
    answer = stack.call("POST", "/request", {"service_id": 1, "source": source, "jobs": [job], **more})
    assert answer.status == 200, answer.json
    return str(answer.json["process_id"])


def await_status(stack: Stack, process_id: str, expected: str = "FINISHED", *, seconds: float = 20) -> None:
    """Wait until a process has this status."""

    def status() -> Any:
        return stack.call("GET", f"/request/{process_id}").json["status"]

    await_that(lambda: status() == expected, seconds=seconds, what=stack.describe)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("backend", MARKED)
def test_from_post_to_a_signed_callback(backend: str, tmp_path: Path) -> None:
    secret = make_signing_secret()
    flower_port = None if backend == "embedded" else find_free_ports(1)[0]
    with running(backend, tmp_path, callback_secret=secret, flower_port=flower_port) as stack:
        put(stack, "480x360/1.jpg")
        resize = {"type": "resize", "width": "50%"}
        process_id = post(stack, "/480x360/1.jpg", "/out/1.webp", resize, callback=stack.receiver.url)
        await_status(stack, process_id)
        with Image.open(stack.bucket / "out/1.webp") as made:
            assert (made.format, made.size) == ("WEBP", (240, 180))
        await_that(lambda: bool(stack.receiver.messages), seconds=10)
        headers, body = stack.receiver.messages[0]
        assert json.loads(body)["process_id"] == process_id
        assert Webhook(secret).verify(body, headers) == json.loads(body)
        failed = post(stack, "/missing.jpg", "/out/2.jpg")
        await_status(stack, failed, "FAILED")
        assert "missing.jpg" in stack.call("GET", f"/request/{failed}").headers["x-photomill-reason"]
        assert [row["status"] for row in retry(stack, failed)] == [200]
        await_status(stack, failed, "FAILED")
        assert sorted(path.name for path in (stack.bucket / "out").iterdir()) == ["1.webp"]
        if backend == "embedded":
            work_goes_on_after_a_broker_that_was_away(stack)
            a_frozen_node_changes_nothing_when_it_thaws(stack)
        else:
            flower_shows_nodes_and_readable_tasks(stack)


def retry(stack: Stack, process_id: str) -> Any:
    return stack.call("POST", "/retry", {"service_id": 1, "process_ids": [process_id]}).json


def work_goes_on_after_a_broker_that_was_away(stack: Stack) -> None:
    """Requests are taken while the broker is down, in good time, and done once it is back."""
    stack.instance.pause("broker")
    made = []
    for number in range(20):
        started = time.monotonic()
        made.append(post(stack, "/480x360/1.jpg", f"/away/{number}.jpg"))
        assert time.monotonic() - started < 5
    stack.instance.resume("broker")
    for process_id in made:
        await_status(stack, process_id, seconds=30)
    assert len(list((stack.bucket / "away").iterdir())) == 20


def a_frozen_node_changes_nothing_when_it_thaws(stack: Stack) -> None:
    """A node stopped in the middle of an item past its lease: another does the item, once."""
    stack.instance.pause("batch")
    stack.add_node("frozen")
    put(stack, "large.jpg", encode(noise((6000, 4000)), "JPEG"))
    slow = [{"type": "blur", "sigma": 40, "radius": 120}] * 3
    process_id = post(stack, "/large.jpg", "/frozen.jpg", *slow, callback=stack.receiver.url)
    stack.await_rows("SELECT COUNT(*) FROM jobs_item WHERE state = 'running'", 1, seconds=20)
    os.killpg(stack.nodes["frozen"].pid, signal.SIGSTOP)
    stack.instance.resume("batch")
    await_status(stack, process_id, seconds=60)
    written_at = (stack.bucket / "frozen.jpg").stat().st_mtime_ns
    os.killpg(stack.nodes["frozen"].pid, signal.SIGCONT)
    log = stack.instance.data_dir / "log" / "frozen.log"
    await_that(lambda: "somebody else's" in log.read_text(), seconds=60)
    assert (stack.bucket / "frozen.jpg").stat().st_mtime_ns == written_at
    outputs = "SELECT COUNT(*) FROM jobs_output WHERE key = 'frozen.jpg'"
    assert stack.rows(outputs) == [(1,)]
    deliveries = (
        f"SELECT COUNT(*) FROM jobs_delivery WHERE job_id = (SELECT id FROM jobs_job WHERE public_id = '{process_id}')"
    )
    assert stack.rows(deliveries) == [(1,)]
    stack.kill_node("frozen")


@pytest.mark.timeout(180)
@pytest.mark.stack
def test_a_single_image_beside_a_mountain_starts_within_two_item_times(tmp_path: Path) -> None:
    with running("embedded", tmp_path, workers=2) as stack:
        put(stack, "in/photo.jpg", encode(noise((1200, 900)), "JPEG"))
        job = stack.submit(keys=["in/photo.jpg"] * 5000)
        stack.await_rows(f"SELECT items_ended > 20 FROM jobs_job WHERE id = {job}", 1, seconds=30)
        process_id = post(stack, "/in/photo.jpg", "/single.jpg")
        await_status(stack, process_id, seconds=20)
        ((ahead,),) = stack.rows(
            f"SELECT COUNT(*) FROM jobs_item AS other, jobs_item AS own WHERE own.name = 'in/photo.jpg' "
            f"AND own.job_id = (SELECT id FROM jobs_job WHERE public_id = '{process_id}') AND other.job_id = {job} "
            f"AND other.started_at > (SELECT created_at FROM jobs_job WHERE public_id = '{process_id}') "
            f"AND other.started_at < own.started_at"
        )
        # Two slots: two item times are four items, and one more may start while the request is being answered.
        assert ahead <= 5


@pytest.mark.timeout(180)
@pytest.mark.s3
@pytest.mark.postgres
@pytest.mark.redis
def test_a_customers_bucket_sees_one_put_of_each_asked_key_and_nothing_else(tmp_path: Path) -> None:
    server = SeaweedFS()
    client = server.client()
    client.create_bucket(Bucket="shop")
    client.create_bucket(Bucket="house")
    client.put_object(Bucket="shop", Key="photos/1.jpg", Body=PHOTO)
    house = f"s3://{server.access_key}:{server.secret_key}@house/kept?endpoint_url={server.endpoint_url}"
    try:
        with running("postgres-redis", tmp_path, PHOTOMILL_STORAGE_URL=house) as stack:
            stack.instance.manage("provision", str(write_accounts(tmp_path, server)))
            body = {
                "service_id": 7,
                "source": "/1.jpg",
                "jobs": [
                    {"destination": "/small.jpg", "transformations": [{"type": "resize", "width": 100}]},
                    {"destination": "/1.jpg", "transformations": [{"type": "flip", "direction": "x"}]},
                ],
            }
            process_id = stack.call("POST", "/request", body, secret="tokS").json["process_id"]
            await_that(
                lambda: stack.call("GET", f"/request/{process_id}", secret="tokS").json["status"] == "FINISHED",
                seconds=20,
                what=stack.describe,
            )
        keys = [row["Key"] for row in client.list_objects_v2(Bucket="shop")["Contents"]]
        assert keys == ["photos/1.jpg", "photos/small.jpg"]
        kept = [row["Key"] for row in client.list_objects_v2(Bucket="house")["Contents"]]
        assert [key.rpartition("/")[2] for key in kept] == ["original"]
        assert client.get_object(Bucket="house", Key=kept[0])["Body"].read() == PHOTO
    finally:
        server.stop()


def write_accounts(folder: Path, server: SeaweedFS) -> Path:
    """One more account, whose storage is a folder of the S3 server's bucket."""
    keys = {"access_key": server.access_key, "secret_access_key": server.secret_key}
    parameters = {"bucket": "shop", "path": "photos", "endpoint_url": server.endpoint_url, "credentials": keys}
    account = {
        "name": "shop",
        "storages": [{"name": "s3", "type": "s3", "parameters": parameters, "private": True}],
        "services": [{"id": 7, "secret": "tokS", "storage": "s3"}],
    }
    path = folder / "shop.json"
    path.write_text(json.dumps({"accounts": [account]}))
    return path


def flower_shows_nodes_and_readable_tasks(stack: Stack) -> None:
    """Flower knows the three nodes, and each item by its id."""

    def nodes() -> set[str]:
        return {name.partition("@")[0].partition("-")[0] for name in ask_flower(stack, "workers")}

    def items() -> list[str]:
        return [task["args"] for task in ask_flower(stack, "tasks").values() if task["name"] == "run_item"]

    await_that(lambda: nodes() == {"interactive", "batch", "delivery"}, seconds=20, what=lambda: str(nodes()))
    await_that(lambda: "(item 1)" in items(), seconds=20, what=lambda: str(items()))


def ask_flower(stack: Stack, what: str) -> Any:
    """What Flower's own API answers."""
    secrets = (stack.instance.data_dir / "secrets.env").read_text().splitlines()
    password = dict(line.split("=", 1) for line in secrets if "=" in line)["PHOTOMILL_FLOWER_PASSWORD"]
    request = urllib.request.Request(f"{stack.instance.plan.flower_url}/api/{what}")
    request.add_header("authorization", "Basic " + b64encode(f"admin:{password}".encode()).decode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())
