"""The API's paths."""

from django.urls import re_path

from jobs.dialects.native.docs import Docs, Schema
from jobs.dialects.native.job_views import CancelJob, Items, Jobs, OneJob, RetryJob
from jobs.dialects.native.recipe_views import ExportRecipe, ImportRecipes, OneRecipe, Recipes, Versions
from jobs.dialects.native.views import UnknownNativePath

RECIPE = r"(?P<recipe_id>[^/]+)"
JOB = r"(?P<job_id>[^/]+)"

urlpatterns = [
    re_path(r"^api/recipes$", Recipes.as_view()),
    re_path(r"^api/recipes/import$", ImportRecipes.as_view()),
    re_path(rf"^api/recipes/{RECIPE}$", OneRecipe.as_view()),
    re_path(rf"^api/recipes/{RECIPE}/versions$", Versions.as_view()),
    re_path(rf"^api/recipes/{RECIPE}/export$", ExportRecipe.as_view()),
    re_path(r"^api/jobs$", Jobs.as_view()),
    re_path(rf"^api/jobs/{JOB}$", OneJob.as_view()),
    re_path(rf"^api/jobs/{JOB}/items$", Items.as_view()),
    re_path(rf"^api/jobs/{JOB}/retry$", RetryJob.as_view()),
    re_path(rf"^api/jobs/{JOB}/cancel$", CancelJob.as_view()),
    re_path(r"^api/schema/?$", Schema.as_view()),
    re_path(r"^api/docs/?$", Docs.as_view()),
    re_path(r"^api(?:/[\s\S]*)?$", UnknownNativePath.as_view()),
]
