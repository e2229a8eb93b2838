"""README.md walked through on a bare Debian: nothing is installed but what it says, nothing is typed but what it says.

It takes a quarter of an hour and half a gigabyte of packages, so it is asked for: PHOTOMILL_TEST_WALK=1.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_readme import README, ROOT, blocks, section
from tests.walk.debian import CLONE, Debian, find_release, what_is_lacking

ASKED = os.environ.get("PHOTOMILL_TEST_WALK", "")
SAMPLE = "tests/test_run.py tests/storage/test_local.py tests/jobs/test_engine.py tests/processing/operations"
SEEING = "tests/processing/detectors"
SERVER = "data/log/serve-of-the-walk.log"
AWAIT_READY = """
python3 - <<'END'
import time, urllib.request
for _ in range(600):
    try:
        print(urllib.request.urlopen("http://127.0.0.1:8000/readyz", timeout=5).read().decode())
        break
    except OSError:
        time.sleep(0.2)
else:
    raise SystemExit(open("SERVER").read())
END
"""

pytestmark = [
    pytest.mark.skipif(not ASKED, reason="takes a quarter of an hour: ask for it with PHOTOMILL_TEST_WALK=1"),
    pytest.mark.skipif(bool(ASKED and what_is_lacking()), reason=what_is_lacking() or ""),
    pytest.mark.timeout(3600),
]


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Debian]:
    """The folder with what README.md says to install, and a clean clone. Made once."""
    folder = tmp_path_factory.mktemp("debian") / "root"
    made = Debian(folder)
    try:
        made.install(find_release())
        for line in re.findall(r"`apt install ([^`]+)`", README):
            made.type(f"apt-get install --yes {line}", user="root")
        made.clone(ROOT)
        yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def first_commands() -> list[str]:
    return [line.partition("#")[0].strip() for line in blocks("sh")[0].splitlines()]


def test_it_is_bare(debian: Debian) -> None:
    found = debian.type("command -v git pip pip3 make npm gcc || true; ldconfig -p | grep -E 'libGL|libEGL' || true")
    assert found == ""


def test_the_demo_shows_every_result(debian: Debian) -> None:
    said = debian.type(first_commands()[0])
    assert "15 of 15 results" in said
    assert (debian.folder / CLONE[1:] / "demo-output" / "index.html").exists()


def test_the_tests_run_and_name_what_is_not_there(debian: Debian) -> None:
    """A part of them, unless all are asked for with PHOTOMILL_TEST_WALK=all."""
    debian.type(f"{first_commands()[1]} --version")
    said = debian.type(f"{first_commands()[1]} {'' if ASKED == 'all' else SAMPLE}", is_alone=True)
    assert re.search(r"\d+ passed", said)
    assert "PostgreSQL is not on 127.0.0.1:5432" in said


def test_models_see_without_any_library_of_the_system(debian: Debian) -> None:
    said = debian.type(f"{first_commands()[1]} {SEEING}", is_alone=True)
    assert re.search(r"\d+ passed", said)


def test_the_first_batch_comes_out(debian: Debian) -> None:
    prepare, send, ask = blocks("sh", section("A first batch"))
    serve = re.search(r"^    (python3 run.py serve .*)$", section("A first batch"), re.MULTILINE)
    assert serve
    accounts = f"cat > accounts.yaml <<'END'\n{blocks('yaml')[0]}END\n"
    answer = "$(python3 -c \"import json,sys; print(json.load(sys.stdin)['process_id'])\" < answer.json)"
    script = [
        f"mkdir -p {Path(SERVER).parent}",
        f"{prepare}{accounts}{serve[1]} > {SERVER} 2>&1 &\nserver=$!",
        AWAIT_READY.replace("SERVER", SERVER),
        f"{send.rstrip()} > answer.json",
        f"for _ in $(seq 100); do {ask.strip().replace('PROCESS_ID', answer)} > status.json",
        "grep -qE 'FINISHED|FAILED' status.json && break; sleep 0.3; done; cat status.json",
        # Flower comes last, and the welcome after it.
        f"for _ in $(seq 300); do grep -q 'Stop with Ctrl-C' {SERVER} && break; sleep 0.3; done",
        "kill $server; wait $server || true",
    ]
    said = debian.type("\n".join(script), is_alone=True)
    ready = json.loads(next(line for line in said.splitlines() if '"parts"' in line))
    assert json.loads(said.splitlines()[-1])["status"] == "FINISHED", said
    assert set(ready["parts"].values()) == {"ok"}, ready
    for name in ("small/sheet.webp", "square/sheet.jpg"):
        assert (debian.folder / CLONE[1:] / "photos" / name).stat().st_size > 0
    log = (debian.folder / CLONE[1:] / SERVER).read_text()
    assert "Set the first operator up, within a day: http://127.0.0.1:8000/" in log
