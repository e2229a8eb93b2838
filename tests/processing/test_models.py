import subprocess
import sys
from collections.abc import Iterator

import pytest

from processing import models

FORK = """
import os
from processing import models
class Model:
    def close(self): print("closed in", "the child" if os.getpid() != parent else "the parent", flush=True)
parent = os.getpid()
models.load("one", Model)
child = os.fork()
if child == 0:
    models.close_all()
    assert models.take_timings() == {}
    models.load("one", lambda: print("built again", flush=True))
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
models.close_all()
"""


class Model:
    closed: list[str] = []

    def __init__(self, name: str) -> None:
        self.name = name

    def close(self) -> None:
        self.closed.append(self.name)


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """With none loaded, and those of other tests left alone."""
    kept = dict(models._loaded)
    models._loaded.clear()
    models.take_timings()
    Model.closed.clear()
    yield
    models._loaded.clear()
    models._loaded.update(kept)


def test_a_model_is_built_once() -> None:
    first = models.load("a", lambda: Model("a"))
    assert models.load("a", lambda: Model("another")) is first


def test_how_long_models_took_is_told_once() -> None:
    models.load("a", lambda: Model("a"))
    assert models.take_timings()["a"] >= 0
    assert models.take_timings() == {}


def test_models_are_closed_the_last_first_and_those_that_need_no_closing_are_let_go() -> None:
    models.load("a", lambda: Model("a"))
    models.load("number", lambda: 1)
    models.load("b", lambda: Model("b"))
    models.close_all()
    assert Model.closed == ["b", "a"]
    assert models.load("number", lambda: 2) == 2


def test_a_model_that_could_not_be_built_is_not_there() -> None:
    def fail() -> Model:
        raise OSError("the file is gone")

    with pytest.raises(OSError, match="gone"):
        models.load("a", fail)
    assert models.load("a", lambda: Model("a")).name == "a"


def test_a_fork_neither_uses_nor_closes_the_models_of_its_parent() -> None:
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == ["built again", "closed in the parent"], done.stderr


def test_a_model_has_one_thread_unless_it_is_told_otherwise() -> None:
    assert models.threads() == 1
    models.use(threads=3)
    try:
        assert models.threads() == 3
    finally:
        models.use(threads=1)
