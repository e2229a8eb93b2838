"""Crop.photo's accounts, pictures on the web, and a worker for what is waited for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.keys import create_key
from accounts.models import Account
from jobs.models import Node, Recipe
from tests.dialects.cropphoto.calls import KEY, OTHER_KEY
from tests.dialects.cropphoto.photos import Photos, serving_photos
from tests.dialects.workers import Worker, working

WHITE = [{"operation": "resize", "params": {"width": {"value": 60}}}]
SQUARE = [{"operation": "crop", "params": {"width": {"value": 50}, "height": {"value": 50}}}]


@pytest.fixture
def account(db: None, house: Path) -> Account:
    """An account with a key and two recipes. Another one has a key alone."""
    made = Account.objects.create(name="acme", plan="pro")
    create_key(made, name="test", secret=KEY, scopes=["image_editing"])
    create_key(Account.objects.create(name="other"), name="test", secret=OTHER_KEY, scopes=["image_editing"])
    for number, steps in ((1, WHITE), (2, SQUARE)):
        recipe = Recipe.objects.create(account=made, public_id=f"recipe-id-{number}", name=f"Recipe {number}")
        recipe.versions.create(number=1, steps=steps, output={"format": "jpeg"})
    return made


@pytest.fixture(scope="session")
def photo_server() -> Iterator[Photos]:
    with serving_photos() as photos:
        yield photos


@pytest.fixture
def photos(photo_server: Photos) -> Photos:
    photo_server.fetched.clear()
    return photo_server


@pytest.fixture
def worker(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A node that does what is rung for it, but for messages: these the tests deliver."""
    queues = ["interactive", "batch", "vision"]
    Node.objects.create(name="all@host", queues=queues, slots=1, seen_at=timezone.now())
    with working(monkeypatch, deaf_to=frozenset({"deliver"})) as made:
        yield made
