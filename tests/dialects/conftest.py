"""What the tests of several dialects stand on: a house storage, and a worker."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from jobs.models import Node
from tests.dialects.workers import Worker, working


@pytest.fixture
def house(tmp_path: Path, settings: Any) -> Path:
    """The house storage's folder."""
    settings.PHOTOMILL_STORAGE_URL = f"file://{tmp_path}/house"
    return tmp_path / "house"


@pytest.fixture
def worker(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A node that does what is rung for it."""
    queues = ["interactive", "batch", "vision"]
    Node.objects.create(name="all@host", queues=queues, slots=1, seen_at=timezone.now())
    with working(monkeypatch) as made:
        yield made
