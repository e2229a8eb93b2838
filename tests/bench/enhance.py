"""How long a caller waits for an enhanced picture, over Cropedly's API. Needs a Django that is set up."""

import http.client
import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from jobs.dialects.cropedly.wire import ENHANCEMENTS, QUALITY
from jobs.provisioning import provision
from processing import pipeline
from processing.child import Child
from processing.formats import Output
from processing.limits import Limits
from processing.pipeline import Result, Variant
from tests.bench import photos
from tests.bench.pixels import CHILD_MEMORY_BYTES, take
from tests.bench.tables import format_table

SIZE = (1632, 1224)
CLIENTS, CALLS = (1, 8), 24
BARE_ROUNDS = 3
EMAIL, PASSWORD = "bench@example.com", "only-for-the-benchmark"
BOUNDARY = "photomill-bench"
TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Calls:
    """Seconds that calls of so many clients took, which each send the next when the last is answered."""

    clients: int
    calls: int
    p50_seconds: float
    p95_seconds: float
    wall_seconds: float


@dataclass(frozen=True)
class Enhancement:
    """Calls beside the same chain without anything around it: wall seconds in this process, and through a child."""

    bare_seconds: float
    child_seconds: float
    calls: list[Calls]


def measure_enhancement(url: str, *, size: tuple[int, int] = SIZE, calls: int = CALLS) -> Enhancement:
    """url: of a running instance on the database of this process."""
    sources = photos.make_photos(4, size=size)
    token = _log_in(url)
    _call(url, token, sources, 1)
    found = [_measure_calls(url, token, sources, clients=clients, calls=calls) for clients in CLIENTS]
    return Enhancement(*_measure_bare(sources), found)


def _log_in(url: str) -> str:
    """The token of a user who is made for this."""
    user = {"email": EMAIL, "password": PASSWORD, "role": "editor"}
    limits = {"requests_per_minute": 1_000_000}
    provision({"accounts": [{"name": "bench-enhance", "plan": "pro", "limits": limits, "users": [user]}]})
    form = urlencode({"email": EMAIL, "password": PASSWORD}).encode()
    answer = _post(url, "/auth/v1/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
    return str(answer["token"])


def _measure_calls(url: str, token: str, sources: list[bytes], *, clients: int, calls: int) -> Calls:
    spent: list[float] = []
    share = calls // clients
    threads = [threading.Thread(target=lambda: spent.extend(_call(url, token, sources, share))) for _ in range(clients)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall_seconds = time.monotonic() - started
    if len(spent) < share * clients:
        raise RuntimeError(f"only {len(spent)} of {share * clients} calls were answered with a picture")
    cuts = statistics.quantiles(spent, n=20, method="inclusive")
    return Calls(clients, len(spent), statistics.median(spent), cuts[-1], wall_seconds)


def _call(url: str, token: str, sources: list[bytes], count: int) -> list[float]:
    """Seconds that each of so many calls took, one after the other."""
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Authorization": f"Bearer {token}"}
    spent = []
    for number in range(count):
        body = _write_form(sources[number % len(sources)])
        started = time.monotonic()
        _post(url, "/images/v1", body, headers)
        spent.append(time.monotonic() - started)
    return spent


def _write_form(source: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="images"; filename="a.jpg"\r\n\r\n'
    return head.encode() + source + f"\r\n--{BOUNDARY}--\r\n".encode()


def _post(url: str, path: str, body: bytes, headers: dict[str, str]) -> dict[str, object]:
    """The answer. RuntimeError where it is a refusal."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"{path} answered {response.status}: {text[:300]!r}")
    found: dict[str, object] = json.loads(text)
    return found


def _measure_bare(sources: list[bytes]) -> tuple[float, float]:
    """In process and through a child, in turn: the medians."""
    variants, child = [Variant(ENHANCEMENTS["plain"], Output(quality=QUALITY))], Child(memory_bytes=CHILD_MEMORY_BYTES)
    ways: list[Callable[[bytes], Result]] = [
        lambda data: pipeline.run(data, variants, limits=Limits()),
        lambda data: child.run(data, variants, limits=Limits(), assets={}, seconds=TIMEOUT_SECONDS),
    ]
    ways[1](sources[0])
    spent = [[_measure_wall(way, source) for way in ways] for source in sources * BARE_ROUNDS]
    child.close()
    bare, through_child = (statistics.median(column) for column in zip(*spent, strict=True))
    return bare, through_child


def _measure_wall(way: Callable[[bytes], Result], source: bytes) -> float:
    started = time.perf_counter()
    take(way(source))
    return time.perf_counter() - started


def show_enhancement(found: Enhancement) -> Iterator[str]:
    bare = {"the chain in process": found.bare_seconds, "the chain in a child": found.child_seconds}
    lines = [[name, "", f"{seconds:.2f}", "", "", f"{1 / seconds:.2f}"] for name, seconds in bare.items()]
    for calls in found.calls:
        times = [f"{seconds:.2f}" for seconds in (calls.p50_seconds, calls.p95_seconds, calls.wall_seconds)]
        rate = f"{calls.calls / calls.wall_seconds:.2f}"
        lines.append([f"{calls.clients} at a time", str(calls.calls), *times, rate])
    title = f"Cropedly's enhancement of {SIZE[0] * SIZE[1] / 1e6:.0f} megapixels"
    yield from format_table([title, "calls", "p50 s", "p95 s", "wall s", "pictures/s"], lines)
