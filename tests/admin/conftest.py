"""Two tenants, and the people who look at them."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Role, User
from jobs.models import Node
from storage import connections
from storage.house import house
from tests.admin.tenants import PASSWORD, Tenant, make_tenant


@pytest.fixture
def a(db: None) -> Tenant:
    return make_tenant("alpha", 11)


@pytest.fixture
def b(db: None) -> Tenant:
    Node.objects.create(name="batch@host", queues=["batch"], slots=2, seen_at=timezone.now())
    return make_tenant("beta", 12)


def log_in(email: str, account: Account | None, role: str = Role.VIEWER) -> Client:
    user = User.objects.create_user(email, PASSWORD, account=account, role=role, is_staff=True)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def operator(db: None) -> Client:
    return log_in("operator@photomill.example", None)


@pytest.fixture
def owner(a: Tenant) -> Client:
    return log_in("owner@alpha.example", a.account, Role.OWNER)


@pytest.fixture
def editor(a: Tenant) -> Client:
    return log_in("editor@alpha.example", a.account, Role.EDITOR)


@pytest.fixture
def viewer(a: Tenant) -> Client:
    return log_in("viewer@alpha.example", a.account, Role.VIEWER)


@pytest.fixture(autouse=True)
def no_open_storages() -> None:
    """Rows of another test had the same ids."""
    connections._opened.clear()


@pytest.fixture(autouse=True)
def own_house(settings: Any, tmp_path: Path) -> Any:
    settings.PHOTOMILL_STORAGE_URL = f"file://{tmp_path}/house"
    return house()
