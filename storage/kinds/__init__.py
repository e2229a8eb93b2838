"""The kinds of storage, one file each, found by walking this folder."""

import importlib
import pkgutil
from functools import cache
from typing import Any

from pydantic import ValidationError

from storage.base import Fields, Storage
from storage.errors import BadParameters


def get(name: str) -> type[Storage]:
    """The kind of this name. Raises BadParameters, naming those that exist."""
    try:
        return all()[name]
    except KeyError:
        known = ", ".join(sorted(all()))
        raise BadParameters(f"there is no kind of storage {name!r}; known are {known}", param="type") from None


@cache
def all() -> dict[str, type[Storage]]:  # noqa: A001
    """Every kind by its name. Fails loudly when a file is not whole."""
    return {info.name: _load(info.name) for info in pkgutil.iter_modules(__path__)}


def check(kind: str, parameters: dict[str, Any], credentials: dict[str, Any]) -> tuple[Fields, Fields]:
    """Typed parameters and credentials of a kind. Raises BadParameters that names the field."""
    storage = get(kind)
    return (
        _parse(storage.Parameters, parameters, "parameters"),
        _parse(storage.Credentials, credentials, "parameters.credentials"),
    )


def _parse(fields: type[Fields], values: dict[str, Any], path: str) -> Fields:
    try:
        return fields.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join([path, *(str(part) for part in first["loc"])])
        said = first["ctx"]["error"] if first["type"] == "value_error" else first["msg"]
        raise BadParameters(f"{where}: {said}", param=where) from None


def _load(name: str) -> type[Storage]:
    module = importlib.import_module(f"{__name__}.{name}")
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Storage) and value.__module__ == module.__name__
    ]
    if len(found) != 1 or not found[0].__doc__:
        raise RuntimeError(f"{module.__name__} must define exactly one kind of storage, with a docstring")
    return found[0]
