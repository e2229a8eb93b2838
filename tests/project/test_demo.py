"""The demo: what it asks for, what it believes, what it shows, and all of it once for real."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from PIL import Image
from pytest_django.live_server_helper import LiveServer

from accounts.signing import make_signing_secret, sign
from jobs import engine
from jobs.dialects.slashed import wire
from jobs.models import Item, Service
from project.demo.batch import PHOTOS, Photo, build_request
from project.demo.customer import Customer, RequestFailed, Status
from project.demo.inspection import FORMATS, inspect
from project.demo.pictures import fill_bucket, path_of
from project.demo.processes import Process
from project.demo.progress import ProgressBar
from project.demo.receiver import Callback, Receiver, SignatureRefused, verify
from project.demo.report import Report, is_tampering_noticed, make_report
from project.demo.sheet import write_sheet
from project.supervisor import ROOT

SECRET = make_signing_secret()
WAIT_SECONDS = 60


# --- What it asks for ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda photo: photo.file)
def test_every_request_is_one_that_the_dialect_reads_to_the_last_field(photo: Photo, service: Service) -> None:
    body = build_request(photo, service_id=1, callback="http://127.0.0.1:9/callback")
    parsed = wire.to_spec(body, service)
    assert [variant.name for variant in parsed.spec.variants] == [
        photo.destination(each)[1:] for each in photo.variants
    ]
    assert not parsed.ignored


def test_five_photographs_are_asked_for_three_results_each_in_three_formats() -> None:
    assert [len(photo.variants) for photo in PHOTOS] == [3] * 5
    assert {Path(variant.file).suffix for photo in PHOTOS for variant in photo.variants} == set(FORMATS)


def test_the_bucket_holds_whole_photographs_and_no_result_of_an_earlier_run(tmp_path: Path) -> None:
    old = path_of(tmp_path, PHOTOS[0].destination(PHOTOS[0].variants[0]))
    old.parent.mkdir(parents=True)
    old.write_bytes(b"old")
    mine = tmp_path / "results" / "mine.jpg"
    mine.write_bytes(b"mine")
    fill_bucket(tmp_path)
    for photo in PHOTOS:
        Image.open(path_of(tmp_path, photo.key)).load()
    assert not old.exists()
    assert mine.exists()


@pytest.mark.django_db(transaction=True)
def test_the_customer_hears_why_a_process_failed(live_server: LiveServer, service: Service) -> None:
    customer = Customer(live_server.url, secret="tokA")
    request = build_request(PHOTOS[0], service_id=1, callback="http://127.0.0.1:9/callback")
    process_id = customer.submit(request)
    assert not customer.ask(process_id).has_ended
    engine.run_item(Item.objects.get(job__public_id=process_id).pk)
    status = customer.ask(process_id)
    assert status.word == "FAILED"
    assert "photos/astronaut.png" in status.reason


@pytest.mark.django_db(transaction=True)
def test_the_customer_hears_why_a_request_was_refused(live_server: LiveServer, service: Service) -> None:
    with pytest.raises(RequestFailed, match="401 Invalid Secret"):
        Customer(live_server.url, secret="another").submit({})


# --- What it believes ------------------------------------------------------------------------------------------------


def signed(body: bytes, *, webhook_id: str = "msg_1", secret: str = SECRET) -> dict[str, str]:
    """The headers that the service sends with a body."""
    return sign(webhook_id, body=body, at=datetime.now(UTC), secrets=[secret])


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver(SECRET)
    yield receiver
    receiver.close()


def post(receiver: Receiver, body: bytes, headers: dict[str, str]) -> int:
    connection = HTTPConnection("127.0.0.1", receiver.port, timeout=10)
    connection.request("POST", "/callback", body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_signed_message_is_taken_as_it_came() -> None:
    body = b'{"process_id": "abc", "status": "FINISHED"}'
    with receiving() as receiver:
        assert post(receiver, body, signed(body)) == 204
        assert receiver.wait(1, seconds=5)
        [callback] = receiver.callbacks
    assert (callback.body, callback.process_id, callback.webhook_id) == (body, "abc", "msg_1")


@pytest.mark.parametrize("place", [0, 17, -1])
def test_a_message_with_one_flipped_bit_is_refused(place: int) -> None:
    body = b'{"process_id": "abc", "status": "FINISHED"}'
    changed = bytearray(body)
    changed[place] ^= 0x80
    with receiving() as receiver:
        assert post(receiver, bytes(changed), signed(body)) == 401
        assert receiver.callbacks == []
        assert len(receiver.refusals) == 1


@pytest.mark.parametrize("headers", [{}, {"webhook-signature": "nonsense"}, {"webhook-timestamp": "1"}])
def test_a_message_without_a_whole_signature_of_today_is_refused(headers: dict[str, str]) -> None:
    body = b"{}"
    with pytest.raises(SignatureRefused):
        verify(body, {**signed(body), **headers} if headers else {}, secret=SECRET)


def test_a_message_signed_with_another_secret_is_refused() -> None:
    with pytest.raises(SignatureRefused):
        verify(b"{}", signed(b"{}", secret=make_signing_secret()), secret=SECRET)


def test_a_message_that_comes_twice_is_kept_once_and_noticed() -> None:
    body = b'{"process_id": "abc"}'
    with receiving() as receiver:
        assert [post(receiver, body, signed(body)) for _ in range(2)] == [204, 204]
        assert len(receiver.callbacks) == 1
        assert receiver.duplicates == 1


def test_a_body_longer_than_any_callback_is_not_read() -> None:
    with receiving() as receiver:
        assert post(receiver, b"", {"content-length": "100000000"}) == 413


# --- What it finds and shows -----------------------------------------------------------------------------------------


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """An output folder as a run that went well leaves it, with built pictures for results."""
    bucket = tmp_path / "bucket"
    fill_bucket(bucket)
    for photo in PHOTOS:
        for variant in photo.variants:
            path = path_of(bucket, photo.destination(variant))
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", variant.size, "teal").save(path)
    return tmp_path


def finished(photo: Photo, number: int) -> Process:
    """A photograph's process that ended well and told so."""
    body = f'{{"process_id": "process-{number}", "status": "FINISHED"}}'.encode()
    headers = signed(body, webhook_id=f"msg_{number}")
    payload = verify(body, headers, secret=SECRET)
    callback = Callback(body=body, headers=headers, payload=payload, arrived_at=102.5)
    return Process(
        photo=photo,
        request=build_request(photo, service_id=1, callback="http://127.0.0.1:9/callback"),
        process_id=f"process-{number}",
        submitted_at=100.0,
        status=Status("FINISHED"),
        callback=callback,
    )


def report_on(output: Path, *, change: Callable[[Process], None] = lambda process: None) -> Report:
    """The report of that run, with its first process changed."""
    processes = [finished(photo, number) for number, photo in enumerate(PHOTOS)]
    change(processes[0])
    timings = {"process-0": {"item": 321, "outputs": {PHOTOS[0].destination(PHOTOS[0].variants[0]): 1234}}}
    with receiving() as receiver:
        return make_report(processes, receiver, bucket=output / "bucket", secret=SECRET, timings=timings)


def show(output: Path, report: Report) -> str:
    write_sheet(output / "index.html", report, bucket="bucket")
    return (output / "index.html").read_text(encoding="utf-8")


class Page(HTMLParser):
    """What a page refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.images: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        values = dict(attrs)
        self.images += [values["src"] or ""] if tag == "img" else []
        self.links += [values["href"] or ""] if "href" in values else []


def test_a_run_that_went_well_has_no_problems(output: Path) -> None:
    report = report_on(output)
    assert report.problems == []
    assert (report.results_right, report.results_total, report.verified) == (15, 15, 5)
    assert report.seconds == 2.5
    assert report.results_per_second == 6.0


def test_the_page_shows_every_picture_from_beside_it_and_loads_nothing_from_elsewhere(output: Path) -> None:
    page = Page(show(output, report_on(output)))
    assert len(page.images) == 20
    assert all((output / image).is_file() for image in page.images)
    assert all((output / link).is_file() for link in page.links)
    assert not page.tags & {"script", "link", "iframe"}


def test_the_page_names_size_bytes_times_steps_and_the_callback(output: Path) -> None:
    text = show(output, report_on(output))
    assert "400 × 400" in text
    assert "1\u202f234 ms" in text
    assert "crop 58% × 58%" in text
    assert "2\u202f500 ms" in text
    assert "msg_3" in text
    assert "5 of 5 refused" in text


def test_a_name_with_markup_in_it_stays_text(output: Path) -> None:
    def rename(process: Process) -> None:
        process.photo = replace(process.photo, title="<script>alert(1)</script>")

    text = show(output, report_on(output, change=rename))
    assert "script" not in Page(text).tags
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "it was not written"),
        (b"\xff\xd8no picture", "it can't be read"),
        (("JPEG", (10, 10)), "it has 10×10 pixels instead of 400×400"),
        (("PNG", (400, 400)), "it is PNG instead of JPEG"),
    ],
)
def test_a_result_that_is_not_what_was_asked_for_is_a_problem_on_the_page(
    output: Path, content: bytes | tuple[str, tuple[int, int]] | None, problem: str
) -> None:
    photo = PHOTOS[0]
    path = path_of(output / "bucket", photo.destination(photo.variants[0]))
    path.unlink()
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        Image.new("RGB", content[1]).save(path, content[0])
    assert inspect(output / "bucket", photo, photo.variants[0]).problem.startswith(problem)
    report = report_on(output)
    assert report.results_right == 14
    assert len(report.problems) == 1
    assert problem.replace("'", "&#x27;") in show(output, report)


def fail(process: Process) -> None:
    process.status = Status("FAILED", "there is no object 'photos/x'")


def lose(process: Process) -> None:
    process.callback = None


def stall(process: Process) -> None:
    process.status = Status("PROCESSING")


@pytest.mark.parametrize(
    ("change", "problem"),
    [(fail, "there is no object"), (lose, "its callback did not come"), (stall, "still PROCESSING after 120 s")],
)
def test_a_process_that_failed_or_did_not_tell_is_a_problem_on_the_page(
    output: Path, change: Callable[[Process], None], problem: str
) -> None:
    report = report_on(output, change=change)
    assert len(report.problems) == 1
    assert problem in report.problems[0]
    assert problem in show(output, report)


def test_a_callback_is_held_against_a_copy_with_one_bit_changed() -> None:
    callback = finished(PHOTOS[0], 1).callback
    assert callback is not None
    assert is_tampering_noticed(callback, SECRET)


# --- Progress --------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_the_bar_is_drawn_in_place() -> None:
    terminal = Terminal()
    bar = ProgressBar(terminal, total=2, noun="done")
    for done in (0, 1, 2):
        bar.show(done)
    bar.end()
    drawn = terminal.getvalue()
    assert drawn.count("\n") == 1
    assert [part.count("█") for part in drawn.split("\r")[1:]] == [0, 16, 32]


def test_elsewhere_there_is_a_line_at_the_start_and_one_at_the_end() -> None:
    stream = io.StringIO()
    bar = ProgressBar(stream, total=5, noun="done")
    for done in (0, 1, 1, 2, 3, 4, 5, 5):
        bar.show(done)
    bar.end()
    lines = stream.getvalue().splitlines()
    assert ["0 of 5 done" in lines[0], "5 of 5 done" in lines[-1]] == [True, True]
    assert len(lines) == 2


# --- All of it -------------------------------------------------------------------------------------------------------


def start_demo(tmp_path: Path) -> subprocess.Popen[str]:
    """The demo as one starts it, with a folder for temporary files that is ours to look into."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return subprocess.Popen(
        [sys.executable, "-m", "project.demo", "--output", str(tmp_path / "out")],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(scratch)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def find_programs(tmp_path: Path) -> list[psutil.Process]:
    """Processes that work in a data folder below this one."""
    found = []
    for process in psutil.process_iter():
        try:
            folder = process.environ().get("PHOTOMILL_DATA_DIR", "")
        except psutil.Error:  # it ended meanwhile, or is another user's
            continue
        if folder.startswith(str(tmp_path)):
            found.append(process)
    return found


@pytest.mark.stack
def test_the_demo_makes_its_results_shows_them_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with start_demo(tmp_path) as demo:
        printed, _ = demo.communicate(timeout=2 * WAIT_SECONDS)
    out = tmp_path / "out"
    assert demo.returncode == 0, printed
    assert "15 of 15 results" in printed
    assert "5 of 5 callbacks" in printed
    assert "2 of 2 results that models looked at" in printed
    for photo in PHOTOS:
        assert not any(inspect(out / "bucket", photo, variant).problem for variant in photo.variants)
    page = Page((out / "index.html").read_text(encoding="utf-8"))
    assert all((out / image).is_file() for image in page.images)
    assert (out / "log" / "batch.log").stat().st_size
    assert find_programs(tmp_path) == []
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.stack
def test_a_demo_that_is_interrupted_stops_what_it_started(tmp_path: Path) -> None:
    with start_demo(tmp_path) as demo:
        deadline = time.monotonic() + WAIT_SECONDS
        while not find_programs(tmp_path):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        demo.send_signal(signal.SIGINT)
        printed, _ = demo.communicate(timeout=WAIT_SECONDS)
    assert demo.returncode == 130, printed
    assert "Interrupted" in printed
    assert find_programs(tmp_path) == []
    assert list((tmp_path / "scratch").iterdir()) == []
