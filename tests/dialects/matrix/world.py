"""Alice, who has one of everything, Bob, who has nothing of it, and every way in which somebody may call."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db.models import Model
from django.utils import timezone

from accounts.keys import create_key
from accounts.models import Account, ApiKey, Domain, Plan, Role, Session, User
from accounts.tokens import issue_token
from jobs import references
from jobs.models import Item, Job, Recipe, Service, ServiceSecret
from jobs.provisioning import provision
from jobs.secrets import issue_secret
from storage.models import Connection, ReferenceImage
from tests.images import encode, ramps

MARK = "alices"
"""In every name that Alice gave: nobody else may ever read it."""

STORAGE, RECIPE, LABEL = f"{MARK}-storage", f"{MARK}-recipe", f"{MARK}-label"
PICTURE = encode(ramps((8, 6)))
STRANGERS = ("nobody", "somebody unknown", "revoked", "expired")
"""Who is asked who they are."""

OWNED: dict[type[Model], str] = {
    Job: "account",
    Item: "job__account",
    Connection: "account",
    Service: "account",
    ReferenceImage: "account",
    Recipe: "account",
    Domain: "account",
    User: "account",
}


@dataclass
class Asked:
    """A request, without who sends it. path: values for the names in the route's. body: JSON; form: a form instead."""

    path: dict[str, Any] = field(default_factory=dict)
    query: str = ""
    body: Any = None
    form: dict[str, Any] | None = None


@dataclass
class World:
    """What there is. ids: of things of Alice's that were made over the APIs."""

    alice: Account
    bob: Account
    ids: dict[str, Any] = field(default_factory=dict)

    @property
    def service(self) -> Service:
        return Service.objects.get(account=self.alice)

    @property
    def storage(self) -> Connection:
        """The one that nothing is done in: it may be taken away."""
        return Connection.objects.get(account=self.alice, kind="web_folder")

    @property
    def image(self) -> ReferenceImage:
        return ReferenceImage.objects.get(account=self.alice)

    def credential(self, door: str, who: str, *, scope: str) -> str:
        """What this caller shows at this kind of door; nothing is shown by nobody."""
        if who == "nobody":
            return ""
        return "api_somebody-unknown" if who == "somebody unknown" else DOORS[door](self, who, scope)

    def look(self) -> str:
        """All that is Alice's, as text: it differs where anything was changed."""
        rows = {
            model.__name__: list(model._default_manager.filter(**{path: self.alice}).order_by("pk").values())
            for model, path in OWNED.items()
        }
        credits_left = Account.objects.values_list("credits", flat=True).get(pk=self.alice.pk)
        return json.dumps([rows, credits_left], default=str, sort_keys=True)


def make_world(folder: Path) -> World:
    """Both accounts on the plan that includes everything, with a storage, a service and a recipe for Alice."""
    steps = [{"operation": "resize", "params": {"width": {"value": 60}}}]
    things = {
        "storages": [
            {"name": STORAGE, "type": "local", "parameters": {"path": str(folder)}},
            {"name": f"{MARK}-web", "type": "web_folder", "parameters": {"base_url": "https://example.com/"}},
        ],
        "services": [{"id": 1, "secret": "tokA", "storage": STORAGE}],
        "recipes": [{"id": RECIPE, "name": f"{MARK} white", "steps": steps}],
    }
    own = {"storages": [{"name": "bobs", "type": "local", "parameters": {"path": str(folder)}}]}
    own["services"] = [{"id": 2, "secret": "tokB", "storage": "bobs"}]
    accounts = [{"name": "alice", "credits": 100, **things}, {"name": "bob", "credits": 100, **own}]
    provision({"accounts": [{"plan": Plan.ENTERPRISE, **account} for account in accounts]})
    world = World(Account.objects.get(name="alice"), Account.objects.get(name="bob"))
    references.keep_image(world.alice, name=f"{MARK}-mark.png", mime="image/png", data=PICTURE)
    return world


# --- doors -------------------------------------------------------------------------------------------------------


def _show_key(world: World, who: str, scope: str) -> str:
    scopes = {"read only": ["read_only"], "wrong scope": [other_scope(scope)]}.get(who, [scope])
    account = world.bob if who == "another account" else world.alice
    key, secret = create_key(account, name=f"key {ApiKey.objects.count()}", scopes=scopes)
    _end(key, who)
    return secret


def _show_service_secret(world: World, who: str, scope: str) -> str:
    """A service has one secret and no scopes: whoever comes with an API key is a stranger here."""
    if who in ("read only", "wrong scope"):
        return _show_key(world, who, scope)
    service = Service.objects.get(number=2 if who == "another account" else 1)
    secret = issue_secret(service)
    _end(ServiceSecret.objects.filter(service=service).latest("pk"), who)
    return secret


def _show_token(world: World, who: str, scope: str) -> str:
    """The token of an editor, or of a viewer where somebody may only read. API keys are strangers here."""
    if who == "wrong scope":
        return _show_key(world, who, scope)
    account = world.bob if who == "another account" else world.alice
    role = Role.VIEWER if who == "read only" else Role.EDITOR
    email = f"{role}{User.objects.count()}@{account.name}.example"
    token = issue_token(User.objects.create_user(email, None, account=account, role=role), address=None, agent="")
    _end(Session.objects.latest("pk"), who)
    return token


def _end(row: ApiKey | ServiceSecret | Session, who: str) -> None:
    """Revoke or expire what is shown, where that is who calls."""
    if who == "revoked":
        row.revoked_at = timezone.now()
    if who == "expired":
        row.expires_at = timezone.now() - timedelta(seconds=1)
    row.save()


def other_scope(scope: str) -> str:
    return "storage" if scope == "image_editing" else "image_editing"


DOORS: dict[str, Callable[[World, str, str], str]] = {
    "key": _show_key,
    "service secret": _show_service_secret,
    "token": _show_token,
}
