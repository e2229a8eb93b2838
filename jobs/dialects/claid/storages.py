"""Connected storages, as Claid shows them and as it has them made, changed and dropped."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet
from django.http import HttpRequest

from accounts.audit import record
from accounts.callers import Caller
from accounts.models import Account
from jobs.dialects.claid.errors import UNKNOWN_STORAGE, InvalidRequest
from jobs.dialects.claid.schemas.base import Fields
from jobs.dialects.claid.schemas.storages import TYPES, Change, Create
from jobs.dialects.claid.wire import to_time
from storage import http, kinds
from storage.errors import BadParameters, Conflict, UnknownStorage, UrlRefused
from storage.models import Connection

LARGEST_ID = 2**63 - 1
ADDRESSES = ("endpoint_url", "base_url")


def list_storages(account: Account) -> QuerySet[Connection]:
    """The account's storages that Claid has a type for, oldest first."""
    return Connection.objects.filter(account=account, kind__in=TYPES).order_by("pk")


def find_storage(account: Account, storage_id: int) -> Connection:
    """The account's storage of this id. Raises UnknownStorage, for another account's too."""
    found = list_storages(account).filter(pk=storage_id).first() if storage_id <= LARGEST_ID else None
    if found is None:
        raise UnknownStorage(UNKNOWN_STORAGE)
    return found


def create_storage(caller: Caller, asked: Create, request: HttpRequest) -> Connection:
    """Connect a storage. Raises InvalidRequest or Conflict."""
    row = Connection(account=caller.account, name=asked.name, kind=str(asked.type))
    _fill(row, *_split(asked.parameters))
    _save(row)
    _record("storage_created", caller, row, request)
    return row


def change_storage(caller: Caller, row: Connection, asked: Change, request: HttpRequest) -> Connection:
    """Change what is asked for, and keep the rest. Raises InvalidRequest or Conflict."""
    is_other_type = asked.type is not None and asked.type != row.kind
    if is_other_type and asked.parameters is None:
        raise InvalidRequest({"parameters": ["field required"]})
    if asked.parameters is not None:
        parameters, credentials = _split(asked.parameters)
        kept: Any = ({}, {}) if is_other_type else (row.parameters, row.credentials or {})
        _fill(row, {**kept[0], **parameters}, {**kept[1], **credentials})
    row.kind, row.name = str(asked.type or row.kind), asked.name or row.name
    _save(row)
    _record("storage_changed", caller, row, request, fields=sorted(asked.__fields_set__))
    return row


def drop_storage(caller: Caller, row: Connection, request: HttpRequest) -> None:
    """Disconnect a storage; what lies in it stays. Raises Conflict where a service works on it."""
    try:
        row.delete()
    except ProtectedError:
        raise Conflict(f"The storage {row.name!r} is in use.") from None
    _record("storage_deleted", caller, row, request)


def to_wire(row: Connection, *, is_detailed: bool) -> dict[str, Any]:
    """A storage without its secrets. The detailed form names the access key."""
    parameters = row.public_parameters
    if row.kind != "web_folder":
        parameters = {"path": "", **parameters}
        kept: Any = row.credentials or {}
        key = kept.get("access_key")
        if is_detailed:
            parameters["credentials"] = {"access_key": key} if key else {}
    created_at = to_time(row.created_at)
    return {"id": row.pk, "name": row.name, "type": row.kind, "parameters": parameters, "created_at": created_at}


def _split(parameters: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was given, apart from what must stay secret."""
    assert isinstance(parameters, Fields)
    given = parameters.dict(exclude_none=True)
    return given, given.pop("credentials", {})


def _fill(row: Connection, parameters: dict[str, Any], credentials: Any) -> None:
    row.parameters, row.credentials = parameters, credentials or None


def _save(row: Connection) -> None:
    _check(row)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Conflict(f"There is a storage {row.name!r} already.") from None
    row.refresh_from_db()


def _check(row: Connection) -> None:
    """What the kind itself asks of its parameters. Raises InvalidRequest."""
    credentials: Any = row.credentials
    try:
        kinds.check(row.kind, row.parameters, credentials or {})
    except BadParameters as error:
        path = error.param or "parameters"
        raise InvalidRequest({path: [error.message.removeprefix(f"{path}: ")]}) from None
    for name in ADDRESSES:
        if row.parameters.get(name):
            try:
                http.refuse_early(row.parameters[name])
            except UrlRefused as error:
                raise InvalidRequest({f"parameters.{name}": [error.message]}) from None


def _record(action: str, caller: Caller, row: Connection, request: HttpRequest, **details: Any) -> None:
    target = f"storage {row}"
    record(action, account=caller.account, actor=caller.name, target=target, request=request, **details)
