"""The child as it runs models: what it loads, when, and within which memory."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from processing import operations
from processing.base import Step
from processing.child import Child, ChildResult
from processing.errors import OutOfMemory
from processing.formats import Output
from processing.limits import Limits
from processing.pipeline import Variant
from tests import images
from tests.processing.detectors import scenes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

MEGABYTE = 1 << 20
LIBRARIES = ("mediapipe", "cv2", "onnxruntime", "ai_edge_litert", "rapidocr", "ncnn", "scipy")

SEE = Step(operation="body_crop", params={"marker": "head"})
CHANGE = tuple(
    Step(operation=name, params=params)
    for name, params in (
        ("resize", {"width": {"value": 300}}),
        ("enhance", {}),
        ("annotation", {"text": "a", "size": 12}),
        ("blur", {"sigma": 2}),
    )
    if name in operations.all()
)

CLOSE = """
from processing import models
from processing.detectors import faces
from tests.processing.detectors import scenes
assert faces.find(scenes.astronaut())
models.close_all()
assert models.load("again", lambda: 1) == 1
"""


@contextmanager
def running(**options: Any) -> Iterator[Child]:
    child = Child(**{"memory_bytes": 2048 * MEGABYTE, "model_memory_bytes": 1536 * MEGABYTE, **options})
    try:
        yield child
    finally:
        child.close()


@pytest.fixture(scope="module")
def source() -> bytes:
    return images.encode(scenes.astronaut(), "PNG")


def run(child: Child, source: bytes, *steps: Step) -> ChildResult:
    result = child.run(source, [Variant(steps, Output())], limits=Limits(), assets={}, seconds=120)
    if result.outcomes[0].error:
        raise result.outcomes[0].error
    return result


def mapped(child: Child) -> str:
    """The files that the child has in its memory, shared libraries among them."""
    return Path(f"/proc/{child.pid}/maps").read_text()


def test_a_child_that_only_changes_pixels_has_no_library_of_detectors(source: bytes) -> None:
    with running() as child:
        for step in CHANGE:
            run(child, source, step)
        assert len(CHANGE) == 4
        assert [name for name in LIBRARIES if f"/{name}" in mapped(child)] == []


def test_models_are_loaded_once_by_the_first_picture_that_needs_them(source: bytes) -> None:
    with running() as child:
        first, second = run(child, source, SEE), run(child, source, SEE)
        assert "/mediapipe" in mapped(child)
    assert set(first.models) > {"face_detection_full_range_sparse.tflite", "pose_landmark_full.tflite"}
    assert all(milliseconds > 0 for milliseconds in first.models.values())
    assert second.models == {}


def test_a_locked_in_child_sees_what_an_open_one_sees(source: bytes) -> None:
    with running() as child:
        encoded = run(child, source, SEE).outcomes[0].encoded
        protection = child.protection
    assert encoded is not None
    assert encoded.covers[1] == pytest.approx(scenes.ASTRONAUT["top"][1], abs=8)
    assert encoded.covers[3] == pytest.approx(scenes.ASTRONAUT["chin"][1], abs=8)
    assert not [name for name, state in protection.items() if "absent" in state]


def test_the_first_model_gets_a_process_with_room_for_it_and_keeps_it(source: bytes) -> None:
    with running() as child:
        run(child, source, CHANGE[0])
        small = child.pid
        run(child, source, SEE)
        large = child.pid
        assert small != large
        run(child, source, CHANGE[0])
        run(child, source, SEE)
        assert child.pid == large


def test_the_memory_of_models_is_no_memory_for_pixels(source: bytes) -> None:
    with running(memory_bytes=300 * MEGABYTE, model_memory_bytes=1000 * MEGABYTE) as child:
        run(child, source, CHANGE[0])
        assert "300 MiB beyond" in child.protection["limits"]
        run(child, source, SEE)
        assert "1300 MiB beyond" in child.protection["limits"]


@pytest.mark.parametrize("megabytes", [60, 110, 150, 200])
def test_models_without_memory_are_a_lack_of_memory(source: bytes, megabytes: int) -> None:
    """Wherever it runs out: as a library is mapped, as a thread starts, as a model or a picture is laid out."""
    with running(memory_bytes=megabytes * MEGABYTE, model_memory_bytes=0) as child, pytest.raises(OutOfMemory):
        run(child, source, SEE)


def test_models_can_be_closed_and_loaded_again() -> None:
    done = subprocess.run([sys.executable, "-c", CLOSE], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Exception ignored" not in done.stderr
    assert "Traceback" not in done.stderr
