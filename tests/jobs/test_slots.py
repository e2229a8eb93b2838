import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import Error

from jobs.checks import check_folders
from processing.fonts import find_faces

ROOT = Path(__file__).resolve().parents[2]
WRITE = """
import django
django.setup()
from jobs import slots
from processing.base import Step
from processing.pipeline import Variant
from tests import images
step = Step(operation="annotation", params={"text": "Text", "font": "House Style", "size": 30})
child = slots.child()
source = images.encode(images.ramps((200, 80)))
result = child.run(source, [Variant((step,))], limits=slots.limits(), assets={}, seconds=60)
print([loss.code for loss in result.outcomes[0].encoded.losses])
child.close()
"""


@pytest.fixture
def font_folder(tmp_path: Path) -> Path:
    """A folder with a font under a name that no other has."""
    folder = tmp_path / "fonts"
    folder.mkdir()
    (folder / "house-style.ttf").write_bytes(find_faces("Arial")[0].path.read_bytes())
    return folder


def write(font_folder: Path | str) -> str:
    """What a worker of an instance with this setting reports after writing on a picture."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PHOTOMILL_FONT_DIR": str(font_folder)}
    command = [sys.executable, "-c", WRITE]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_child_writes_with_the_fonts_of_the_operators_folder(font_folder: Path):
    assert write(font_folder) == "[]"


def test_without_that_folder_the_font_is_reported_as_missing():
    assert write("") == "['font_missing']"


def test_a_folder_that_is_missing_stops_the_start(settings, tmp_path: Path):
    settings.PHOTOMILL_FONT_DIR = str(tmp_path / "nowhere")
    (fault,) = check_folders()
    assert isinstance(fault, Error)
    assert str(tmp_path / "nowhere") in fault.msg


def test_a_folder_that_is_there_or_none_at_all_is_fine(settings, tmp_path: Path):
    for folder in (str(tmp_path), ""):
        settings.PHOTOMILL_FONT_DIR = folder
        assert check_folders() == []
