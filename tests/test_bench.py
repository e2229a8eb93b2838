"""The benchmark's parts work and their figures hang together; how fast anything is, is not tested."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from PIL import Image

from accounts.models import Account
from jobs.dialects.cropedly.wire import ENHANCEMENTS
from jobs.models import Output
from processing.child import Child
from storage.models import Connection
from tests.bench import __main__ as bench
from tests.bench import (
    chain,
    clock,
    costs,
    growth,
    huge,
    isolation,
    memory,
    photos,
    pixels,
    recipes,
    report,
    seeing,
    sharing,
    thumbor,
)
from tests.bench.batch import Batch, await_end
from tests.bench.growth import Growth
from tests.bench.pixels import LIBRARIES, OURS, OURS_IN_CHILD, Case, Row
from tests.bench.report import Report
from tests.bench.stretches import measure_stretches
from tests.processing.subjects import needs_model

TINY = (200, 133)
BURN = "import time\nwhile time.process_time() < {seconds}: pass\ntime.sleep(60)"


def decode(data: bytes) -> NDArray[np.float64]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), np.float64)


@pytest.fixture(scope="module")
def tiny() -> list[bytes]:
    return photos.make_photos(3, size=TINY)


@pytest.fixture
def child() -> Iterator[Child]:
    child = Child(memory_bytes=pixels.CHILD_MEMORY_BYTES)
    yield child
    child.close()


def test_photos_are_different_and_always_the_same(tiny: list[bytes]) -> None:
    assert len(set(photos.make_photos(50, size=(60, 40)))) == 50
    assert photos.make_photos(3, size=TINY) == tiny
    assert {Image.open(io.BytesIO(photo)).size for photo in tiny} == {TINY}


def test_a_folder_s_jpegs_are_taken_as_they_are(tmp_path: Path, tiny: list[bytes]) -> None:
    (tmp_path / "a.jpg").write_bytes(tiny[0])
    Image.new("RGB", (9, 7)).save(tmp_path / "b.png")
    (tmp_path / "c.txt").write_text("not a picture")
    first, second = photos.read_folder(tmp_path, 5)
    assert first == tiny[0]
    assert Image.open(io.BytesIO(second)).format == "JPEG"
    assert photos.read_folder(tmp_path, 1) == [tiny[0]]


def test_another_process_s_cpu_time_is_its_own() -> None:
    with subprocess.Popen([sys.executable, "-c", BURN.format(seconds=0.2)]) as process:
        deadline = time.monotonic() + 60
        while clock.read_cpu(process.pid) < 0.2 and time.monotonic() < deadline:
            time.sleep(0.02)
        spent = clock.read_cpu(process.pid)
        assert 0.2 <= spent < 2
        assert clock.sum_cpu([psutil.Process(process.pid)]) == pytest.approx(spent, abs=0.1)
        process.kill()


@pytest.mark.parametrize("form", ["jpeg", "png", "webp", "avif"])
def test_all_that_are_compared_make_the_same_picture(tiny: list[bytes], child: Child, form: str) -> None:
    case = Case("case", tiny, form, (64, 32))
    for name, way in pixels.make_ways(case, child).items():
        made = [Image.open(io.BytesIO(data)) for data in way(tiny[0])]
        assert [image.format for image in made] == [form.upper()] * 2, name
        assert [image.size[0] for image in made] == [64, 32], name


def test_a_case_has_a_cost_for_each_that_is_compared(tiny: list[bytes], child: Child) -> None:
    row = pixels.measure_case(Case("case", tiny, "jpeg", (64,)), child, seconds=0)
    assert list(row.costs) == [OURS_IN_CHILD, OURS, *LIBRARIES]
    assert row.rounds == pixels.MIN_ROUNDS
    assert all(cost.cpu_ms > 0 and cost.wall_ms > 0 and cost.output_bytes > 100 for cost in row.costs.values())
    assert row.ratio(row.better_library) == 1


def test_the_cost_of_a_child_is_found(tiny: list[bytes], child: Child) -> None:
    row = pixels.measure_case(Case("case", tiny, "jpeg", (64,)), child, seconds=0)
    found = isolation.measure_isolation(tiny, row)
    assert found.parent_cpu_ms > 0
    assert found.start_ms > 0
    assert 10 << 20 < found.rss_bytes < 1 << 30


@pytest.mark.django_db(transaction=True)
def test_an_item_s_way_is_split_without_a_rest_that_is_lost(alice: Account, tiny: list[bytes]) -> None:
    job = Batch(Connection.objects.get(account=alice), tiny).create_job(4)
    before = clock.read_cpu(os.getpid())
    stretches = measure_stretches(job)
    spent_ms = (clock.read_cpu(os.getpid()) - before) * 1000
    await_end(job, timeout_seconds=5)
    assert Output.objects.filter(item__job=job, width=512, state="stored").count() == 4
    calls = {stretch.name: stretch.calls for stretch in stretches}
    assert calls["child, parent's side"] == calls["storage: read"] == calls["storage: write"] == 1
    assert calls["SQL statements"] >= 3
    assert 0 < sum(stretch.cpu_ms for stretch in stretches) * 3 <= spent_ms


def test_tables_and_json_say_what_was_reached(tiny: list[bytes], child: Child) -> None:
    made = Report("3 photos")
    made.pixels.append(pixels.measure_case(Case("JPEG → JPEG", tiny, "jpeg", (64,)), child, seconds=0))
    made.sharing = sharing.measure_sharing(tiny, child)
    first, second = made.goals()
    assert first.reached == made.pixels[0].ratio(OURS_IN_CHILD)
    assert second.reached == made.sharing.three_cpu_ms / made.sharing.one_cpu_ms
    table = list(report.show_row(made.pixels[0]))
    assert [line.split("  ")[0] for line in table[2:-1]] == list(made.pixels[0].costs)
    written = json.loads(json.dumps(made.to_dict()))
    assert written["goals"][0]["is_met"] is first.is_met
    assert written["pixels"][0]["costs"]["pillow"]["cpu_ms"] > 0


def test_a_goal_is_met_up_to_its_bound() -> None:
    costs = {name: pixels.Cost(11.5, 20.0, 1000) for name in (OURS_IN_CHILD, OURS)}
    costs |= {name: pixels.Cost(10.0, 20.0, 1000) for name in LIBRARIES}
    assert Report("", pixels=[Row("case", 3, costs)]).goals()[0].is_met
    costs[OURS_IN_CHILD] = pixels.Cost(11.6, 20.0, 1000)
    assert not Report("", pixels=[Row("case", 3, costs)]).goals()[0].is_met
    assert not Report("", pixels=[Row("case", 3, costs, has_goal=False)]).goals()


def test_the_six_steps_make_about_the_same_picture_everywhere(child: Child) -> None:
    (source,) = photos.make_photos(1, size=(1200, 900))
    made = {name: decode(way(source)[0]) for name, way in chain.make_chain_ways(child).items()}
    for name, picture in made.items():
        assert picture.shape == (600, 600, 3)
        assert np.abs(picture - made[OURS]).mean() < 2, name


def test_a_huge_picture_s_cost_is_each_program_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    runs = huge.measure_huge(side=400, tile=200, width=100)
    assert list(runs) == [OURS_IN_CHILD, *LIBRARIES]
    for name, run in runs.items():
        assert 0 < run.cpu_seconds < 20, name
        assert 20e6 < run.peak_bytes < 1e9, name
        assert run.output_bytes > 500, name
    (kept,) = tmp_path.rglob("*.jpg")
    assert Image.open(kept).size == (400, 400)


@needs_model
def test_seeing_costs_little_more_than_the_models_do() -> None:
    """So small a picture that the figures mean nothing: all that is looked at is that they are there."""
    sight = seeing.measure_here((600, 600))
    assert 0 < sight.models_once < sight.models
    assert 0 < sight.ours < 60
    assert 50e6 < sight.before_bytes <= sight.peak_bytes


def test_a_child_s_memory_is_followed_from_picture_to_picture() -> None:
    grown = growth.measure_growth(pictures=growth.WARM + 10)
    assert len(grown.rss_bytes) == growth.WARM + 10
    assert min(grown.rss_bytes) > 20e6
    assert [number for number, _ in grown.shown()] == [1, 100, 200]
    assert Growth(1.0, [5] * growth.WARM + [9, 7]).most == 4


def test_parts_are_chosen_by_name() -> None:
    def choose(*arguments: str) -> set[str]:
        return set(bench.read_options([*arguments]).parts)

    assert choose() == {"pixels", "chain", "road"}
    assert choose("--thumbor") == {"pixels", "chain", "road", "thumbor"}
    assert choose("--only", "huge", "--only", "growth") == {"huge", "growth"}
    assert choose("--all") == set(bench.PARTS)


def test_a_thumbor_that_cannot_be_installed_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    with pytest.raises(thumbor.NotThere) as caught:
        thumbor.find_program()
    assert "\n" not in str(caught.value)


@pytest.mark.stack
def test_calls_for_enhancement_are_timed() -> None:
    code = (
        "import json; from tests.bench import stage\n"
        "with stage.open_stage(stage.Servers()) as instance:\n"
        "    from tests.bench import enhance\n"
        "    found = enhance.measure_enhancement(instance.url, size=(64, 48), calls=8)\n"
        "    print(json.dumps([[c.clients, c.calls, c.p50_seconds, c.p95_seconds] for c in found.calls]))"
    )
    # The instance finds its own database and broker only where nothing names the tests' ones.
    ours = ("PHOTOMILL_", "DATABASE_", "CELERY_", "DJANGO_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120, check=True
    )
    made_calls = json.loads(done.stdout.splitlines()[-1])
    assert [row[:2] for row in made_calls] == [[1, 8], [8, 8]]
    assert all(0 < p50 <= p95 < 60 for *_, p50, p95 in made_calls)


def test_the_upkeep_is_measured_on_a_database_of_its_own() -> None:
    found = costs.measure_apart("", jobs=60)
    assert {"sweep, one pass", "purge_jobs, one chunk"} <= {cost.name for cost in found.passes}
    assert {"job list", "item list", "delivery list"} <= {cost.name for cost in found.lists}
    assert all(cost.milliseconds > 0 and cost.statements > 0 for cost in (*found.passes, *found.lists))
    assert all(cost.statements <= 20 for cost in found.lists)
    assert [goal.name.partition(",")[0] for goal in found.goals()] == ["upkeep on SQLite", *["admin on SQLite"] * 2]


# --- recipes -----------------------------------------------------------------------------------------------------


def test_each_recipe_of_the_readme_is_made_and_its_figures_hang_together() -> None:
    six = recipes.list_recipes()
    assert len(six) == 6
    for recipe in (six[0], six[2]):
        price = recipes.measure_recipe(recipe, photos.make_photos(1, size=(300, 200)), rounds=2)
        assert (price.title, price.pictures) == (recipe.title, 2)
        assert price.per_hour(0) > price.per_hour(price.cpu_ms) == pytest.approx(price.per_hour(0) / 2)
        assert price.rss_bytes > 20_000_000


def test_enhancing_is_measured_as_it_is_done() -> None:
    assert list(recipes.ENHANCEMENT) == [(step.operation, step.params) for step in ENHANCEMENTS["plain"]]


def test_a_program_s_memory_is_that_of_all_its_processes() -> None:
    held = memory.measure_memory({"tests": os.getpid()})["tests"]
    assert 20_000_000 < held <= sum(process.memory_info().rss for process in clock.read_tree(os.getpid()))


def test_the_readme_has_a_row_for_each_recipe_that_is_measured() -> None:
    readme = (Path(recipes.__file__).parents[2] / "README.md").read_text()
    assert [recipe.title for recipe in recipes.list_recipes() if f"| {recipe.title} |" not in readme] == []
