"""OPERATIONS.md, written from the operations themselves: what they do, their parameters, examples and pictures."""

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from processing import illustrations, operations
from processing.base import Example, Operation
from processing.colors import PATTERN

Schema = dict[str, Any]

FOLDER = Path(__file__).parent
PAGE, PICTURES = "OPERATIONS.md", "pictures"
"""The page, and the folder beside it with a picture for each operation."""

INTRODUCTION = """\
# Operations

What can be done to a picture. A step names one operation and its parameters:

```json
{"operation": "resize", "params": {"width": {"value": 50, "unit": "%"}}}
```

This page is made from the code by `manage.py operations --write`. The photographs are from scikit-image: Chelsea the
cat (Stefan van der Walt, CC0), a cup of coffee (Rachel Michetti, CC0) and the astronaut Eileen Collins (NASA, public
domain), 240×180 pixels each. Every pair shows before and after; what is transparent is chequered.
"""

SHARED = {"AssetRef": "picture"}
"""What types that several operations use are called on the page, where that is not their own name."""


def render() -> str:
    """The whole page."""
    found = operations.all()
    index = "\n".join(f"* [{name}](#{name}): {_summarize(operation)}" for name, operation in found.items())
    parts = [INTRODUCTION, index + "\n", *_render_shared(found.values()), *map(render_operation, found.values())]
    return "\n".join(parts)


def write(folder: Path = FOLDER) -> list[Path]:
    """Write the page and its pictures; gives what has changed. Pictures of what cannot run here stay as they are."""
    able = [operation for operation in operations.all().values() if not operation.missing()]
    wanted = {folder / PAGE: render().encode()}
    wanted |= {folder / picture_of(each): illustrations.encode(illustrations.draw_pair(each)) for each in able}
    (folder / PICTURES).mkdir(exist_ok=True)
    changed = [path for path, data in wanted.items() if not path.exists() or path.read_bytes() != data]
    for path in changed:
        path.write_bytes(wanted[path])
    return changed + _remove_others(folder)


def picture_of(operation: type[Operation]) -> str:
    """Where the page looks for the picture."""
    return f"{PICTURES}/{operation.name}.webp"


def _remove_others(folder: Path) -> list[Path]:
    """Remove the pictures of operations that are no more."""
    others = [path for path in (folder / PICTURES).iterdir() if path.stem not in operations.all()]
    for path in others:
        path.unlink()
    return others


def _summarize(operation: type[Operation]) -> str:
    """The first sentence of an operation's documentation."""
    return " ".join(inspect.cleandoc(operation.__doc__ or "").split("\n\n")[0].split()).partition(". ")[0].rstrip(".")


def render_operation(operation: type[Operation]) -> str:
    """One operation's part of the page."""
    parts = [f"## {operation.name}", inspect.cleandoc(operation.__doc__ or ""), _render_picture(operation)]
    parts += [_render_parameters(operation.Params.model_json_schema()), _render_examples(operation)]
    return "\n\n".join(parts) + "\n"


def _render_picture(operation: type[Operation]) -> str:
    params = illustrations.list_illustrations(operation)[0].params
    return f"![{operation.name}, before and after]({picture_of(operation)})\n\n`{_to_json(params)}`"


def _render_examples(operation: type[Operation]) -> str:
    return "\n".join(["Examples:", "", *map(_render_example, operation.examples)])


def _render_example(example: Example) -> str:
    source, size = example.source, example.size or example.source
    named = "".join(f", with {name} of {width}×{height}" for name, (width, height) in example.assets.items())
    what = f"the {example.photo} of " if example.photo else ""
    return f"* `{_to_json(example.params)}`{named}: {what}{source[0]}×{source[1]} becomes {size[0]}×{size[1]}"


def _render_shared(found: Any) -> Iterator[str]:
    """The types that several operations use, each explained once."""
    schemas: dict[str, Schema] = {}
    for operation in found:
        schemas |= operation.Params.model_json_schema().get("$defs", {})
    for title, schema in sorted((_title(name), schema) for name, schema in schemas.items()):
        yield f"## {title}\n\n{schema.get('description', '')}\n\n{_render_parameters(schema)}\n"


def _title(name: str) -> str:
    return SHARED.get(name, name.lower())


# --- Parameters ----------------------------------------------------------------------------------------------------


def _render_parameters(schema: Schema) -> str:
    fields = schema.get("properties", {})
    if not fields:
        return "It has no parameters."
    required = schema.get("required", [])
    rows = [_render_row(name, field, is_required=name in required) for name, field in fields.items()]
    return "\n".join(["| parameter | type | default | |", "|---|---|---|---|", *rows])


def _render_row(name: str, field: Schema, *, is_required: bool) -> str:
    default = "required" if is_required else _describe_default(field.get("default"))
    cells = [f"`{name}`", _describe_type(field), default, field.get("description", "")]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _describe_default(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, dict) and set(value) == {"value", "unit"}:
        return f"{value['value']:g} {value['unit']}"
    return f"`{_to_json(value)}`"


def _describe_type(field: Schema) -> str:
    """The type and range of a parameter in words, from its JSON schema."""
    choices = [each for each in field.get("anyOf", []) if each.get("type") != "null"]
    if choices:
        return " or ".join(map(_describe_type, choices))
    if "$ref" in field:
        title = _title(field["$ref"].rpartition("/")[2])
        return f"[{title}](#{title})"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    return _describe_plain(field)


def _describe_plain(field: Schema) -> str:
    kind = field.get("type")
    if kind == "array":
        return f"list of {_describe_type(field.get('items', {}))}{_describe_range(field, 'minItems', 'maxItems')}"
    if kind == "string":
        return "colour, `#rrggbb`" if field.get("pattern") == PATTERN else _describe_text(field)
    name = {"number": "number", "integer": "whole number", "boolean": "`true` or `false`"}[str(kind)]
    return name + _describe_bounds(field)


def _describe_text(field: Schema) -> str:
    return "text" + _describe_range(field, "minLength", "maxLength") + " characters" * ("maxLength" in field)


def _describe_range(field: Schema, least: str, most: str) -> str:
    if least in field and most in field:
        return f", {_number(field[least])} to {_number(field[most])}"
    return f", at most {_number(field[most])}" if most in field else ""


def _describe_bounds(field: Schema) -> str:
    """What a number may be: both bounds are part of the range unless it says `above` or `below`."""
    low = [f"above {_number(field['exclusiveMinimum'])}"] if "exclusiveMinimum" in field else []
    high = [f"below {_number(field['exclusiveMaximum'])}"] if "exclusiveMaximum" in field else []
    if not low and not high:
        return _describe_range(field, "minimum", "maximum")
    low = low or [f"at least {_number(field['minimum'])}"] if "minimum" in field else low
    high = high or [f"at most {_number(field['maximum'])}"] if "maximum" in field else high
    return ", " + ", ".join([*low, *high])


def _number(value: float) -> str:
    return (f"{int(value):,}" if value == int(value) else f"{value:g}").replace("-", "−")


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
