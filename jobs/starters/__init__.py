"""Recipes to begin with: each file here has one or several, as the API exports and imports them."""

from pathlib import Path

from accounts.models import Account
from jobs.models import Recipe
from jobs.recipe_files import read_recipes
from jobs.recipes import RecipeFields, create_recipe

FOLDER = Path(__file__).parent


def list_starters() -> list[RecipeFields]:
    """All of them, in the order of their files."""
    return [fields for path in sorted(FOLDER.glob("*.yaml")) for fields in read_recipes(path.read_text("utf-8"))]


def add_starters(account: Account) -> list[Recipe]:
    """Give the account those whose id it has no recipe of. What it has stays as it is. Returns what was added."""
    known = set(Recipe.objects.filter(account=account).values_list("public_id", flat=True))
    return [create_recipe(account, fields) for fields in list_starters() if fields.id not in known]
