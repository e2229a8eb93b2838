"""Cropedly's API over HTTP: with workers, under a crowd, and from a page in a browser."""

import base64
import http.client
import io
import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import skimage
import urllib3
import yaml
from PIL import Image
from urllib3.filepost import encode_multipart_formdata

from tests.conftest import encode, gradient
from tests.stack.browser import find_browser, serving
from tests.stack.running import Stack, running

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

PHOTOS = Path(skimage.__file__).with_name("data")
SHOP = "https://shop.example.com"
IMAGES = "/images/v1/enterprise-resources/images"
SYNC_SECONDS = 20
CROWD = 200
ACCOUNTS = {"free": "free", "pro": "pro", "ent": "enterprise", "goog": "pro"}


@dataclass
class Answer:
    """What the server said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Service:
    """A running Photomill, as Cropedly's clients see it."""

    stack: Stack
    pool: urllib3.PoolManager

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        origin: str | None = None,
        kind: str | None = None,
        **more: Any,
    ) -> Answer:
        """One request. more: `fields` of a multipart form, or what urllib3 takes."""
        url = path if path.startswith("http") else self.stack.instance.url + path
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Origin": origin} if origin else {}
        headers |= {"Content-Type": kind} if kind else {}
        answer = self.pool.request(method, url, headers=headers, **more)
        return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.data)

    def log_in(self, name: str, password: str = "pw") -> Answer:
        fields = {"email": f"{name}@example.com", "password": password}
        return self.call("POST", "/auth/v1/login", fields=fields)

    def token(self, name: str) -> str:
        return str(self.log_in(name).json["token"])


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An instance with one worker for batches, and the one for those who wait."""
    folder = tmp_path_factory.mktemp("cropedly")
    with running("embedded", folder, workers=1, PHOTOMILL_SYNC_SECONDS=str(SYNC_SECONDS)) as stack:
        stack.instance.manage("provision", str(write_accounts(folder)))
        yield Service(stack, urllib3.PoolManager(maxsize=CROWD + 1, retries=False, timeout=90))


def write_accounts(folder: Path) -> Path:
    accounts = [
        {
            "name": name,
            "plan": plan,
            "users": [{"email": f"{name}@example.com", "password": None if name == "goog" else "pw", "role": "editor"}],
            "domains": ["shop.example.com", "localhost"] if name == "ent" else [],
        }
        for name, plan in ACCOUNTS.items()
    ]
    path = folder / "cropedly.yaml"
    path.write_text(yaml.safe_dump({"accounts": accounts}))
    return path


def files(*datas: bytes) -> list[tuple[str, tuple[str, bytes, str]]]:
    """Pictures as the fields of a form."""
    return [("images", (f"{number}.jpg", data, "image/jpeg")) for number, data in enumerate(datas, 1)]


def photos() -> tuple[bytes, bytes]:
    """A JPEG and a PNG photograph."""
    with Image.open(PHOTOS / "astronaut.png") as astronaut:
        return encode(astronaut.convert("RGB"), "JPEG", quality=90), (PHOTOS / "coffee.png").read_bytes()


def test_who_may_log_in_does(service: Service) -> None:
    assert service.log_in("pro").status == 200
    assert service.log_in("pro", "no").status == service.log_in("goog", "x").status == 401
    assert service.call("GET", IMAGES, token=service.token("pro")).status == 403
    assert service.call("POST", "/images/v1", token=service.token("free"), fields=files(photos()[0])).status == 403


def test_two_photographs_are_enhanced_and_anybody_with_their_address_sees_them(service: Service) -> None:
    datas = photos()
    answer = service.call("POST", "/images/v1", token=service.token("pro"), fields=files(*datas))
    assert answer.status == 200, answer.body
    assert [image["mime"] for image in answer.json] == ["image/jpeg", "image/png"]
    for image, data in zip(answer.json, datas, strict=True):
        got = service.call("GET", image["url"])
        assert (got.status, got.headers["content-type"]) == (200, image["mime"])
        assert len(got.body) == image["size"]
        with Image.open(io.BytesIO(got.body)) as made, Image.open(io.BytesIO(data)) as source:
            assert (made.size, made.format) == (source.size, source.format)
            assert made.convert("RGB").tobytes() != source.convert("RGB").tobytes()


def test_a_form_that_comes_in_chunks_is_enhanced_too(service: Service) -> None:
    body, kind = encode_multipart_formdata(files(encode(gradient((40, 30)), "JPEG")))
    connection = http.client.HTTPConnection("127.0.0.1", service.stack.instance.plan.port, timeout=60)
    headers = {"Content-Type": kind, "Authorization": f"Bearer {service.token('pro')}"}
    chunks = (body[start : start + 1000] for start in range(0, len(body), 1000))
    connection.request("POST", "/images/v1", chunks, headers, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, len(json.loads(answer.read()))) == (200, 1)
    connection.close()


def test_enterprise_images_are_kept_listed_and_deleted(service: Service) -> None:
    token = service.token("ent")
    datas = photos()
    kept = service.call("POST", f"{IMAGES}/upload", token=token, fields=files(*datas))
    assert (kept.status, kept.body) == (204, b"")
    images = service.call("GET", IMAGES, token=token).json
    assert [(image["mime"], image["size"]) for image in images] == [
        ("image/jpeg", len(datas[0])),
        ("image/png", len(datas[1])),
    ]
    assert service.call("GET", images[0]["url"]).body == datas[0]
    assert service.call("GET", f"{IMAGES}/none", token=token).status == 404
    ids = ",".join(image["id"] for image in images)
    gone = service.call("DELETE", f"{IMAGES}?ids={ids}", token=token)
    assert (gone.status, gone.body) == (204, b"")
    assert service.call("GET", IMAGES, token=token).json == []


def test_a_page_of_the_enterprise_may_call_and_no_other(service: Service) -> None:
    form = files(encode(gradient((60, 40)), "JPEG"))
    answer = service.call("POST", "/images/v1", token=service.token("ent"), origin=SHOP, fields=form)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, SHOP)
    answer = service.call("POST", "/images/v1", token=service.token("pro"), origin=SHOP, fields=form)
    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers


# --- A crowd -------------------------------------------------------------------------------------------------------


def test_two_hundred_at_once_leave_the_server_answering(service: Service) -> None:
    token = service.token("pro")
    body, kind = encode_multipart_formdata(files(encode(gradient((640, 480)), "JPEG")))
    started = time.monotonic()
    with ThreadPoolExecutor(CROWD) as pool:
        calls = [
            pool.submit(service.call, "POST", "/images/v1", token=token, kind=kind, body=body) for _ in range(CROWD)
        ]
        waits = []
        while not all(call.done() for call in calls):
            asked = time.monotonic()
            assert service.call("GET", "/healthz").status == 200
            waits.append(time.monotonic() - asked)
            time.sleep(0.05)
    answers = [call.result() for call in calls]
    took = time.monotonic() - started
    statuses = Counter(answer.status for answer in answers)
    print(f"{statuses}, {took:.1f} s, /healthz at most {max(waits):.2f} s of {len(waits)}")
    assert set(statuses) <= {200, 503}
    assert statuses[200] >= 1
    assert all(int(answer.headers["retry-after"]) > 0 for answer in answers if answer.status == 503)
    assert max(waits) < 1
    assert took < SYNC_SECONDS + 20


# --- A browser -----------------------------------------------------------------------------------------------------

PAGE = """<!doctype html><title>a shop</title><script>
const api = "API", photo = "PHOTO";
function form(fields) {
  const made = new FormData();
  for (const [name, value] of Object.entries(fields)) made.append(name, value);
  return made;
}
async function enhance() {
  const bytes = Uint8Array.from(atob(photo), (letter) => letter.charCodeAt(0));
  const login = await fetch(api + "/auth/v1/login",
    {method: "POST", body: form({email: "ent@example.com", password: "pw"})});
  const {token} = await login.json();
  const headers = {Authorization: "Bearer " + token};
  const images = form({images: new File([bytes], "photo.jpg")});
  const answer = await fetch(api + "/images/v1", {method: "POST", body: images, headers});
  const made = await answer.json();
  const gone = await fetch(api + "/IMAGES?ids=none", {method: "DELETE", headers});
  const shown = new Image();
  shown.src = made[0].url;
  await shown.decode();
  return {status: answer.status, gone: gone.status, count: made.length, mime: made[0].mime,
          size: [shown.naturalWidth, shown.naturalHeight]};
}
enhance().catch((error) => ({error: error.name})).then(
  (outcome) => fetch("/", {method: "POST", body: JSON.stringify(outcome)}));
</script>"""


@pytest.mark.browser
def test_a_page_on_a_registered_host_enhances_in_a_browser_and_one_elsewhere_cannot(
    service: Service, tmp_path: Path
) -> None:
    find_browser()
    photo = base64.b64encode(encode(gradient((120, 90)), "JPEG")).decode()
    page = PAGE.replace("API", service.stack.instance.url).replace("PHOTO", photo).replace("/IMAGES", IMAGES)
    with serving(page) as site:
        outcome = site.visit("localhost", tmp_path / "registered")
        assert outcome == {"status": 200, "gone": 204, "count": 1, "mime": "image/jpeg", "size": [120, 90]}
        assert site.visit("127.0.0.1", tmp_path / "elsewhere") == {"error": "TypeError"}
