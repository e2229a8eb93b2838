"""Chains that somebody writes as JSON: checked step by step, with errors that name the step and the field."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from jobs.references import PUBLIC_ID
from processing import operations
from processing.base import AssetRef, Params, Step, find_assets
from processing.errors import ImageError
from processing.formats import Output
from storage import http
from storage.errors import StorageError
from storage.models import Connection, ReferenceImage


class ChainFault(ValueError):
    """What is wrong with a chain, in a sentence that begins with the step.

    step: its place from 0 on, None where the fault is none of a step. field: the path of the field in it, or in the
    output. reason: the sentence without either, for who shows it beside the field.
    """

    def __init__(self, message: str, *, step: int | None = None, field: str = "", reason: str = "") -> None:
        super().__init__(message)
        self.step, self.field, self.reason = step, field, reason or message


class _Steps(BaseModel):
    model_config = ConfigDict(extra="forbid")

    steps: list[Step]


def parse_steps(text: str, *, account_id: int, known: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """The steps of a chain as they are kept. Raises ChainFault.

    account_id: whose storages the steps may name; 0 for nobody's. known: names of pictures that an earlier
    version used already, which may stay.
    """
    steps = _read_steps(text)
    for number, step in enumerate(steps, start=1):
        _check_step(number, step, account_id, known)
    return [step.model_dump(mode="json") for step in steps]


def find_faults(text: str, *, account_id: int, known: frozenset[str] = frozenset()) -> list[ChainFault]:
    """What is wrong with a chain, of each step the first; none where `parse_steps` takes it."""
    try:
        steps = _read_steps(text)
    except ChainFault as fault:
        return [fault]
    found = []
    for number, step in enumerate(steps, start=1):
        try:
            _check_step(number, step, account_id, known)
        except ChainFault as fault:
            found.append(fault)
    return found


def parse_output(text: str) -> dict[str, Any]:
    """How a result is written, as it is kept. Raises ChainFault."""
    try:
        return Output.model_validate_json(text or "{}").model_dump(mode="json", exclude_defaults=True)
    except ValidationError as error:
        raise _explain(error) from None


def name_assets(value: Any) -> frozenset[str]:
    """The names of all pictures that kept steps use, also where an operation has come to read its parameters anew."""
    if isinstance(value, dict) and {"kind", "location"} <= value.keys():
        return frozenset({AssetRef.model_validate(value).name})
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return frozenset().union(*map(name_assets, parts))


def _read_steps(text: str) -> list[Step]:
    try:
        steps = _Steps.model_validate({"steps": json.loads(text)}).steps
    except (ValueError, RecursionError) as error:
        raise _explain(error) from None
    if not steps:
        raise ChainFault("A recipe needs at least one step.")
    return steps


def _check_step(number: int, step: Step, account_id: int, known: frozenset[str]) -> None:
    where = f"Step {number} ({step.operation})"
    for ref in find_assets(_parse(number, step)):
        try:
            if ref.name not in known:
                _check_asset(where, ref, account_id)
        except ChainFault as fault:
            reason = str(fault).removeprefix(f"{where}: ")
            raise ChainFault(str(fault), step=number - 1, field=_find_field(step.params, ref), reason=reason) from None


def _parse(number: int, step: Step) -> Params:
    try:
        return operations.parse(step.operation, step.params)
    except ImageError as error:
        field = error.param or ""
        reason = error.message.removeprefix(f"{field}: ")
        message = f"Step {number} ({step.operation}): {error.message}"
        raise ChainFault(message, step=number - 1, field=field, reason=reason) from None


def _find_field(params: dict[str, Any], ref: AssetRef) -> str:
    """The parameter that names this picture."""
    return next((name for name, value in params.items() if ref.name in name_assets(value)), "")


def _check_asset(where: str, ref: AssetRef, account_id: int) -> None:
    """A step may name the account's own storages and the public web, never the house storage: that is everybody's."""
    if ref.kind == "house":
        raise ChainFault(f"{where}: a picture of the house storage cannot be named here; upload it to a storage.")
    if ref.kind == "storage" and not Connection.objects.filter(pk=ref.storage_id or 0, account_id=account_id).exists():
        raise ChainFault(f"{where}: storage_id {ref.storage_id} is none of this account's storages.")
    if ref.kind == "reference" and not _has_image(account_id, ref.location):
        raise ChainFault(f"{where}: the reference image {ref.location} is none of this account's.")
    if ref.kind == "web":
        try:
            http.refuse_early(ref.location)
        except StorageError as error:
            raise ChainFault(f"{where}: {error.message}") from None


def _has_image(account_id: int, public_id: str) -> bool:
    # What is no id of ours may hold what a database refuses to compare with.
    return bool(PUBLIC_ID.fullmatch(public_id)) and (
        ReferenceImage.objects.filter(public_id=public_id, account_id=account_id).exists()
    )


def _explain(error: ValueError | RecursionError) -> ChainFault:
    if isinstance(error, json.JSONDecodeError):
        return ChainFault(f"This is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.")
    if not isinstance(error, ValidationError):
        return ChainFault("This cannot be read as JSON.")
    first = error.errors(include_url=False, include_input=False)[0]
    head, *rest = [part for part in first["loc"] if part != "steps"] or [""]
    is_step = isinstance(head, int)
    where = ".".join(str(part) for part in rest)
    begin = f"Step {head + 1}" if isinstance(head, int) else str(head)
    message = ": ".join(part for part in (begin, where, first["msg"]) if part)
    field = where if is_step else ".".join(filter(None, (begin, where)))
    return ChainFault(message, step=head if isinstance(head, int) else None, field=field, reason=first["msg"])
