"""Requests about recipes."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from jobs import recipes
from jobs.dialects.native import answers, fields, shapes
from jobs.dialects.native.description import LIMIT, describe, query
from jobs.dialects.native.views import NativeView
from jobs.errors import MalformedRequest
from jobs.models import Recipe
from jobs.recipe_files import export_recipes, import_recipes
from jobs.requests import read_body

YAML = "application/yaml"


class Recipes(NativeView):
    """`GET` and `POST /api/recipes`."""

    known_parameters = frozenset({"limit", "after"})

    @describe(
        "list_recipes",
        answers={200: shapes.RecipePage},
        query=[LIMIT, query("after", "id of the recipe that the page begins after")],
    )
    def get(self, request: Request) -> Response:
        """The account's recipes, in the order of their ids."""
        limit = self.read_limit()
        rows = Recipe.objects.filter(account=self.caller.account, public_id__gt=self.read_word("after"))
        page = list(rows.order_by("public_id")[: limit + 1])
        newest = recipes.find_newest(page[:limit])
        entries = [answers.to_recipe(row, newest.get(row.pk)) for row in page[:limit]]
        return Response({"recipes": entries, "next": page[limit - 1].public_id if len(page) > limit else None})

    @describe(
        "create_recipe",
        body=recipes.RecipeFields,
        answers={201: shapes.RecipeDetail},
        errors=[409, 413],
    )
    def post(self, request: Request) -> Response:
        """Make a recipe with its first version."""
        asked = fields.read(recipes.RecipeFields, self.read_json())
        recipe = recipes.create_recipe(self.caller.account, asked)
        return Response(answers.to_recipe_detail(recipe), status=201)


class OneRecipe(NativeView):
    """`GET /api/recipes/{recipe_id}`."""

    @describe("get_recipe", answers={200: shapes.RecipeDetail}, errors=[404])
    def get(self, request: Request, recipe_id: str) -> Response:
        """A recipe with every version."""
        return Response(answers.to_recipe_detail(recipes.find_recipe(self.caller.account, recipe_id)))


class Versions(NativeView):
    """`POST /api/recipes/{recipe_id}/versions`."""

    @describe(
        "add_version",
        body=recipes.ChainFields,
        answers={200: shapes.VersionShape, 201: shapes.VersionShape},
        errors=[404, 413],
    )
    def post(self, request: Request, recipe_id: str) -> Response:
        """Add a version. Where the newest says the same already, that is the answer, with the status 200."""
        recipe = recipes.find_recipe(self.caller.account, recipe_id)
        version, is_new = recipes.add_version(recipe, fields.read(recipes.ChainFields, self.read_json()))
        return Response(answers.to_version(version), status=201 if is_new else 200)


class ExportRecipe(NativeView):
    """`GET /api/recipes/{recipe_id}/export`."""

    @describe("export_recipe", answers={(200, YAML): OpenApiTypes.STR}, errors=[404])
    def get(self, request: Request, recipe_id: str) -> HttpResponse:
        """A recipe at its newest version as YAML, which can be imported here or elsewhere."""
        recipe = recipes.find_recipe(self.caller.account, recipe_id)
        headers = {"Content-Disposition": 'attachment; filename="recipe.yaml"'}
        return HttpResponse(export_recipes([recipe]), content_type=f"{YAML}; charset=utf-8", headers=headers)


class ImportRecipes(NativeView):
    """`POST /api/recipes/import`."""

    @describe("import_recipes", body={YAML: OpenApiTypes.STR}, answers={200: shapes.Imported}, errors=[413])
    def post(self, request: Request) -> Response:
        """Bring recipes to what a file says, all of them or none. One that is there gets a version where it differs."""
        try:
            text = read_body(request._request).decode()
        except UnicodeDecodeError:
            raise MalformedRequest("The body should be YAML in UTF-8.") from None
        made = import_recipes(self.caller.account, text)
        newest = recipes.find_newest(recipe for recipe, _ in made)
        entries = [
            shapes.ImportedRecipe(id=recipe.public_id, version=newest[recipe.pk].number, changed=changed)
            for recipe, changed in made
        ]
        return Response(shapes.Imported(recipes=entries).model_dump(mode="json"))
