"""Recipes: made, found and changed, each change a version of its own."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from django.db import transaction
from django.db.models import OuterRef, Subquery
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from accounts.models import Account
from jobs import aliases
from jobs.assets import read_addresses, write_addresses
from jobs.chains import ChainFault, name_assets, parse_steps
from jobs.errors import MalformedRequest, UnknownRecipe
from jobs.models import Recipe, RecipeVersion
from jobs.spec import Destination, Variant
from processing.base import Step
from processing.errors import ImageError
from processing.formats import Output
from storage.errors import Conflict

MOST_STEPS = 50
RESERVED = frozenset({"import"})
"""What stands in a path where an id does."""

PINNED = re.compile(r"(.+)@([0-9]{1,9})")

RecipeId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class ChainFields(BaseModel):
    """What a recipe does. Pictures that steps name may be written as addresses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: list[Step] = Field(min_length=1, max_length=MOST_STEPS, description="operations, in their order")
    output: Output = Field(default_factory=Output, description="how the result is written")


EXAMPLE: dict[str, Any] = {
    "id": "square-white",
    "name": "Square on white",
    "steps": [
        {"operation": "remove_background", "params": {}},
        {"operation": "subject_crop", "params": {"width": 1000, "height": 1000, "background": "#ffffff"}},
    ],
    "output": {"format": "jpeg", "quality": 90},
}


class RecipeFields(ChainFields):
    """A recipe as data: what a request or a file says of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: RecipeId = Field(description="what calls name it by")
    name: str = Field(min_length=1, max_length=200)
    description: str = Field("", max_length=10_000)


def read_chain(
    account: Account, fields: ChainFields, *, param: str = "", known: frozenset[str] = frozenset()
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Steps and output as they are kept. Raises a public error that names the step and the field.

    param: the path of what holds the steps, with a dot at its end. known: names of pictures that may stay.
    """
    named = [read_addresses(account, step, param=f"{param}steps[{place}]") for place, step in enumerate(fields.steps)]
    try:
        chain, output = aliases.expand(named, fields.output)
        steps = parse_steps(
            json.dumps([step.model_dump(mode="json") for step in chain]), account_id=account.pk, known=known
        )
    except ChainFault as fault:
        raise _explain(fault, param) from None
    except ImageError as error:
        raise MalformedRequest(error.message, param=f"{param}steps") from None
    return steps, output.model_dump(mode="json", exclude_defaults=True)


def find_recipe(account: Account, public_id: str) -> Recipe:
    """The account's recipe of this id. Raises UnknownRecipe, for another account's too."""
    found = Recipe.objects.filter(account=account, public_id=public_id).first() if "\0" not in public_id else None
    if found is None:
        raise UnknownRecipe("There is no such recipe.")
    return found


@transaction.atomic
def create_recipe(account: Account, fields: RecipeFields) -> Recipe:
    """A new recipe with its first version. Raises Conflict where the id is taken."""
    if fields.id in RESERVED:
        raise MalformedRequest(f"id {fields.id!r} has a meaning of its own: choose another", param="id")
    steps, output = read_chain(account, fields)
    facts = {"name": fields.name, "description": fields.description}
    recipe, is_new = Recipe.objects.get_or_create(account=account, public_id=fields.id, defaults=facts)
    if not is_new:
        raise Conflict(f"There is already a recipe {fields.id!r}.", param="id")
    RecipeVersion.objects.create(recipe=recipe, number=1, steps=steps, output=output)
    return recipe


@transaction.atomic
def add_version(recipe: Recipe, fields: ChainFields) -> tuple[RecipeVersion, bool]:
    """The version of these steps and output, and whether it is new: what the newest says already adds none."""
    Recipe.objects.select_for_update().get(pk=recipe.pk)
    latest = recipe.latest
    known = name_assets(latest.steps) if latest else frozenset()
    steps, output = read_chain(recipe.account, fields, known=known)
    if latest and (latest.steps, latest.output) == (steps, output):
        return latest, False
    number = latest.number + 1 if latest else 1
    return RecipeVersion.objects.create(recipe=recipe, number=number, steps=steps, output=output), True


@transaction.atomic
def bring_recipe(account: Account, fields: RecipeFields) -> tuple[Recipe, bool]:
    """The recipe brought to what the fields say, and whether anything changed."""
    recipe = Recipe.objects.filter(account=account, public_id=fields.id).first()
    if recipe is None:
        return create_recipe(account, fields), True
    facts = (fields.name, fields.description)
    is_renamed = (recipe.name, recipe.description) != facts
    if is_renamed:
        recipe.name, recipe.description = facts
        recipe.save(update_fields=["name", "description"])
    return recipe, add_version(recipe, fields)[1] or is_renamed


def describe_recipe(recipe: Recipe, version: RecipeVersion) -> dict[str, Any]:
    """The recipe as data, at this version: `RecipeFields` reads it."""
    return {
        "id": recipe.public_id,
        "name": recipe.name,
        "description": recipe.description,
        "steps": write_addresses(version.steps),
        "output": version.output,
    }


def find_newest(recipes: Iterable[Recipe]) -> dict[int, RecipeVersion]:
    """The newest version of each recipe, by the recipe's key."""
    newest = RecipeVersion.objects.filter(recipe=OuterRef("recipe")).order_by("-number").values("number")[:1]
    rows = RecipeVersion.objects.filter(recipe__in=list(recipes), number=Subquery(newest))
    return {row.recipe_id: row for row in rows}


def find_versions(account: Account, names: Sequence[str], *, param: str) -> list[RecipeVersion]:
    """The version that each name says: `ID` the newest, `ID@3` the third. Raises UnknownRecipe with the param."""
    return [_find_version(account, name, param=f"{param}[{number}]") for number, name in enumerate(names)]


def to_variant(version: RecipeVersion, *, name: str, destination: Destination) -> Variant:
    """What a job does by this version. name: what stands for `{recipe}` in the names of its results."""
    steps = tuple(Step.model_validate(step) for step in version.steps)
    # By way of JSON: what is kept there has lists where a frozen output has tuples.
    output = Output.model_validate_json(json.dumps(version.output))
    return Variant(name=name, steps=steps, output=output, destination=destination)


def _find_version(account: Account, name: str, *, param: str) -> RecipeVersion:
    pinned = PINNED.fullmatch(name)
    public_id = pinned[1] if pinned else name
    rows = RecipeVersion.objects.select_related("recipe").filter(recipe__account=account, recipe__public_id=public_id)
    rows = rows.filter(number=int(pinned[2])) if pinned else rows.order_by("-number")
    found = rows.first() if "\0" not in public_id else None
    if found is None:
        raise UnknownRecipe(f"{param}: there is no recipe {name!r}", param=param)
    return found


def _explain(fault: ChainFault, param: str) -> MalformedRequest:
    if fault.step is None:
        return MalformedRequest(str(fault), param=f"{param}steps")
    field = fault.field if fault.field in ("", "operation") else f"params.{fault.field}"
    where = f"{param}steps[{fault.step}].{field}".rstrip(".")
    return MalformedRequest(f"{where}: {fault.reason}", param=where)
