"""What a form needs to know of operations and outputs: the fields of their parameters, read from their schemas."""

from functools import cache
from typing import Any

from processing import operations
from processing.base import Operation
from processing.formats import Output

COLOR_PATTERN = "^#[0-9a-f]{6}$"
MANY_LINES = 300
"""Texts that may be longer than this are written over several lines."""

LIMITS = {"minimum": "min", "maximum": "max", "exclusiveMinimum": "above", "exclusiveMaximum": "below"}
Schema = dict[str, Any]
Node = dict[str, Any]


def describe_operations() -> list[dict[str, Any]]:
    """Every operation by name: what it does, its fields, and why it cannot run here where it cannot."""
    return [_describe_operation(operation) for operation in operations.all().values()]


@cache
def describe_output() -> list[Node]:
    """The fields of how a result is written."""
    return _read_members(Output.model_json_schema(), Output.model_json_schema())


def _describe_operation(operation: type[Operation]) -> dict[str, Any]:
    about = (operation.__doc__ or "").strip()
    return {
        "name": operation.name,
        "title": _title(operation.name),
        "summary": " ".join(about.partition("\n\n")[0].split()).replace("`", ""),
        "missing": operation.missing(),
        "fields": _fields_of(operation.name),
    }


@cache
def _fields_of(name: str) -> list[Node]:
    schema = operations.get(name).Params.model_json_schema()
    return _read_members(schema, schema)


def _read_members(schema: Schema, root: Schema) -> list[Node]:
    needed = schema.get("required", [])
    return [
        {"name": name, "label": _title(name), "required": name in needed, **_read(member, root)}
        for name, member in schema.get("properties", {}).items()
    ]


def _read(schema: Schema, root: Schema) -> Node:
    """One field: its kind, what it may hold, its default and what it is for."""
    node: Node = {"help": schema.get("description", "").replace("`", "")}
    if "default" in schema:
        node["default"] = schema["default"]
    kinds = [_resolve(one, root) for one in schema.get("anyOf", [schema])]
    found = [one for one in kinds if one.get("type") != "null"]
    node["optional"] = len(found) < len(kinds)
    if len(found) > 1:
        return node | {"kind": "either", "choices": [_read_kind(one, root) for one in found]}
    return node | _read_kind(found[0], root)


def _read_kind(schema: Schema, root: Schema) -> Node:
    if schema.get("title") == "AssetRef":
        return {"kind": "picture"}
    if "const" in schema or "enum" in schema:
        return {"kind": "choice", "options": schema.get("enum", [schema.get("const")])}
    return READERS[schema["type"]](schema, root)


def _read_number(schema: Schema, root: Schema) -> Node:
    limits = {ours: schema[theirs] for theirs, ours in LIMITS.items() if theirs in schema}
    return {"kind": "number", "whole": schema["type"] == "integer", **limits}


def _read_flag(schema: Schema, root: Schema) -> Node:
    return {"kind": "flag"}


def _read_text(schema: Schema, root: Schema) -> Node:
    if schema.get("pattern") == COLOR_PATTERN:
        return {"kind": "color"}
    most = schema.get("maxLength")
    return {"kind": "text", "most": most, "long": most is not None and most > MANY_LINES}


def _read_list(schema: Schema, root: Schema) -> Node:
    each = _read_kind(_resolve(schema["items"], root), root)
    if each["kind"] == "choice":
        return {"kind": "several", "options": each["options"]}
    return {"kind": "lines", "most": schema.get("maxItems")}


def _read_group(schema: Schema, root: Schema) -> Node:
    return {"kind": "group", "fields": _read_members(schema, root)}


READERS = {
    "integer": _read_number,
    "number": _read_number,
    "string": _read_text,
    "boolean": _read_flag,
    "array": _read_list,
    "object": _read_group,
}


def _resolve(schema: Schema, root: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    found: Schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return found


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
