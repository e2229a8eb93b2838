"""The operations, one file each, found by walking this folder."""

import importlib
import json
import pkgutil
from functools import cache
from typing import Any

from pydantic import ValidationError

from processing.base import Operation, Params
from processing.errors import InvalidParams, UnknownOperation


def get(name: str) -> type[Operation]:
    """The operation of this name. Raises UnknownOperation, naming those that exist."""
    try:
        return all()[name]
    except KeyError:
        known = ", ".join(sorted(all()))
        raise UnknownOperation(f"there is no operation {name!r}; known are {known}", param="operation") from None


@cache
def all() -> dict[str, type[Operation]]:  # noqa: A001
    """Every operation by its name. Fails loudly when a file is not whole."""
    return {info.name: _load(info.name) for info in pkgutil.iter_modules(__path__)}


def parse(name: str, params: dict[str, Any]) -> Params:
    """The typed parameters of an operation. Raises InvalidParams that names the field."""
    try:
        return get(name).Params.model_validate_json(json.dumps(params))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidParams(f"{where}: {first['msg']}" if where else first["msg"], param=where or None) from None


def _load(name: str) -> type[Operation]:
    module = importlib.import_module(f"{__name__}.{name}")
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Operation) and value.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise RuntimeError(f"{module.__name__} must define exactly one operation, not {len(found)}")
    operation = found[0]
    if not operation.__doc__ or not getattr(operation, "examples", None) or "Params" not in vars(operation):
        raise RuntimeError(f"{module.__name__} lacks a docstring, parameters or examples")
    operation.name = name
    return operation
