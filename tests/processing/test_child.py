import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from processing import child_process, errors, pipeline
from processing.base import Step
from processing.child import Child, ChildResult
from processing.formats import Output
from processing.limits import Limits
from processing.pipeline import Variant
from processing.transport import KEPT_BYTES
from tests import images

GIGABYTE = 1 << 30
SECRET = "hunter2-and-more"
ORPHAN = Path(__file__).with_name("orphan.py")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def resize(width: int) -> Step:
    return Step(operation="resize", params={"width": {"value": width}})


def small() -> bytes:
    return images.encode(images.ramps((60, 40)), "JPEG")


def scan_bomb(side: int = 9000, scans: int = 95) -> bytes:
    """A small progressive JPEG whose last scan comes again and again: seconds of work, and no header tells."""
    data = images.encode(Image.new("L", (side, side), 128), "JPEG", progressive=True, quality=50)
    start = data.rindex(b"\xff\xda")
    return data[:start] + data[start:-2] * scans + data[-2:]


@pytest.fixture(scope="module")
def bomb() -> bytes:
    return scan_bomb()


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """One for all tests: whatever a test does to its process, the next run has a good one."""
    with running() as made:
        yield made


@pytest.fixture
def fresh() -> Iterator[Child]:
    """One whose process has yet to start, in the test's own circumstances."""
    with running() as made:
        yield made


@contextmanager
def running(**options: Any) -> Iterator[Child]:
    child = Child(**{"memory_bytes": 2 * GIGABYTE, **options})
    try:
        yield child
    finally:
        child.close()


def run(child: Child, source: bytes, *variants: Variant, seconds: float = 60, **options: Any) -> ChildResult:
    values: dict[str, Any] = {"limits": Limits(), "assets": {}, **options}
    return child.run(source, variants or [Variant((resize(30),))], seconds=seconds, **values)


def wait_until(condition: Callable[[], Any], what: str, seconds: float = 10) -> None:
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, f"after {seconds} seconds still not {what}"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """Whether the process lives; one that is dead and only not yet waited for doesn't."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


class Background(threading.Thread):
    """A run beside the test, and what it raised."""

    def __init__(self, child: Child, source: bytes) -> None:
        super().__init__(daemon=True)
        self._child, self._source = child, source
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            run(self._child, self._source)
        except errors.ImageError as error:
            self.error = error


@contextmanager
def at_work(child: Child, source: bytes) -> Iterator[Background]:
    """The child, deep in a picture."""
    run(child, small())
    before = cpu_ticks(child.pid or 0)
    work = Background(child, source)
    wait_until(lambda: cpu_ticks(child.pid or 0) > before + 5, "at work")
    yield work
    work.join(10)
    assert not work.is_alive()


# What it makes


def test_every_variant_comes_back_as_the_pipeline_makes_it(child):
    source = images.encode(images.see_through((120, 80)), "PNG")
    variants = [
        Variant((resize(60),), Output(format="jpeg", background="#ff0000")),
        Variant((resize(60),), Output(format="webp", quality=50)),
        Variant((), Output(format="png")),
    ]
    result = run(child, source, *variants)
    expected = pipeline.run(source, variants, limits=Limits())
    assert [outcome.encoded for outcome in result.outcomes] == [outcome.encoded for outcome in expected.outcomes]
    assert result.source == expected.source
    assert result.outcomes[0].encoded
    assert result.outcomes[0].encoded.losses[0].code == "alpha_flattened"


def test_the_cost_is_reported(child):
    result = run(child, images.encode(images.noise((1000, 800)), "PNG"), Variant((resize(500),)))
    assert 0 < result.decode_milliseconds < result.cpu_milliseconds + 50
    assert 0 < result.outcomes[0].milliseconds < 10_000
    assert 20_000_000 < result.max_rss_bytes < 2 * GIGABYTE


def test_a_variant_that_fails_leaves_the_others(child):
    too_wide = Variant((resize(20_000),))
    result = run(child, small(), too_wide, Variant((resize(30),)))
    assert isinstance(result.outcomes[0].error, errors.ResultTooLarge)
    assert result.outcomes[1].encoded is not None
    assert result.outcomes[1].encoded.size == (30, 20)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (images.encode(images.noise((60, 40)))[:-200], errors.BrokenImage),
        (b"no picture at all", errors.UnsupportedFormat),
        (small()[:-400], errors.BrokenImage),
        (b"", errors.UnsupportedFormat),
    ],
)
def test_a_source_at_fault_is_named_by_its_error_and_costs_no_process(child, source, error):
    run(child, small())
    pid = child.pid
    with pytest.raises(error):
        run(child, source)
    assert child.pid == pid


def test_a_fault_keeps_its_message_and_its_parameter(child):
    nonsense = Variant((Step(operation="resize", params={"width": "wide"}),))
    source = images.encode(images.ramps((60, 40)))
    error = run(child, source, nonsense).outcomes[0].error
    with pytest.raises(errors.InvalidParams) as expected:
        raise pipeline.run(source, [nonsense], limits=Limits()).outcomes[0].error or AssertionError
    assert isinstance(error, errors.InvalidParams)
    assert (error.message, error.param) == (expected.value.message, expected.value.param)


def test_limits_are_obeyed_inside(child):
    with pytest.raises(errors.TooManyPixels):
        run(child, small(), limits=Limits(max_pixels=100))


def test_source_assets_and_limits_all_arrive(fresh, monkeypatch):
    boot(
        monkeypatch,
        "from processing import errors, pipeline\n"
        "def run(data, variants, *, limits, assets):\n"
        "    raise errors.BrokenImage(f'{data} {assets} {limits.max_side} {len(variants)}')\n"
        "pipeline.run = run",
    )
    with pytest.raises(errors.BrokenImage) as caught:
        run(fresh, b"source", assets={"web::b": b"", "web::a": b"logo"}, limits=Limits(max_side=77))
    assert caught.value.message == "b'source' {'web::b': b'', 'web::a': b'logo'} 77 1"


def test_runs_from_several_threads_take_turns(child):
    widths = range(10, 26)
    made: dict[int, int] = {}

    def work(width: int) -> None:
        encoded = run(child, small(), Variant((resize(width),))).outcomes[0].encoded
        made[width] = encoded.size[0] if encoded else 0

    threads = [threading.Thread(target=work, args=(width,)) for width in widths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == {width: width for width in widths}


# How it dies


def test_a_crash_is_named_by_its_signal_and_the_next_picture_gets_a_new_process(child, bomb):
    with at_work(child, bomb) as work:
        pid = child.pid
        os.kill(pid, signal.SIGSEGV)
    assert type(work.error) is errors.Crashed
    assert "SIGSEGV" in work.error.message
    assert "pipeline.py" in work.error.detail
    assert run(child, small()).outcomes[0].encoded
    assert child.pid != pid


def test_a_picture_without_end_is_stopped_by_the_clock(child, bomb):
    run(child, small())
    started = time.monotonic()
    with pytest.raises(errors.TimedOut):
        run(child, bomb, seconds=1)
    assert 1 <= time.monotonic() - started < 2
    assert child.pid is None
    assert run(child, small()).outcomes[0].encoded


@pytest.mark.parametrize(
    ("form", "options"),
    [("PNG", {}), ("TIFF", {"compression": "tiff_adobe_deflate"}), ("JPEG", {"progressive": True}), ("WEBP", {})],
)
def test_a_canvas_beyond_the_memory_is_out_of_memory(form, options):
    canvas = images.encode(Image.new("RGB", (5000, 5000), "white"), form, **options)
    with running(memory_bytes=64 << 20) as child:
        with pytest.raises(errors.OutOfMemory):
            run(child, canvas, Variant())
        assert child.pid is None
        assert run(child, small()).outcomes[0].encoded


def test_a_broken_source_is_not_blamed_on_memory():
    broken = images.encode(images.noise((300, 300)), "JPEG", progressive=True)[:-5000]
    with running(memory_bytes=GIGABYTE) as child, pytest.raises(errors.BrokenImage):
        run(child, broken)


@pytest.mark.parametrize(
    ("counts", "error"),
    [(("nr_free 1\noom_kill 3\n",) * 2, errors.Crashed), (("oom_kill 3\n", "oom_kill 4\n"), errors.OutOfMemory)],
)
def test_a_kill_is_the_kernels_where_its_count_rose(fresh, bomb, monkeypatch, tmp_path, counts, error):
    count = tmp_path / "vmstat"
    count.write_text(counts[0])
    monkeypatch.setattr(child_process, "VMSTAT", count)
    with at_work(fresh, bomb) as work:
        count.write_text(counts[1])
        os.kill(fresh.pid, signal.SIGKILL)
    assert type(work.error) is error


def test_a_kill_is_taken_for_the_kernels_where_it_keeps_no_count(fresh, bomb, monkeypatch, tmp_path):
    monkeypatch.setattr(child_process, "VMSTAT", tmp_path / "absent")
    with at_work(fresh, bomb) as work:
        os.kill(fresh.pid, signal.SIGKILL)
    assert type(work.error) is errors.OutOfMemory


def test_a_mistake_of_ours_tells_the_caller_nothing_and_the_log_everything(fresh, monkeypatch):
    boot(monkeypatch, "from processing import pipeline; pipeline.run = lambda *args, **options: {}['missing']")
    with pytest.raises(errors.Unexpected) as caught:
        run(fresh, small())
    assert caught.value.code == "unexpected"
    assert "missing" not in caught.value.message
    assert "KeyError: 'missing'" in caught.value.detail
    assert fresh.pid is None


def test_a_child_that_cannot_start_says_why_in_the_log(fresh, monkeypatch):
    boot(monkeypatch, "import no_such_module")
    with pytest.raises(errors.Unexpected) as caught:
        run(fresh, small())
    assert "No module named 'no_such_module'" in caught.value.detail


def test_a_child_that_died_in_its_sleep_costs_no_picture(child):
    run(child, small())
    pid = child.pid
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_running(pid), "dead")
    assert run(child, small()).outcomes[0].encoded
    assert child.pid != pid


def test_a_process_is_replaced_after_so_many_pictures():
    with running(max_items=2) as child:
        pids = []
        for _ in range(5):
            run(child, small())
            pids.append(child.pid)
    first, second = pids[0], pids[2]
    assert pids == [first, None, second, None, pids[4]]
    assert len({first, second, pids[4]}) == 3


def test_replaced_processes_leave_neither_descriptors_nor_dead_bodies():
    with running(max_items=1) as child:
        run(child, small())
        before = links_of("self"), children_of(os.getpid())
        run(child, small())
        run(child, small())
        assert (links_of("self"), children_of(os.getpid())) == before


def test_a_run_that_is_broken_off_leaves_nothing_for_the_next(child, bomb):
    class SoftLimitError(Exception):
        pass

    def interrupt(number: int, frame: object) -> None:
        raise SoftLimitError

    run(child, small())
    pid = child.pid
    before = signal.signal(signal.SIGUSR1, interrupt)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGUSR1))
    timer.start()
    try:
        with pytest.raises(SoftLimitError):
            run(child, bomb)
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)
    assert not is_running(pid)
    assert run(child, small()).source.size == (60, 40)


def test_closing_ends_the_process_and_a_later_run_starts_another(child):
    run(child, small())
    pid = child.pid
    child.close()
    assert child.pid is None
    assert not is_running(pid)
    assert run(child, small()).outcomes[0].encoded


# What ends with what


@pytest.mark.parametrize("how", ["main", "worker", "fork"])
def test_a_killed_parent_leaves_no_child(bomb, tmp_path, how):
    path = tmp_path / "bomb.jpg"
    path.write_bytes(bomb)
    parent = subprocess.Popen([sys.executable, str(ORPHAN), str(path), how], stdout=subprocess.PIPE)
    with parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        wait_until(lambda: cpu_ticks(pid) > 100 or not is_running(pid), "at work")
        assert is_running(pid)
        forks = children_of(parent.pid) - {pid}
        parent.kill()
        wait_until(lambda: not is_running(pid), "gone", seconds=2)
        assert len(forks) == (how == "fork")
        for fork in forks:
            assert is_running(fork)
            os.kill(fork, signal.SIGKILL)


def children_of(pid: int) -> set[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(word) for listing in lists for word in listing.read_text().split()}


def test_a_thread_that_ends_takes_no_child_along(child):
    thread = threading.Thread(target=run, args=(child, small()))
    thread.start()
    thread.join()
    pid = child.pid
    assert run(child, small()).outcomes[0].encoded
    assert child.pid == pid


def test_a_fork_has_a_child_of_its_own(child):
    run(child, small())
    pid = child.pid
    fork = os.fork()
    if fork == 0:
        own = child.pid is None and not links_of("self", "memfd:") and run(child, small()).outcomes[0].encoded
        own = own and child.pid != pid
        child.close()
        os._exit(0 if own else 1)
    assert os.waitpid(fork, 0)[1] == 0
    assert run(child, small()).outcomes[0].encoded
    assert child.pid == pid


def links_of(pid: int | str, word: str = "") -> list[str]:
    """What a process's descriptors are, without the numbers of pipes."""
    links = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir() if entry.is_symlink()]
    return sorted("pipe" if link.startswith("pipe:") else link for link in links if word in link)


# What it has


def test_a_child_inherits_no_secret_and_no_descriptor(monkeypatch, tmp_path):
    monkeypatch.setenv("PHOTOMILL_SECRET_KEY", SECRET)
    with (tmp_path / "secret").open("w") as inherited, running() as child:
        os.set_inheritable(inherited.fileno(), True)
        run(child, small())
        environment = Path(f"/proc/{child.pid}/environ").read_bytes()
        links = links_of(child.pid or 0)
        assert Path(f"/proc/{child.pid}/cwd").readlink() == Path("/")
    assert SECRET.encode() not in environment
    names = {entry.partition(b"=")[0].decode() for entry in environment.split(b"\0") if entry}
    threads = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VIPS_CONCURRENCY"}
    assert names == threads | {"LC_ALL"} | {name for name in names if name.startswith("MALLOC_")}
    memory = [f"/memfd:{name} (deleted)" for name in ("inbox", "log", "log", "outbox")]
    assert [link for link in links if not link.endswith("/status")] == ["/dev/null", *memory, *["pipe"] * 3]


def test_a_child_is_locked_in_and_says_how(child):
    run(child, small())
    status = Path(f"/proc/{child.pid}/status").read_text()
    assert "NoNewPrivs:\t1" in status
    assert "CapEff:\t0000000000000000" in status
    assert ("Seccomp:\t2" in status) != child.protection["seccomp"].startswith("absent")
    assert child.protection["ending"] == "with the parent"
    assert {"limits", "privileges", "landlock", "capabilities", "seccomp", "killer", "ending"} == set(child.protection)


def test_a_child_reads_what_its_parent_names_and_nothing_else(monkeypatch, tmp_path):
    (tmp_path / "fonts").mkdir()
    for name in ("fonts/a.ttf", "secrets.env"):
        (tmp_path / name).write_text(name)
    boot(
        monkeypatch,
        "from pathlib import Path\n"
        "from processing import errors, pipeline\n"
        "def run(data, variants, **options):\n"
        "    raise errors.BrokenImage(Path(data.decode()).read_text())\n"
        "pipeline.run = run",
    )
    with running(readable=[tmp_path / "fonts"]) as child:
        with pytest.raises(errors.BrokenImage, match=r"fonts/a\.ttf"):
            run(child, str(tmp_path / "fonts" / "a.ttf").encode())
        if child.protection["landlock"].startswith("absent"):
            pytest.skip(f"landlock is {child.protection['landlock']}")
        with pytest.raises(errors.Unexpected) as caught:
            run(child, str(tmp_path / "secrets.env").encode())
    assert "PermissionError" in caught.value.detail


def test_memory_that_a_large_picture_took_is_given_back(child):
    result = run(child, images.encode(images.noise((3000, 2500)), "BMP"), Variant((), Output(format="tiff")))
    assert result.outcomes[0].encoded
    assert len(result.outcomes[0].encoded.data) > KEPT_BYTES
    folder = Path(f"/proc/{child.pid}/fd")
    sizes = {
        str(entry.readlink()): entry.stat().st_size for entry in folder.iterdir() if "memfd" in str(entry.readlink())
    }
    assert sizes == {
        "/memfd:inbox (deleted)": KEPT_BYTES,
        "/memfd:outbox (deleted)": KEPT_BYTES,
        "/memfd:log (deleted)": 0,
    }


# What it may claim


def boot(monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    """Start children whose program was changed, as by a picture that took one over."""
    lines = ["import sys; sys.path.insert(0, sys.argv[1])", change, "from processing.child_main import main; main()"]
    monkeypatch.setattr(child_process, "BOOT", "\n".join(lines))


def answering(raw: str) -> str:
    """A program that answers every request so; `raw` is an expression for the bytes on the pipe."""
    return (
        "import os, time\n"
        "from processing import child_main, transport\n"
        "def frame(text): return transport.LENGTH.pack(len(text)) + text.encode()\n"
        "def serve(start, status):\n"
        "    transport.receive(start.requests)\n"
        f"    os.write(start.answers, {raw})\n"
        "    time.sleep(60)\n"
        "child_main._serve = serve"
    )


SOURCE = '"source": {"format": "png", "size": [1, 1], "mode": "RGB", "frames": 1}'
MADE = '{"made": {"format": "png", "size": [1, 1], "losses": [], "data_bytes": %s}, "milliseconds": 1}'
LIES = {
    "no message": r"b'\x00\x00\x00\x05hello'",
    "an endless message": r"b'\xff\xff\xff\xff'",
    "an empty message": r"b'\x00\x00\x00\x00'",
    "no result": f"frame('{{{SOURCE}, \"reports\": []}}')",
    "too many results": f"frame('{{{SOURCE}, \"reports\": [{MADE % 0}, {MADE % 0}]}}')",
    "a result that is not there": f"frame('{{{SOURCE}, \"reports\": [{MADE % 5000}]}}')",
    "more than may be": f"frame('{{{SOURCE}, \"reports\": [{MADE % 10**15}]}}')",
    "a length below nothing": f"frame('{{{SOURCE}, \"reports\": [{MADE % -1}]}}')",
    "a length that is no number": f"frame('{{{SOURCE}, \"reports\": [{MADE % 'NaN'}]}}')",
    "another format": f"frame('{{{SOURCE}, \"reports\": [{MADE.replace('png', 'exe') % 0}]}}')",
    "an error that it cannot have": 'frame(\'{"fault": {"code": "timeout", "message": "late"}}\')',
    "an error that is none": 'frame(\'{"fault": {"code": "all_is_lost", "message": "woe"}}\')',
    "a word too many": f'frame(\'{{{SOURCE}, "reports": [{MADE % 0}], "more": 1}}\')',
}


@pytest.mark.parametrize("raw", LIES.values(), ids=LIES)
def test_an_answer_that_makes_no_sense_counts_as_a_crash(fresh, monkeypatch, raw):
    boot(monkeypatch, answering(raw))
    with pytest.raises(errors.Crashed) as caught:
        run(fresh, small())
    assert caught.value.message == child_process.NONSENSE
    assert fresh.pid is None


def test_a_child_that_falls_silent_is_ended(fresh, monkeypatch):
    monkeypatch.setattr(child_process, "GRACE_SECONDS", 0.2)
    boot(monkeypatch, answering("os.close(start.answers) or time.sleep(60)"))
    with pytest.raises(errors.Crashed, match="fell silent"):
        run(fresh, small())


def test_a_child_that_reads_no_request_is_stopped_by_the_clock(fresh, monkeypatch):
    boot(monkeypatch, "import time; from processing import child_main; child_main._serve = lambda *all: time.sleep(60)")
    many = [Variant((resize(30),)) for _ in range(5000)]
    with pytest.raises(errors.TimedOut):
        run(fresh, small(), *many, seconds=0.5)
