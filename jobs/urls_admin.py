"""Addresses below /admin/ that are pages of no model. Included before the admin's own."""

from django.contrib import admin
from django.urls import path

from jobs import views
from jobs.admin import recipe_pages, run

_page = admin.site.admin_view

urlpatterns = [
    path("thumbnails/item/<int:pk>/", views.show_item_thumbnail, name="thumbnail-item"),
    path("thumbnails/output/<int:pk>/", views.show_output_thumbnail, name="thumbnail-output"),
    path("recipes/catalogue/", _page(recipe_pages.show_catalogue), name="recipe-catalogue"),
    path("recipes/places/", _page(recipe_pages.show_places), name="recipe-places"),
    path("recipes/preview/", _page(recipe_pages.show_preview), name="recipe-preview"),
    path("run/", _page(run.show_run), name="run"),
    path("run/plan/", _page(run.show_plan), name="run-plan"),
    path("run/preview/", _page(run.show_plan_preview), name="run-preview"),
    path("models/", _page(views.show_models), name="models"),
]
