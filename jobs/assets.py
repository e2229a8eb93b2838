"""Pictures that people name by an address: `https://…`, `storage://NAME/KEY`, `storage://reference/ID`.

Inside, a picture of a storage is named by the storage's number. An address says the same on any server.
"""

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from accounts.models import Account
from jobs.errors import MalformedRequest, UnknownImage
from jobs.references import find_image
from processing import operations
from processing.base import AssetRef, Step
from processing.errors import UnknownOperation
from storage import http
from storage.connections import find_connection
from storage.errors import StorageError
from storage.keys import clean_key
from storage.models import Connection

STORAGE, REFERENCES = "storage://", "storage://reference/"
SCHEMES = (STORAGE, "http://", "https://")


def find_asset(account: Account, address: str, *, param: str) -> AssetRef:
    """The picture at this address, which the account may name. Raises a public error with the param."""
    try:
        if address.startswith(REFERENCES):
            image = find_image(account, address.removeprefix(REFERENCES))
            return AssetRef(kind="reference", location=image.public_id)
        if address.startswith(STORAGE):
            name, _, key = address.removeprefix(STORAGE).partition("/")
            return name_object(account, name, key)
        http.refuse_early(address)
    except (StorageError, UnknownImage) as error:
        raise MalformedRequest(f"{param}: {error.message}", param=param) from None
    return AssetRef(kind="web", location=address)


def name_object(account: Account, storage: str, key: str) -> AssetRef:
    """An object of one of the account's storages. Raises UnknownStorage or BadKey."""
    connection = find_connection(account, storage)
    return AssetRef(kind="storage", storage_id=connection.pk, location=clean_key(key))


def read_addresses(account: Account, step: Step, *, param: str) -> Step:
    """The step with its addresses as the pictures that they name. Raises a public error with the param."""
    texts = {
        name: value
        for name in _picture_fields(step.operation)
        if isinstance(value := step.params.get(name), str) and value.startswith(SCHEMES)
    }
    refs = {name: find_asset(account, text, param=f"{param}.params.{name}") for name, text in texts.items()}
    found = {name: ref.model_dump(exclude_defaults=True) for name, ref in refs.items()}
    return Step(operation=step.operation, params={**step.params, **found})


def write_addresses(steps: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Kept steps with addresses in place of the pictures that they name; one of a storage that is gone stays."""
    kept = list(steps)
    ids = {value.get("storage_id") for step in kept for value in step["params"].values() if _is_picture(value)}
    names = dict(Connection.objects.filter(pk__in=ids - {None}).values_list("pk", "name")) if ids else {}
    return [{**step, "params": {name: _write(value, names) for name, value in step["params"].items()}} for step in kept]


def write_address(ref: AssetRef, names: Mapping[int, str]) -> str | None:
    """The address of a picture; None where its storage is gone, or it lies in the house storage."""
    if ref.kind == "web":
        return ref.location
    if ref.kind == "reference":
        return f"{REFERENCES}{ref.location}"
    name = names.get(ref.storage_id or 0) if ref.kind == "storage" else None
    return f"{STORAGE}{name}/{ref.location}" if name else None


def _write(value: Any, names: Mapping[int, str]) -> Any:
    return (write_address(AssetRef.model_validate(value), names) or value) if _is_picture(value) else value


def _is_picture(value: Any) -> bool:
    return isinstance(value, dict) and {"kind", "location"} <= value.keys()


def _picture_fields(operation: str) -> list[str]:
    try:
        fields = operations.get(operation).Params.model_fields
    except UnknownOperation:
        return []
    return [name for name, field in fields.items() if AssetRef in (field.annotation, *get_args(field.annotation))]
