"""Accounts and what they own, set up from a file as often as one likes.

Running the same file twice changes nothing; a changed file changes just what differs; what was revoked stays
revoked, and what the file no longer names stays as it is.
"""

import os
import re
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models, transaction
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from accounts.audit import record
from accounts.keys import create_key, hash_secret
from accounts.models import Account, ApiKey, Domain, User
from jobs.chains import name_assets
from jobs.errors import JobError
from jobs.models import AccountWebhook, Recipe, RecipeVersion, Service, ServiceSecret
from jobs.recipes import ChainFields, read_chain
from jobs.secrets import issue_secret, issue_signing_secret
from jobs.starters import add_starters
from jobs.webhooks import issue_secret as issue_webhook_secret
from processing.errors import ImageError
from storage import kinds
from storage.errors import StorageError
from storage.models import Connection

Row = TypeVar("Row", bound=models.Model)
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class ProvisionError(Exception):
    """What is wrong with the file, by the path in it."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LimitsEntry(_Entry):
    """What is not named stays as it is; null is the plan's, then the server's."""

    requests_per_minute: int | None = Field(None, ge=1)
    requests_per_second: int | None = Field(None, ge=1)
    max_source_bytes: int | None = Field(None, ge=1)
    max_pixels: int | None = Field(None, ge=1)
    max_items_in_flight: int | None = Field(None, ge=1)
    keep_results_hours: int | None = Field(None, ge=0)
    keep_uploads_hours: int | None = Field(None, ge=0)
    keep_deliveries_days: int | None = Field(None, ge=0)
    keep_jobs_days: int | None = Field(None, ge=0)


class UserEntry(_Entry):
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    password: str | None = None
    name: str = ""
    role: Literal["owner", "editor", "viewer"] = "editor"


class ApiKeyEntry(_Entry):
    name: str
    secret: str = Field(min_length=4)
    scopes: list[Literal["image_editing", "storage", "admin", "read_only"]] = ["image_editing"]
    requests_per_minute: int | None = Field(None, ge=1)
    expires_at: AwareDatetime | None = None


class StorageEntry(_Entry):
    name: str
    type: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    private: bool = False


class ServiceEntry(_Entry):
    id: int = Field(ge=1)
    secret: str = Field(min_length=4)
    storage: str
    name: str = ""
    allowed_ips: list[str] = Field(default_factory=list)
    callback_secret: str | None = None


class WebhookEntry(_Entry):
    url: str
    events: list[Literal["job.finished", "job.failed"]] = Field(["job.finished", "job.failed"], min_length=1)
    secret: str | None = Field(None, min_length=4)
    enabled: bool = True


class RecipeEntry(ChainFields):
    id: str
    name: str
    description: str = ""


class AccountEntry(_Entry):
    name: str
    plan: Literal["free", "pro", "enterprise"] = "free"
    credits: int | None = Field(None, ge=0)
    payment_due: bool = False
    limits: LimitsEntry = Field(default_factory=LimitsEntry)
    users: list[UserEntry] = Field(default_factory=list)
    api_keys: list[ApiKeyEntry] = Field(default_factory=list)
    domains: list[str] = Field(default_factory=list)
    storages: list[StorageEntry] = Field(default_factory=list)
    services: list[ServiceEntry] = Field(default_factory=list)
    webhooks: list[WebhookEntry] = Field(default_factory=list)
    recipes: list[RecipeEntry] = Field(default_factory=list)
    starter_recipes: bool = False


class ProvisionFile(_Entry):
    accounts: list[AccountEntry]


def provision(content: Any) -> list[str]:
    """Bring the database to what the file says, all of it or nothing. Returns what changed, a line each.

    Raises ProvisionError.
    """
    try:
        wanted = ProvisionFile.model_validate(_fill_variables(content))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ProvisionError(f"{_path(first['loc'])}: {first['msg']}") from None
    changes: list[str] = []
    with transaction.atomic():
        for entry in wanted.accounts:
            _provision_account(entry, changes)
    return changes


def _provision_account(entry: AccountEntry, changes: list[str]) -> None:
    known = len(changes)
    facts = {"plan": entry.plan, "credits": entry.credits, "payment_due": entry.payment_due}
    account = _bring(Account, {"name": entry.name}, facts | entry.limits.model_dump(exclude_unset=True), changes)
    parts: list[tuple[str, list[Any], Callable[[Account, Any, list[str]], None]]] = [
        ("users", entry.users, _provision_user),
        ("api_keys", entry.api_keys, _provision_key),
        ("domains", entry.domains, _provision_domain),
        ("storages", entry.storages, _provision_storage),
        ("services", entry.services, _provision_service),
        ("webhooks", entry.webhooks, _provision_webhook),
        ("recipes", entry.recipes, _provision_recipe),
    ]
    for name, entries, bring in parts:
        for number, one in enumerate(entries):
            try:
                bring(account, one, changes)
            except (ProvisionError, JobError, StorageError, ImageError) as error:
                raise ProvisionError(f"accounts[{entry.name}].{name}[{number}]: {error}") from None
            except DjangoValidationError as error:
                raise ProvisionError(f"accounts[{entry.name}].{name}[{number}]: {' '.join(error.messages)}") from None
    if entry.starter_recipes:
        changes += [f"recipe {recipe.public_id}: created" for recipe in add_starters(account)]
    if changes[known:]:
        record("provisioned", account=account, actor="manage.py provision", changes=changes[known:])


def _provision_user(account: Account, entry: UserEntry, changes: list[str]) -> None:
    email = entry.email.lower()
    known = User.objects.filter(email=email).first()
    if known and known.account_id != account.pk:
        raise ProvisionError(f"{email} belongs to another account")
    if known is None:
        # The password is set here and never again: people change their own.
        User.objects.create_user(
            email, entry.password, account=account, name=entry.name, role=entry.role, is_staff=True
        )
        changes.append(f"user {email}: created")
        return
    _bring(User, {"email": email}, {"name": entry.name, "role": entry.role}, changes)


def _provision_key(account: Account, entry: ApiKeyEntry, changes: list[str]) -> None:
    optional = entry.model_dump(include={"requests_per_minute", "expires_at"}, exclude_unset=True)
    facts: dict[str, Any] = {"name": entry.name, "scopes": list(entry.scopes), **optional}
    known = ApiKey.objects.filter(secret_hash=hash_secret(entry.secret)).first()
    if known and known.account_id != account.pk:
        raise ProvisionError("this secret is another account's")
    if known is None:
        if ApiKey.objects.filter(account=account, name=entry.name).exists():
            raise ProvisionError(f"there is a key {entry.name!r} with another secret: give the new one a new name")
        create_key(account, secret=entry.secret, **facts)
        changes.append(f"API key {entry.name}: created")
        return
    _bring(ApiKey, {"pk": known.pk}, facts, changes)


def _provision_domain(account: Account, host: str, changes: list[str]) -> None:
    _bring(Domain, {"account": account, "host": host.lower()}, {}, changes)


def _provision_storage(account: Account, entry: StorageEntry, changes: list[str]) -> None:
    parameters = dict(entry.parameters)
    credentials = parameters.pop("credentials", {})
    kinds.check(entry.type, parameters, credentials)
    facts = {
        "kind": entry.type,
        "parameters": parameters,
        "credentials": credentials,
        "is_private": entry.private,
    }
    _bring(Connection, {"account": account, "name": entry.name}, facts, changes)


def _provision_service(account: Account, entry: ServiceEntry, changes: list[str]) -> None:
    connection = Connection.objects.filter(account=account, name=entry.storage).first()
    if connection is None:
        raise ProvisionError(f"there is no storage {entry.storage!r}")
    taken = Service.objects.filter(number=entry.id).exclude(account=account)
    if taken.exists():
        raise ProvisionError(f"service {entry.id} belongs to another account")
    facts = {"account": account, "connection": connection, "name": entry.name, "allowed_ips": entry.allowed_ips}
    service = _bring(Service, {"number": entry.id}, facts, changes)
    known = ServiceSecret.objects.filter(secret_hash=hash_secret(entry.secret)).first()
    if known and known.service_id != service.pk:
        raise ProvisionError("this secret is another service's")
    if known is None:
        issue_secret(service, entry.secret)
        changes.append(f"service {entry.id}: secret added")
    _provision_signing(service, entry, changes)


def _provision_signing(service: Service, entry: ServiceEntry, changes: list[str]) -> None:
    rows = list(service.signing_secrets.all())
    if entry.callback_secret is None and rows:
        return
    if entry.callback_secret is not None and entry.callback_secret in [row.secret for row in rows]:
        return
    issue_signing_secret(service, entry.callback_secret)
    changes.append(f"service {entry.id}: callback secret added")


def _provision_webhook(account: Account, entry: WebhookEntry, changes: list[str]) -> None:
    facts = {"events": list(entry.events), "is_enabled": entry.enabled}
    hook = _bring(AccountWebhook, {"account": account, "url": entry.url}, facts, changes)
    if entry.secret is not None and entry.secret != hook.secret:
        issue_webhook_secret(hook, entry.secret)
        changes.append(f"webhook {hook}: secret set")


def _provision_recipe(account: Account, entry: RecipeEntry, changes: list[str]) -> None:
    facts = {"name": entry.name, "description": entry.description}
    recipe = _bring(Recipe, {"account": account, "public_id": entry.id}, facts, changes)
    latest = recipe.latest
    known = name_assets(latest.steps) if latest else frozenset()
    steps, output = read_chain(account, entry, known=known)
    if latest is None or latest.steps != steps or latest.output != output:
        number = latest.number + 1 if latest else 1
        RecipeVersion.objects.create(recipe=recipe, number=number, steps=steps, output=output)
        changes.append(f"recipe {entry.id}: version {number}")


def _bring(model: type[Row], key: dict[str, Any], facts: dict[str, Any], changes: list[str]) -> Row:
    """The row of this key, made where it is missing, changed where it differs."""
    row = model._default_manager.filter(**key).first()
    verb = "changed" if row else "created"
    # A new row has nothing to compare with, and asking it for a related row that it lacks is an error.
    differing = [name for name, value in facts.items() if row is None or getattr(row, name) != value]
    row = row or model(**key)
    for name in differing:
        setattr(row, name, facts[name])
    if verb == "created" or differing:
        row.full_clean(exclude=["password"])
        row.save()
        changes.append(f"{model._meta.verbose_name} {row}: {verb}")
    return row


def _fill_variables(content: Any) -> Any:
    """`${NAME}` in any text is the environment's. Raises ProvisionError where it is not set."""
    if isinstance(content, dict):
        return {key: _fill_variables(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_fill_variables(value) for value in content]
    return VARIABLE.sub(_read_variable, content) if isinstance(content, str) else content


def _read_variable(match: re.Match[str]) -> str:
    try:
        return os.environ[match.group(1)]
    except KeyError:
        raise ProvisionError(f"the environment does not set {match.group(1)}") from None


def _path(parts: tuple[int | str, ...]) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
