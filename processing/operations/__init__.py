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
        where, message = _explain(error)
        raise InvalidParams(f"{where}: {message}" if where else message, param=where or None) from None


def _explain(error: ValidationError) -> tuple[str, str]:
    """The first field at fault, and what it should be.

    Where a field may be of several types, it is the one inside it that fits nearly, or what each type asks for.
    """
    found = [(_name_field(each["loc"]), each["msg"]) for each in error.errors(include_url=False)]
    first = found[0][0]
    where = max((place for place, _ in found if place == first or place.startswith(f"{first}.")), key=len)
    return where, ", or: ".join(dict.fromkeys(message for place, message in found if place == where))


def _name_field(parts: tuple[int | str, ...]) -> str:
    """The path of a field, without the types that were tried for it."""
    fields = (str(part) for part in parts if isinstance(part, int) or (part.isidentifier() and part.islower()))
    return ".".join(fields)


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
