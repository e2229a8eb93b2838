"""A batch that gets through whatever is killed under it."""

import time
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import encode
from tests.images import noise
from tests.stack.running import MARKED, Stack, running

ITEMS = 200
POISON = (20, 90, 160)
KILL_SECONDS = 10
LONGEST_SECONDS = 120
ITEM_SECONDS = "4"


def scan_bomb(side: int = 9000, scans: int = 400) -> bytes:
    """A small progressive JPEG that is minutes of work: its last scan comes again and again."""
    data = encode(Image.new("L", (side, side), 128), "JPEG", progressive=True, quality=50)
    start = data.rindex(b"\xff\xda")
    return data[:start] + data[start:-2] * scans + data[-2:]


def fill_bucket(bucket: Path) -> list[str]:
    photo = encode(noise((1400, 1000)), "JPEG", quality=85)
    bomb = scan_bomb()
    keys = [f"in/{number:03}.jpg" for number in range(ITEMS)]
    (bucket / "in").mkdir()
    for number, key in enumerate(keys):
        (bucket / key).write_bytes(bomb if number in POISON else photo)
    return keys


def harass(stack: Stack, job: int) -> int:
    """Kill one of two nodes every ten seconds, and empty the broker once, until the job has ended. Counts the kills."""
    kills = 0
    started = time.monotonic()
    emptied = False
    while stack.rows(f"SELECT finished_at IS NULL FROM jobs_job WHERE id = {job}")[0][0]:
        elapsed = time.monotonic() - started
        assert elapsed < LONGEST_SECONDS, stack.describe()
        if elapsed > KILL_SECONDS * (kills + 1):
            name = f"batch{kills % 2}"
            stack.kill_node(name)
            stack.add_node(name)
            kills += 1
        if elapsed > 4 and not emptied:
            stack.empty_broker()
            emptied = True
        time.sleep(0.2)
    return kills


@pytest.mark.timeout(240)
@pytest.mark.parametrize("backend", [MARKED[0], MARKED[2]])
def test_nothing_is_lost_and_nothing_happens_twice(backend: str, tmp_path: Path) -> None:
    # The bombs are to be worked on: by default they would be refused by their headers.
    limits = {"PHOTOMILL_ITEM_SECONDS": ITEM_SECONDS, "PHOTOMILL_MAX_JPEG_SCANS": "1000"}
    with running(backend, tmp_path, **limits) as stack:
        stack.receiver.failures = 1
        # The instance's own node would be a third worker that nobody kills.
        stack.instance.pause("batch")
        for name in ("batch0", "batch1"):
            stack.add_node(name)
        job = stack.submit(keys=fill_bucket(stack.bucket), width=200, callback_url=stack.receiver.url)
        kills = harass(stack, job)
        assert kills >= 1
        assert stack.rows("SELECT COUNT(*) FROM jobs_item WHERE state = 'done'") == [(ITEMS - len(POISON),)]
        poisoned = stack.rows("SELECT position, tries, error_code FROM jobs_item WHERE state = 'failed' ORDER BY 1")
        assert poisoned == [(position, 3, "timeout") for position in POISON]
        assert len(list((stack.bucket / "out").rglob("*.jpg"))) == ITEMS - len(POISON)
        assert stack.rows("SELECT items_ended, outputs_stored FROM jobs_job") == [(ITEMS, ITEMS - len(POISON))]
        stack.await_rows("SELECT COUNT(*) FROM jobs_delivery WHERE state = 'delivered'", 1, seconds=20)
        assert stack.rows("SELECT COUNT(*) FROM jobs_delivery") == [(1,)]
        assert len(stack.receiver.messages) == 2
        assert len({headers["webhook-id"] for headers, _ in stack.receiver.messages}) == 1
