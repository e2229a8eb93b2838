"""Recipes as YAML: what is written here is read again, on another server too."""

import json
from collections.abc import Iterable
from typing import Any

import yaml
from django.db import transaction
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from accounts.models import Account
from jobs.dialect import to_storable
from jobs.errors import BodyTooLarge, MalformedRequest
from jobs.models import Recipe
from jobs.recipes import RecipeFields, bring_recipe, describe_recipe, find_newest

MOST_RECIPES = 100
MOST_LEVELS = 64
MOST_BYTES = 200_000
"""Of a file. It takes a second to read so much."""


class RecipeFile(BaseModel):
    """Several recipes in one file."""

    model_config = ConfigDict(extra="forbid")

    recipes: list[RecipeFields] = Field(min_length=1, max_length=MOST_RECIPES)


class _Loader(yaml.SafeLoader):
    """Plain values alone: no aliases, which make a short text a huge one, and no name twice in one mapping."""

    _levels = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "aliases are not taken", event.start_mark)
        self._levels += 1
        if self._levels > MOST_LEVELS:
            raise yaml.composer.ComposerError(None, None, f"more than {MOST_LEVELS} levels", event.start_mark)
        node = super().compose_node(parent, index)
        self._levels -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"{twice!r} stands there twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def read_recipes(text: str) -> list[RecipeFields]:
    """The recipes of a file: one by itself, or several under `recipes`. Raises MalformedRequest or BodyTooLarge."""
    content = _load(text)
    several = content if isinstance(content, dict) and "recipes" in content else {"recipes": [content]}
    try:
        return RecipeFile.model_validate(several).recipes
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
        raise MalformedRequest(f"{where}: {first['msg']}", param=where) from None


def _load(text: str) -> Any:
    if len(text.encode(errors="surrogatepass")) > MOST_BYTES:
        raise BodyTooLarge(f"A file of recipes may have {MOST_BYTES} bytes.")
    try:
        content = yaml.load(text, _Loader)  # noqa: S506
        # Dates, sets and bytes are YAML's own.
        json.dumps(content)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise MalformedRequest(f"This is not YAML as recipes are written: line {line}: {error.problem}") from None
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise MalformedRequest(f"This is not YAML: {error}") from None
    if to_storable(content) != content:
        raise MalformedRequest("This holds characters or numbers that cannot be kept.")
    return content


@transaction.atomic
def import_recipes(account: Account, text: str) -> list[tuple[Recipe, bool]]:
    """Bring the account's recipes to what the file says, all or none: each, and whether anything of it changed.

    A recipe that is there gets a new version where steps or output differ. Raises a public error.
    """
    return [bring_recipe(account, fields) for fields in read_recipes(text)]


def export_recipes(recipes: Iterable[Recipe]) -> str:
    """The recipes at their newest versions, as a file: one by itself, several under `recipes`."""
    rows = list(recipes)
    newest = find_newest(rows)
    found = [_tidy(describe_recipe(row, newest[row.pk])) for row in rows if row.pk in newest]
    content = found[0] if len(found) == 1 else {"recipes": found}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


def _tidy(described: dict[str, Any]) -> dict[str, Any]:
    """Without what says nothing."""
    return {name: value for name, value in described.items() if value or name in ("id", "name")}
