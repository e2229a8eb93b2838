import io
import re
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image
from pydantic import Field

from processing import base, illustrations, operations, reference
from processing.base import Example, Operation
from processing.colors import Color
from processing.geometry import NO_OFFSET, Length, Offset
from tests.processing.running import array

NAMES = sorted(operations.all())
HOW = "run: manage.py operations --write"


def picture(name: str) -> Path:
    return reference.FOLDER / reference.picture_of(operations.get(name))


# --- The page in the repository ------------------------------------------------------------------------------------


def test_the_page_says_what_the_code_says():
    assert (reference.FOLDER / reference.PAGE).read_text() == reference.render(), HOW


def test_there_is_one_picture_for_each_operation_and_no_other():
    files = {path.name for path in (reference.FOLDER / reference.PICTURES).iterdir()}
    assert files == {f"{name}.webp" for name in NAMES}, HOW


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_shows_what_the_operation_makes_today(name: str):
    operation = operations.get(name)
    if operation.missing():
        pytest.skip(f"{name} is not available here: {operation.missing()}")
    fresh = Image.open(io.BytesIO(illustrations.encode(illustrations.draw_pair(operation))))
    stored = Image.open(picture(name))
    assert stored.size == fresh.size, HOW
    # Versions of the encoder, and text set with another library, may differ by this much.
    assert np.abs(array(stored.convert("RGB")) - array(fresh.convert("RGB"))).mean() < 3, HOW


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_shows_a_difference(name: str):
    image = Image.open(picture(name)).convert("RGB")
    half = (image.width - illustrations.GAP) // 2
    before, after = (
        image.crop((0, 0, half, image.height)),
        image.crop((image.width - half, 0, image.width, image.height)),
    )
    assert np.abs(array(before) - array(after)).mean() > 2


def test_pictures_are_small():
    sizes = {name: picture(name).stat().st_size for name in NAMES}
    assert max(sizes.values()) <= illustrations.MOST_BYTES
    assert sum(sizes.values()) <= 500_000


def test_links_on_the_page_lead_somewhere():
    page = reference.render()
    headings = set(re.findall(r"^## (\S+)$", page, re.MULTILINE))
    for target in re.findall(r"\]\(([^)]+)\)", page):
        assert target.removeprefix("#") in headings or (reference.FOLDER / target).is_file(), target


# --- How it is made ------------------------------------------------------------------------------------------------


class Sample(Operation):
    """Do one thing.

    And say more of it.
    """

    name = "sample"

    class Params(base.Params):
        side: Length = Field(description="a side")
        shift: Offset = Field(NO_OFFSET, description="a shift")
        share: float = Field(0.5, gt=0, le=1, description="a share")
        level: int | None = Field(None, ge=-255, le=255, description="a level")
        open_end: float = Field(1, lt=2.5, description="below a bound")
        kind: Literal["a", "b"] = Field("a", description="a kind, a|b")
        color: Color = Field("#ffffff", description="a colour")
        text: str = Field("", max_length=1000, description="a text")
        is_on: bool = Field(True, description="a switch")
        names: list[str] = Field([], max_length=3, description="some names")

    examples = [Example({"side": {"value": 5}}, size=(7, 9)), Example({"side": {"value": 6}}, assets={"m.png": (3, 4)})]


@pytest.mark.parametrize(
    "row",
    [
        "| `side` | [length](#length) | required | a side |",
        "| `shift` | [offset](#offset) | 0 px | a shift |",
        "| `share` | number, above 0, at most 1 | `0.5` | a share |",
        "| `level` | whole number, −255 to 255 | none | a level |",
        "| `open_end` | number, below 2.5 | `1` | below a bound |",
        '| `kind` | `a`, `b` | `"a"` | a kind, a\\|b |',
        '| `color` | colour, `#rrggbb` | `"#ffffff"` | a colour |',
        '| `text` | text, at most 1,000 characters | `""` | a text |',
        "| `is_on` | `true` or `false` | `true` | a switch |",
        "| `names` | list of text, at most 3 | `[]` | some names |",
        '* `{"side": {"value": 5}}`: 100×80 becomes 7×9',
        '* `{"side": {"value": 6}}`, with m.png of 3×4: 100×80 becomes 100×80',
        "![sample, before and after](pictures/sample.webp)",
        "And say more of it.",
    ],
)
def test_an_operation_is_described_from_its_class(row: str):
    assert row in reference.render_operation(Sample).splitlines()


def test_an_operation_without_illustrations_shows_its_examples():
    assert [each.params for each in illustrations.list_illustrations(Sample)] == [
        each.params for each in Sample.examples
    ]


def test_writing_changes_what_differs_and_removes_what_is_no_more(tmp_path: Path):
    assert {path.name for path in reference.write(tmp_path)} == {reference.PAGE, *(f"{name}.webp" for name in NAMES)}
    (tmp_path / reference.PICTURES / "gone.webp").write_bytes(b"old")
    (tmp_path / reference.PICTURES / "flip.webp").write_bytes(b"broken")
    assert {path.name for path in reference.write(tmp_path)} == {"gone.webp", "flip.webp"}
    assert reference.write(tmp_path) == []


def test_a_picture_that_is_hard_to_compress_is_still_small():
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (90, 120, 3), np.uint8))
    assert len(illustrations.encode(noise)) <= illustrations.MOST_BYTES


# --- The command ---------------------------------------------------------------------------------------------------


def test_the_command_prints_the_page():
    printed = io.StringIO()
    call_command("operations", stdout=printed)
    assert printed.getvalue().rstrip("\n") == reference.render().rstrip("\n")


def test_the_command_draws_a_sheet_with_every_operation(tmp_path: Path):
    call_command("operations", sheet=tmp_path / "sheet.png", stdout=io.StringIO())
    sheet = Image.open(tmp_path / "sheet.png")
    assert sheet.width == illustrations.COLUMNS * (illustrations.SIZE[0] + illustrations.GAP) - illustrations.GAP
    assert sheet.height > len(NAMES) * illustrations.SIZE[1]


@pytest.mark.parametrize("name", ["no-such-folder/sheet.png", "sheet.unknown"])
def test_a_sheet_that_cannot_be_written_is_an_error_of_one_line(tmp_path: Path, name: str):
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("operations", sheet=tmp_path / name, stdout=io.StringIO())
