"""Addresses below /admin/ that are pages of no model. Included before the admin's own."""

from django.contrib import admin
from django.urls import path

from jobs import views
from jobs.admin import recipe_pages, recipe_versions, run

_page = admin.site.admin_view

urlpatterns = [
    path("thumbnails/item/<int:pk>/", views.show_item_thumbnail, name="thumbnail-item"),
    path("thumbnails/output/<int:pk>/", views.show_output_thumbnail, name="thumbnail-output"),
    path("progress/<int:pk>/", views.show_job_progress, name="job-progress"),
    path("recipes/catalogue/", _page(recipe_pages.show_catalogue), name="recipe-catalogue"),
    path("recipes/places/", _page(recipe_pages.show_places), name="recipe-places"),
    path("recipes/preview/", _page(recipe_pages.show_preview), name="recipe-preview"),
    path("recipes/keep/", _page(recipe_pages.keep_picture), name="recipe-keep"),
    path("recipes/export/", _page(recipe_versions.show_export), name="recipe-export"),
    path("recipes/import/", _page(recipe_versions.show_import), name="recipe-import"),
    path("recipes/<int:pk>/versions/", _page(recipe_versions.show_versions), name="recipe-versions"),
    path("run/", _page(run.show_run), name="run"),
    path("run/plan/", _page(run.show_plan), name="run-plan"),
    path("run/preview/", _page(run.show_plan_preview), name="run-preview"),
    path("models/", _page(views.show_models), name="models"),
]
