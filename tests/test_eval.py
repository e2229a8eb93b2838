"""The evaluation's parts work and its figures say what they claim; how well anything is seen is not tested here."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.eval import __main__ as evaluation
from tests.eval import cutting, enlarging, lines, measures, plates, scenes, sheet
from tests.eval.album import NoAlbum, Photo, read_album
from tests.eval.cutting import Cut
from tests.eval.goals import Goal
from tests.eval.lines import Line
from tests.eval.measures import Figures
from tests.eval.plates import Found
from tests.eval.report import Report
from tests.processing.subjects import mug, needs_model

SIZE = (120, 90)


def write_album(folder: Path, **facts: object) -> Path:
    """A folder with one photograph of the mug, its mask, and these facts."""
    scene = mug(SIZE)
    scene.image.save(folder / "mug.png")
    scene.alpha.save(folder / "mug.mask.png")
    row = {"file": "mug.png", "kind": "product in hand", "mask": "mug.mask.png", **facts}
    (folder / "manifest.json").write_text(json.dumps({"images": [row]}))
    return folder


def cut_of(iou: float | None, fringe: float | None = None, *, known: bool = True) -> Cut:
    picture = Image.new("RGB", (40, 30), "red")
    made = None if iou is None else picture.convert("RGBA")
    figures = None if iou is None else Figures(iou, 1.0, fringe, fringe)
    return Cut("a picture", picture, made, figures, 2.0, 1.5, 300 << 20, 1, has_reference=known)


def perfect() -> Image.Image:
    made = mug(SIZE).colors.copy()
    made.putalpha(mug(SIZE).alpha)
    return made


def alpha_of() -> np.ndarray:
    return np.asarray(mug(SIZE).alpha, float)


def test_an_album_is_read_with_all_that_is_known(tmp_path: Path) -> None:
    (photo,) = read_album(write_album(tmp_path, lines={"eyes": 12}, plates=[[1, 2, 30, 12]]))
    assert (photo.name, photo.category, photo.lines, photo.plates) == (
        "mug",
        "products",
        {"eyes": 12},
        ((1, 2, 30, 12),),
    )
    assert photo.open().size == photo.open_mask().size == SIZE


@pytest.mark.parametrize(
    ("kind", "category"),
    [("person", "people"), ("car with plate", "cars"), ("product, thin", "products"), ("", "general")],
)
def test_the_first_word_of_a_kind_says_what_is_looked_for(kind: str, category: str) -> None:
    assert Photo(Path("a.jpg"), kind).category == category


def test_a_folder_that_is_no_album_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NoAlbum, match=r"manifest\.json"):
        read_album(tmp_path)
    (tmp_path / "manifest.json").write_text('{"images": [{"file": "gone.jpg"}]}')
    with pytest.raises(NoAlbum, match=r"gone\.jpg"):
        read_album(tmp_path)
    (tmp_path / "manifest.json").write_text('{"pictures": []}')
    assert evaluation.main([str(tmp_path)]) == 2
    assert "is not a manifest" in capsys.readouterr().err


def test_a_perfect_cut_out_has_no_error() -> None:
    scene = mug(SIZE)
    found = measures.compare_cut(perfect(), alpha_of(), np.asarray(scene.colors, float))
    assert (found.iou, found.alpha_error, found.fringe) == (1.0, 0.0, 0.0)
    assert found.edge == pytest.approx(0, abs=1e-9)


def test_colours_of_the_old_ground_are_fringe_and_a_wrong_outline_is_not() -> None:
    scene = mug(SIZE)
    colors = np.asarray(scene.colors, float)
    fringed = scene.image.copy()
    fringed.putalpha(scene.alpha)
    found = measures.compare_cut(fringed, alpha_of(), colors)
    assert found.iou == 1
    assert found.fringe is not None
    assert found.fringe > 1
    half = perfect()
    half.putalpha(scene.alpha.point(lambda value: value // 2))
    thin = measures.compare_cut(half, alpha_of(), colors)
    assert thin.fringe == 0
    assert thin.edge is not None
    assert thin.edge > 10


def test_masks_that_share_half_have_a_third_in_common() -> None:
    one, other = np.zeros((10, 30)), np.zeros((10, 30))
    one[:, :20], other[:, 10:] = 255, 255
    assert measures.compare_masks(Image.fromarray(one.astype(np.uint8)), other).iou == pytest.approx(1 / 3)


def test_scenes_are_what_they_were_made_of(tmp_path: Path) -> None:
    photos = read_album(write_album(tmp_path))
    made = list(scenes.list_scenes(photos, is_full=False))
    assert len(made) == len(scenes.GROUNDS) + len(scenes.GROUNDS) // 2
    assert len(list(scenes.list_scenes(photos, is_full=True))) == 2 * len(scenes.GROUNDS)
    assert {scene.is_flat for scene in made} == {True, False}
    for scene in made:
        inside = scene.alpha == 255
        error = np.abs(np.asarray(scene.image, float) - scene.colors)[inside]
        assert error.max() < 1, scene.name
        assert scene.image.size == scene.alpha.shape[::-1]


def test_sharp_edges_are_narrower_than_soft_ones_and_lie_at_the_same_place() -> None:
    soft = np.asarray(mug(SIZE).alpha.resize((30, 22)).resize((480, 360), Image.Resampling.BICUBIC), float)
    sharp = scenes._sharpen(soft)
    assert ((sharp > 10) & (sharp < 245)).sum() < ((soft > 10) & (soft < 245)).sum() / 2
    assert ((sharp >= 128) == (soft >= 128)).mean() > 0.99


@needs_model
def test_a_run_prints_tables_and_writes_a_sheet_and_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    album = write_album(tmp_path)
    output, figures = tmp_path / "sheet", tmp_path / "figures.json"
    evaluation.main([str(album), "--only", "photos", "--output", str(output), "--json", str(figures)])
    printed = capsys.readouterr().out
    assert "photographs: IoU, worst" in printed
    assert "models loaded for 100 pictures" in printed
    (cut,) = json.loads(figures.read_text())["cuts"]
    assert cut["figures"]["iou"] > 0.9
    assert cut["loads"] == 1
    assert cut["peak_bytes"] > 100 << 20
    assert (output / "index.html").is_file()
    assert Image.open(output / "000.jpg").height == sheet.HEIGHT


def test_goals_count_what_was_not_found_as_nothing_and_leave_out_what_nobody_knows() -> None:
    cuts = [cut_of(1.0, 1.0), cut_of(None), cut_of(0.2, known=False)]
    mean, worst, fringe = cutting.list_goals("scenes", cuts)
    assert (mean.reached, worst.reached, fringe.reached) == (0.5, 0.0, 1.0)
    assert (mean.is_met, worst.is_met, fringe.is_met) == (False, False, True)
    assert not list(cutting.list_goals("photographs", [cut_of(1.0, known=False)]))


def test_goals_are_met_up_to_their_bound() -> None:
    assert Goal("", 2.0, 2.0).is_met
    assert not Goal("", 2.0, 2.1).is_met
    assert Goal("", 0.9, 0.9, is_least=True).is_met
    assert not Goal("", 0.9, 0.89, is_least=True).is_met


def test_the_worst_comes_first_on_the_sheet(tmp_path: Path) -> None:
    page = sheet.write_sheet(tmp_path, [cut_of(0.99), cut_of(0.5), cut_of(None)], ["<table>"]).read_text()
    assert page.index("nothing found") < page.index("0.5000") < page.index("0.9900")
    assert "&lt;table&gt;" in page


def test_lines_count_as_right_within_three_per_cent_and_missing_ones_do_not() -> None:
    found = [Line("a", "eyes", 30, 32.9), Line("a", "chin", 40, 43.1), Line("a", "feet", 90, None)]
    assert [line.is_right for line in found] == [True, False, False]
    (goal,) = lines.list_goals(found)
    assert goal.reached == pytest.approx(1 / 3)


def test_plates_are_covered_from_four_fifths_on() -> None:
    assert plates._cover((0, 0, 100, 20), (20, 0, 100, 20)) == pytest.approx(0.8)
    (goal,) = plates.list_goals([Found("a", 3, 2, 4, 1), Found("b", None, 0, 2, 0)])
    assert goal.reached == pytest.approx(2 / 3)
    assert not list(plates.list_goals([Found("b", None, 0, 2, 0)]))


def test_the_middle_that_is_enlarged_can_be_divided() -> None:
    middle = enlarging.cut_middle(Image.new("RGB", (701, 353)))
    assert middle.width == middle.height
    assert middle.width % 4 == 0


def test_parts_are_left_out_with_their_reason() -> None:
    report = Report(left_out=["Left out, plates: the model is not installed"])
    assert "Left out, plates: the model is not installed" in list(report.tables())
