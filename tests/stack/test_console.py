"""The console in a real browser, at a running server with a worker: recipes made by form, and a run of 300 photos."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from PIL import Image, ImageDraw

from project.instance import Instance
from tests.services import find_free_ports
from tests.stack.pilot import Pilot, piloting

pytestmark = [pytest.mark.stack, pytest.mark.browser]

EMAIL, PASSWORD = "ada@acme.example", "correct horse battery"
TESTS_OWN = ("CELERY_BROKER_URL", "PHOTOMILL_CACHE_URL", "DATABASE_URL", "PHOTOMILL_PUBLIC_URL")
PHOTOS, BROKEN = 300, (7, 9)
RUN_SECONDS = 240
AFTER = ".pm-preview .pm-frame:not(.pm-before) .pm-shown"
EXPECTED = ("favicon.ico", "/recipes/preview/", "/admin/thumbnails/item/")
"""What the browser complains of and may: no icon, chains that are not whole yet, photos that cannot be shown."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("console")
    (made / "bucket").mkdir()
    return made


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[str]:
    """The address of a server with one person, one storage and two recipes."""
    small = {"id": "small", "name": "Small", "steps": [{"operation": "resize", "params": {"width": {"value": 60}}}]}
    white = {"width": {"value": 100}, "height": {"value": 100}, "fit": "canvas", "background": "#ffffff"}
    square = {"id": "square", "name": "Square", "steps": [{"operation": "place", "params": white}]}
    account = {
        "name": "acme",
        "users": [{"email": EMAIL, "password": PASSWORD, "role": "owner"}],
        "storages": [{"name": "shop", "type": "local", "parameters": {"path": str(folder / "bucket")}}],
        "recipes": [small, {**square, "output": {"format": "webp"}}],
    }
    accounts = folder / "accounts.yaml"
    accounts.write_text(yaml.safe_dump({"accounts": [account]}))
    (port,) = find_free_ports(1)
    instance = Instance(folder / "data", port=port, workers=1, env=dict.fromkeys(TESTS_OWN, ""))
    try:
        instance.start(provision=accounts)
        instance.wait_ready()
        yield instance.url
    finally:
        instance.stop()


@pytest.fixture
def pilot(site: str, tmp_path: Path) -> Iterator[Pilot]:
    """A browser in which somebody of the account has logged in."""
    with piloting(tmp_path / "browser") as pilot:
        pilot.open(f"{site}/admin/login/")
        pilot.fill("[name=username]", EMAIL)
        pilot.fill("[name=password]", PASSWORD)
        pilot.run("document.querySelector('form').submit()")
        pilot.wait_for("location.pathname === '/admin/'")
        yield pilot


def check_console(pilot: Pilot) -> None:
    assert [line for line in pilot.console if not any(words in line for words in EXPECTED)] == []


def add_step(pilot: Pilot, operation: str) -> None:
    """Choose an operation and add it, with the keyboard."""
    pilot.fill(".pm-adder select", operation)
    pilot.run("document.querySelector('.pm-adder button').focus()")
    pilot.press("Enter")


def read_steps(pilot: Pilot) -> str:
    return str(pilot.run("document.querySelector('textarea[data-chain=steps]').value.replace(/\\s+/g, '')"))


def open_form(pilot: Pilot, url: str) -> None:
    pilot.open(url)
    pilot.wait_for("document.querySelector('.pm-adder select').options.length > 5")


def test_a_recipe_is_made_by_its_form_with_a_preview_beside_it(pilot: Pilot, site: str, tmp_path: Path) -> None:
    open_form(pilot, f"{site}/admin/jobs/recipe/add/")
    pilot.fill("[name=name]", "Thumb")
    add_step(pilot, "resize")
    assert pilot.run("document.activeElement.closest('.pm-step') !== null")
    pilot.fill('[data-step="0"] [data-path="width.value"]', "300")
    pilot.wait_for(f"document.querySelector({AFTER!r})")
    pilot.wait_for("document.querySelector('.pm-report').innerText.includes('300 × 400, png')")

    add_step(pilot, "body_crop")
    pilot.wait_for("""document.querySelector('[data-step="1"] [data-path="marker"] .pm-fault')""")
    assert "Field required" in pilot.run("""document.querySelector('[data-step="1"] .pm-fault').innerText""")
    assert "see the fields" in pilot.run("document.querySelector('.pm-preview').innerText")
    pilot.run("""document.querySelector('[data-step="1"] .pm-step-buttons button').focus()""")
    pilot.press("Enter")
    assert read_steps(pilot).index("body_crop") < read_steps(pilot).index("resize")
    pilot.click('[data-step="0"] .pm-step-buttons button:last-child')
    pilot.photograph(tmp_path / "form.png")
    assert read_steps(pilot) == '[{"operation":"resize","params":{"width":{"value":300}}}]'

    pilot.run("document.querySelector('[role=tab][aria-selected=true]').focus()")
    pilot.press("ArrowRight")
    assert pilot.run("document.querySelector('textarea[data-chain=steps]').offsetHeight > 0")
    pilot.fill("textarea[data-chain=steps]", '[{"operation": "resize", "params": {"width": {"value": 120}}}]')
    pilot.run("document.querySelector('[data-view=json]').focus()")
    pilot.press("ArrowLeft")
    assert pilot.run("""document.querySelector('[data-step="0"] [data-path="width.value"]').value""") == "120"
    pilot.wait_for("document.querySelector('.pm-report').innerText.includes('120 × 160')")
    keep_picture(pilot, tmp_path / "mine.jpg")
    pilot.click("[name=_continue]")
    pilot.wait_for("document.body.innerText.includes('resize: width 120 px')")
    check_console(pilot)


def keep_picture(pilot: Pilot, path: Path) -> None:
    """See the recipe on a picture of one's own, and keep that for the next time."""
    path.write_bytes(draw_photo(0))
    pilot.fill(".pm-preview select", "upload")
    pilot.choose_files(".pm-preview input[type=file]", [path])
    pilot.wait_for("document.querySelector('.pm-report').innerText.includes('120 × 90, jpeg')")
    pilot.run("document.querySelector('.pm-preview .pm-button').click()")
    pilot.wait_for("document.querySelector('.pm-preview select').selectedOptions[0].innerText === 'mine.jpg'")


def test_two_versions_are_seen_on_one_picture(pilot: Pilot, site: str, tmp_path: Path) -> None:
    pilot.open(f"{site}/admin/jobs/recipe/?q=Small")
    pilot.run("location.href = document.querySelector('#result_list a[href*=\"/change/\"]').href")
    pilot.wait_for("document.querySelector('a[href*=new-version]')")
    pilot.run("location.href = document.querySelector('a[href*=new-version]').href")
    pilot.wait_for("""document.querySelector('[data-step="0"] [data-path="width.value"]')""")
    pilot.fill('[data-step="0"] [data-path="width.value"]', "50")
    pilot.run("document.querySelector('textarea[data-chain=steps]').form.requestSubmit()")
    pilot.wait_for("document.querySelector('a[href*=versions]')")
    pilot.run("location.href = document.querySelector('a[href*=versions]').href")
    pilot.wait_for("document.querySelectorAll('#compare .pm-shown').length === 2")
    pilot.photograph(tmp_path / "versions.png")
    assert "width: 60 px → 50 px" in pilot.run("document.body.innerText")
    reports = pilot.run("[...document.querySelectorAll('#compare .pm-report')].map((one) => one.innerText)")
    assert [report.split(" × ")[0] for report in reports] == ["60", "50"]
    check_console(pilot)


def test_three_hundred_photos_go_from_the_run_page_to_a_grid_of_results(
    pilot: Pilot, site: str, folder: Path, tmp_path: Path
) -> None:
    pilot.open(f"{site}/admin/run/")
    pilot.click("[name=kind][value=zip]")
    pilot.choose_files("[name=zip]", [pack_photos(tmp_path / "photos.zip")])
    pilot.run("document.querySelectorAll('[name=recipes]').forEach((one) => one.click())")
    pilot.run("document.querySelector('[name=destination]').selectedIndex = 1")
    pilot.fill("[name=pattern]", "out/{recipe}/{stem}.{ext}")
    pilot.photograph(tmp_path / "run.png")
    pilot.click("#run-form [type=submit]")
    pilot.wait_for("document.querySelector('#run-count').innerText === '300'")
    recipes = pilot.run("document.querySelector('#run-previews').dataset.recipes.split('|').length")
    pilot.wait_for(f"document.querySelectorAll('#run-previews .pm-shown').length === {3 * (1 + recipes)}")
    pilot.photograph(tmp_path / "plan.png")

    pilot.click("form[action*=plan] [type=submit]")
    pilot.wait_for("location.pathname.startsWith('/admin/jobs/job/')")
    # Its script shows the page anew at the end.
    pilot.wait_for("document.querySelector('#items') && !document.querySelector('.pm-live')", seconds=RUN_SECONDS)
    choices = pilot.run("document.querySelector('.pm-choices').innerText.split('\\n').map((one) => one.trim())")
    assert choices[:3] == ["all 300", "done 298", "failed 2"]
    assert pilot.run("document.querySelectorAll('.pm-pair').length") == 100
    pilot.run("document.querySelector('#items').scrollIntoView()")
    shown = "document.querySelectorAll('.pm-pair:first-child img[data-state=shown]').length"
    pilot.wait_for(f"{shown} === {1 + recipes}")
    pilot.photograph(tmp_path / "grid.png")
    assert len(list((folder / "bucket/out/square").glob("*.webp"))) == PHOTOS - len(BROKEN)
    assert len(list((folder / "bucket/out/small").glob("*.jpg"))) == PHOTOS - len(BROKEN)

    pilot.open(pilot.run("document.querySelector('.pm-choices a[href*=\"items=failed\"]').href"))
    assert pilot.run("document.querySelectorAll('.pm-pair').length") == len(BROKEN)
    assert pilot.run("document.querySelector('.pm-pair .pm-bad.pm-toned').innerText.length > 10")
    pilot.open(pilot.run("document.querySelector('.pm-choices a[href*=\"items=loss\"]').href"))
    assert "more pixels" in pilot.run("document.querySelector('.pm-pair figcaption').innerText")

    pilot.open(pilot.run("document.querySelector('a[href*=retry-failed]').href"))
    pilot.run("document.querySelector('form.pm-card').requestSubmit()")
    pilot.wait_for("document.body.innerText.includes('runs again')")
    pilot.wait_for("document.querySelector('#items') && !document.querySelector('.pm-live')", seconds=RUN_SECONDS)
    assert "failed 2" in pilot.run("document.querySelector('.pm-choices').innerText")
    check_console(pilot)


def pack_photos(path: Path) -> Path:
    """Drawn photos in a ZIP, two of which end in the middle. Half of them are smaller than what is made of them."""
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(PHOTOS):
            data = draw_photo(number)
            archive.writestr(f"{number:03}.jpg", data[:300] if number in BROKEN else data)
    return path


def draw_photo(number: int) -> bytes:
    picture = Image.new("RGB", (90, 60) if number % 2 else (240, 180), (number * 7 % 256, number * 31 % 256, 120))
    ImageDraw.Draw(picture).ellipse((20, 10, 70, 50), fill=(number * 13 % 256, 200, 90))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG")
    return buffer.getvalue()
