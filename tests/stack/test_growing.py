"""More than one machine: nodes that come and go, clocks that run twice, a restart of everything under load."""

import json
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from urllib3.filepost import encode_multipart_formdata

from project.embedded import GENERATORS
from project.programs import list_commands
from tests import services
from tests.conftest import encode, gradient
from tests.images import noise
from tests.stack.running import Answer, Stack, await_that, find_servers, running

REAL = [pytest.mark.stack, pytest.mark.postgres, pytest.mark.redis]
PHOTO = encode(noise((700, 500)), "JPEG", quality=85)
STEADY = {"PHOTOMILL_LEASE_SECONDS": "30"}
"""A busy machine renews late; here nothing dies, so nothing may be taken for dead."""
ONCE = "SELECT COUNT(*) FROM jobs_item WHERE fence <> 1 OR tries <> 0 OR state <> 'done'"


def fill(bucket: Path, count: int) -> list[str]:
    (bucket / "in").mkdir()
    keys = [f"in/{number:03}.jpg" for number in range(count)]
    for key in keys:
        (bucket / key).write_bytes(PHOTO)
    return keys


def await_end(stack: Stack, seconds: float) -> None:
    stack.await_rows("SELECT COUNT(*) FROM jobs_job WHERE finished_at IS NULL", 0, seconds=seconds)


# --- a machine that shares nothing but the servers ---------------------------------------------------------------


@contextmanager
def on_shared_servers(folder: Path) -> Iterator[Stack]:
    """An instance that keeps nothing in its folder: buckets for the house and the account, keys in the environment."""
    store = services.SeaweedFS()
    with ExitStack() as ending:
        ending.callback(store.stop)
        for bucket in ("house", "shop"):
            store.client().create_bucket(Bucket=bucket)
        endpoint = store.endpoint_url
        house = f"s3://{store.access_key}:{store.secret_key}@house?endpoint_url={endpoint}"
        keys = {name: make() for name, make in GENERATORS.items()}
        credentials = {"access_key": store.access_key, "secret_access_key": store.secret_key}
        parameters = {"bucket": "shop", "endpoint_url": endpoint, "credentials": credentials}
        storage = {"name": "main", "type": "s3", "private": True, "parameters": parameters}
        servers = find_servers("postgres-redis")
        with running("embedded", folder, storages=[storage], PHOTOMILL_STORAGE_URL=house, **servers, **keys) as stack:
            stack.objects = store.client()
            yield stack


def upload_banner(stack: Stack, secret: str) -> str:
    """A picture and its mask as files of one request. Returns the job's id."""
    mask = Image.new("L", (60, 40), 0)
    mask.paste(255, (10, 10, 50, 30))
    pictures = {"input_image": gradient((60, 40)), "mask_image": mask}
    fields: dict[str, Any] = {name: ("a.png", encode(image, "PNG"), "image/png") for name, image in pictures.items()}
    body, kind = encode_multipart_formdata({**fields, "job_labels": "banners"})
    headers = {"authorization": f"Bearer {secret}", "content-type": kind}
    request = urllib.request.Request(f"{stack.instance.url}/v1/banners/with-mask/create", data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(json.loads(answer.read())["job_id"])


@pytest.mark.timeout(180)
@pytest.mark.s3
@pytest.mark.stack
@pytest.mark.postgres
@pytest.mark.redis
def test_a_node_with_an_empty_folder_finishes_a_batch_and_uploads_of_another_machine(tmp_path: Path) -> None:
    key = {"name": "k", "secret": "api_of-the-growing-test", "scopes": ["image_editing"]}
    with on_shared_servers(tmp_path) as stack:
        provision(stack, tmp_path, {"name": "alice", "api_keys": [key]})
        stack.instance.pause("batch")
        for number in range(30):
            stack.objects.put_object(Bucket="shop", Key=f"in/{number}.jpg", Body=PHOTO)
        stack.submit(keys=[f"in/{number}.jpg" for number in range(30)], width=200)
        for _ in range(5):
            upload_banner(stack, str(key["secret"]))
        folder = tmp_path / "another-machine"
        folder.mkdir()
        stack.add_node("away", workers=2, PHOTOMILL_DATA_DIR=str(folder))
        await_end(stack, 60)
        assert stack.rows(ONCE) == [(0,)], stack.describe()
        assert stack.rows("SELECT COUNT(*) FROM jobs_output WHERE state = 'stored'") == [(35,)]
        assert stack.objects.list_objects_v2(Bucket="shop", Prefix="out/")["KeyCount"] == 30
        assert [path for path in folder.rglob("*") if path.is_file()] == []


def provision(stack: Stack, folder: Path, account: dict[str, Any]) -> None:
    file = folder / "more.yaml"
    file.write_text(json.dumps({"accounts": [account]}))
    stack.instance.manage("provision", str(file))


# --- two clocks --------------------------------------------------------------------------------------------------


@pytest.mark.timeout(120)
@pytest.mark.stack
def test_two_clocks_do_what_one_does(tmp_path: Path) -> None:
    with running("embedded", tmp_path, workers=2, **STEADY) as stack:
        command = list_commands(stack.instance.plan)["beat"]
        schedule = command.index("--schedule") + 1
        for name in ("second", "third"):
            stack.add_process(name, [*command[:schedule], f"{tmp_path}/{name}-schedule", *command[schedule + 1 :]])
        stack.submit(keys=fill(stack.bucket, 40), width=200, callback_url=stack.receiver.url)
        await_end(stack, 60)
        assert stack.rows(ONCE) == [(0,)], stack.describe()
        stack.await_rows("SELECT COUNT(*) FROM jobs_delivery WHERE state = 'delivered'", 1, seconds=20)
        assert len(stack.receiver.messages) == 1
        assert all(stack.nodes[name].poll() is None for name in ("second", "third"))


# --- a restart under load ----------------------------------------------------------------------------------------


class Client(threading.Thread):
    """A customer who sends one request after another, to whichever of two web servers answers."""

    def __init__(self, urls: list[str]) -> None:
        super().__init__(daemon=True)
        self.urls = urls
        self.answers: list[Answer] = []
        self.refused = 0
        self._is_over = threading.Event()

    def run(self) -> None:
        while not self._is_over.is_set():
            number = len(self.answers)
            job = {"destination": f"/made/{number}.jpg", "transformations": [{"type": "resize", "width": "90px"}]}
            self.answers.append(self._send({"service_id": 1, "source": "/in/000.jpg", "jobs": [job]}))
            time.sleep(0.05)

    def stop(self) -> None:
        self._is_over.set()
        self.join()

    def _send(self, body: dict[str, Any]) -> Answer:
        """As a proxy does it: a server that takes no connection is passed over; one that took it must answer."""
        headers = {"authorization": "Bearer tokA", "content-type": "application/json"}
        deadline = time.monotonic() + 20
        while True:
            for url in self.urls:
                request = urllib.request.Request(f"{url}/request", data=json.dumps(body).encode(), headers=headers)
                try:
                    with urllib.request.urlopen(request, timeout=20) as answer:
                        return Answer(answer.status, {}, json.loads(answer.read()))
                except urllib.error.HTTPError as error:
                    return Answer(error.code, {}, error.read())
                except urllib.error.URLError as error:
                    if not isinstance(error.reason, ConnectionRefusedError):
                        raise
                    self.refused += 1
            assert time.monotonic() < deadline, "no web server takes a connection"


def start_web(stack: Stack, name: str, port: int) -> None:
    command = [
        part.replace(f":{stack.instance.plan.port}", f":{port}") for part in list_commands(stack.instance.plan)["web"]
    ]
    stack.add_process(name, command)
    await_that(lambda: is_alive(f"http://127.0.0.1:{port}"), seconds=30)


def is_alive(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5):
            return True
    except OSError:
        return False


@pytest.mark.timeout(240)
@pytest.mark.parametrize("backend", [pytest.param("postgres-redis", marks=REAL)])
def test_a_rolling_restart_under_load_loses_and_repeats_nothing(backend: str, tmp_path: Path) -> None:
    ports = services.find_free_ports(2)
    with running(backend, tmp_path, **STEADY) as stack:
        stack.instance.pause("batch")
        for name in ("batch0", "batch1"):
            stack.add_node(name)
        for name, port in zip(("web0", "web1"), ports, strict=True):
            start_web(stack, name, port)
        stack.submit(keys=fill(stack.bucket, 40), width=200, callback_url=stack.receiver.url)
        client = Client([f"http://127.0.0.1:{port}" for port in ports])
        client.start()
        for number, port in enumerate(ports):
            stack.end_node(f"web{number}", seconds=30)
            start_web(stack, f"web{number}", port)
            stack.end_node(f"batch{number}", seconds=30)
            stack.add_node(f"batch{number}")
        for name in ("delivery", "beat"):
            stack.instance.pause(name)
            stack.instance.resume(name)
        client.stop()
        assert client.refused > 0, "nothing was restarted under the load"
        assert {answer.status for answer in client.answers} == {200}
        await_end(stack, 60)
        taken = len({answer.json["process_id"] for answer in client.answers})
        assert stack.rows("SELECT COUNT(*) FROM jobs_job WHERE state = 'finished'") == [(taken + 1,)]
        assert stack.rows(ONCE) == [(0,)], stack.describe()
        assert len(list((stack.bucket / "made").iterdir())) == taken == len(client.answers)
        stack.await_rows("SELECT COUNT(*) FROM jobs_delivery WHERE state = 'delivered'", 1, seconds=30)
        assert len(stack.receiver.messages) == 1


# --- a node that is asked to end ---------------------------------------------------------------------------------


class SlowShop(ThreadingHTTPServer):
    """A web server that holds every picture back until it is told to let go."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), SlowShop.Handler)
        self.asked = 0
        self.first_asked_at = 0.0
        self.let_go = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shop = self.server
            assert isinstance(shop, SlowShop)
            shop.asked += 1
            shop.first_asked_at = shop.first_asked_at or time.monotonic()
            shop.let_go.wait(60)
            self.send_response(200)
            self.send_header("content-length", str(len(PHOTO)))
            self.end_headers()
            self.wfile.write(PHOTO)

        def log_message(self, *_: Any) -> None:
            pass


def ask_for(stack: Stack, shop: SlowShop, count: int, secret: str) -> None:
    """So many pictures of the shop, a job each."""
    for number in range(count):
        source = f"http://127.0.0.1:{shop.server_port}/{number}.jpg"
        body = {"input": source, "operations": {}, "output": f"storage://main/shop/{number}.jpg"}
        assert stack.call("POST", "/v1/image/edit/async", body, secret=secret).status == 200


@pytest.mark.timeout(180)
@pytest.mark.stack
def test_a_node_that_is_asked_to_end_finishes_what_it_runs_and_takes_no_more(tmp_path: Path) -> None:
    key = {"name": "k", "secret": "api_of-the-growing-test", "scopes": ["image_editing"]}
    running_now = "SELECT COUNT(*) FROM jobs_item WHERE state = 'running'"
    shop = SlowShop()
    with running("embedded", tmp_path, **STEADY) as stack:
        provision(stack, tmp_path, {"name": "alice", "api_keys": [key]})
        stack.instance.pause("batch")
        stack.add_node("twenty", workers=20)
        ask_for(stack, shop, 24, str(key["secret"]))
        await_that(lambda: shop.asked == 20, seconds=60, what=lambda: f"{shop.asked} asked for, {stack.describe()}")
        assert stack.rows(running_now) == [(20,)]
        asked_at = time.monotonic()
        stack.nodes["twenty"].send_signal(signal.SIGTERM)
        time.sleep(1)
        assert stack.nodes["twenty"].poll() is None
        shop.let_go.set()
        stack.await_rows(running_now, 0, seconds=60)
        longest = time.monotonic() - shop.first_asked_at
        assert stack.nodes.pop("twenty").wait(timeout=30) == 0
        took = time.monotonic() - asked_at
        print(f"ended {took:.1f} s after it was asked to; the longest picture took {longest:.1f} s")
        assert took <= longest + 2
        assert stack.rows("SELECT state, COUNT(*) FROM jobs_item GROUP BY state ORDER BY 1") == [
            ("done", 20),
            ("queued", 4),
        ]
        assert stack.rows("SELECT COUNT(*) FROM jobs_item WHERE fence > 1 OR tries > 0") == [(0,)]
        stack.add_node("next", workers=2)
        await_end(stack, 60)
        assert stack.rows(ONCE) == [(0,)], stack.describe()
        assert shop.asked == 24
    shop.shutdown()
    shop.server_close()
