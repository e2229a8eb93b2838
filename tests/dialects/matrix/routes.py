"""Every route of the server, read off its URLconf, with a path that leads there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Route:
    """One path of one view. owner: the dialect, or another namespace, or nothing. path: with `{name}` for its values.

    methods: what the view takes, None of a function, which says so itself.
    """

    owner: str
    view: str
    path: str
    methods: frozenset[str] | None

    def __str__(self) -> str:
        return f"{self.owner}:{self.view} {self.path}"


def list_routes() -> list[Route]:
    """All routes, in the order in which they are tried."""
    return list(dict.fromkeys(_walk(get_resolver().url_patterns, "", "")))


def _walk(patterns: list[Any], prefix: str, owner: str) -> Iterator[Route]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = prefix + str(pattern.pattern.regex.pattern)
            yield from _walk(pattern.url_patterns, inner, pattern.namespace or owner)
        else:
            yield from _describe(pattern, prefix, owner)


def _describe(pattern: URLPattern, prefix: str, owner: str) -> Iterator[Route]:
    view: Any = pattern.callback
    kind = getattr(view, "cls", None) or getattr(view, "view_class", None)
    actions = getattr(view, "actions", None) or {}
    methods = None
    if kind is not None:
        methods = frozenset(name for name in METHODS if hasattr(kind, name.lower()) or name.lower() in actions)
    name = kind.__name__ if kind else getattr(view, "__name__", type(view).__name__)
    for path in spell(prefix + str(pattern.pattern.regex.pattern)):
        yield Route(owner, name, f"/{path}", methods)


def spell(pattern: str) -> list[str]:
    """Texts that a regular expression takes: one for each branch of it, with `{name}` where a named group is."""
    parsed = re._parser.parse(pattern)  # type: ignore[attr-defined]
    names = {number: name for name, number in parsed.state.groupdict.items()}
    return ["".join(parts) for parts in product(*(_spell(op, names) for op in parsed))]


def _spell(op: tuple[Any, Any], names: dict[int, str]) -> list[str]:
    kind, value = str(op[0]), op[1]
    if kind == "LITERAL":
        return [chr(value)]
    if kind == "BRANCH":
        return [text for branch in value[1] for text in _spell_all(branch, names)]
    if kind == "SUBPATTERN":
        return [f"{{{names[value[0]]}}}"] if value[0] in names else _spell_all(value[3], names)
    if kind in ("MAX_REPEAT", "MIN_REPEAT"):
        least, _, inner = value
        # A slash that may be there or not is no other route; anything else that may be there is spelled out.
        texts = [""] if least == 0 and _spell_all(inner, names) == ["/"] else _spell_all(inner, names)
        return [text * max(least, 1) for text in texts]
    if kind == "IN" and all(str(one[0]) == "LITERAL" for one in value):
        return [chr(one[1]) for one in value]
    if kind == "IN" and str(value[0][0]) == "RANGE":
        return [chr(value[0][1][0])]
    if kind in ("IN", "ANY", "NOT_LITERAL"):
        return ["x"]
    assert kind == "AT", f"{kind} in a path: say here how it is spelled"
    return [""]


def _spell_all(ops: Any, names: dict[int, str]) -> list[str]:
    return ["".join(parts) for parts in product(*(_spell(op, names) for op in ops))]
