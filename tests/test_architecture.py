"""What may import what, and what must have which file: the plan of the code, held by tests."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from processing import operations

ROOT = Path(__file__).resolve().parent.parent


def test_imports_run_one_way(tmp_path: Path) -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    command = [linter, "--config", ROOT / "pyproject.toml", "--cache-dir", tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_operation_has_a_test_file() -> None:
    folder = ROOT / "tests" / "processing" / "operations"
    assert [name for name in operations.all() if not (folder / f"test_{name}.py").is_file()] == []


def test_every_test_of_an_operation_is_about_one_that_exists() -> None:
    folder = ROOT / "tests" / "processing" / "operations"
    assert {path.stem.removeprefix("test_") for path in folder.glob("test_*.py")} <= set(operations.all())


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)
