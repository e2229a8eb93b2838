"""The products' APIs, one folder each, found by walking this one."""

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.dialect import Dialect


def get(name: str) -> "Dialect":
    """The dialect of this name. Raises KeyError."""
    return all()[name]


@cache
def all() -> "dict[str, Dialect]":  # noqa: A001
    """Every dialect by its name. Fails loudly when a folder is not whole."""
    return {info.name: _load(info.name) for info in pkgutil.iter_modules(__path__)}


def _load(name: str) -> "Dialect":
    dialect: Dialect = importlib.import_module(f"{__name__}.{name}").dialect
    if dialect.name != name:
        raise RuntimeError(f"the dialect in the folder {name!r} calls itself {dialect.name!r}")
    return dialect
