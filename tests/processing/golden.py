"""Known results to the bit, from golden.json."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.images import rows_of

GOLDEN = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
INPUT = rows_of(GOLDEN["input"])


def results_of(operation: str) -> list[Any]:
    """Parameters and expected rows of every known result of the operation, for parametrize."""
    found = [each for each in GOLDEN["results"] if each["operation"] == operation]
    return [pytest.param(each["params"], each["pixels"], id=str(each["params"])) for each in found]
