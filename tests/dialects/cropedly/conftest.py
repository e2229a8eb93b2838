"""Cropedly's users, and a worker for what they wait for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import Account, Domain, User
from jobs.models import Node
from tests.dialects.cropedly.calls import PASSWORD, Clock
from tests.dialects.workers import Worker, working

PLANS = {"free": "free", "pro": "pro", "ent": "enterprise", "rival": "enterprise", "goog": "pro"}


@pytest.fixture
def people(db: None, house: Path) -> dict[str, User]:
    """A person of each plan by name; `rival` is of another enterprise, `goog` has no password."""
    made: dict[str, User] = {}
    for name, plan in PLANS.items():
        account = Account.objects.create(name=name, plan=plan)
        password = None if name == "goog" else PASSWORD
        made[name] = User.objects.create_user(f"{name}@example.com", password, account=account, role="editor")
    Domain.objects.create(account=made["ent"].account, host="shop.example.com")
    Domain.objects.create(account=made["rival"].account, host="rival.example.com")
    return made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of whatever is counted. It stands still, 30 s into a stretch of time, so that no test meets its end."""
    clock = Clock(1_800_000_030.0)
    monkeypatch.setattr("accounts.limits.time", clock)
    return clock


@pytest.fixture
def node(db: None) -> Node:
    """An interactive node that has just been seen. Nobody does its work."""
    return Node.objects.create(name="interactive@host", queues=["interactive"], slots=1, seen_at=timezone.now())


@pytest.fixture
def worker(transactional_db: None, node: Node, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A node that does what is rung for it."""
    with working(monkeypatch) as made:
        yield made
