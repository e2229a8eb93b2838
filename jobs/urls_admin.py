"""Addresses below /admin/ that are pages of no model. Included before the admin's own."""

from django.contrib import admin
from django.urls import path

from jobs import views

urlpatterns = [
    path("thumbnails/item/<int:pk>/", views.show_item_thumbnail, name="thumbnail-item"),
    path("thumbnails/output/<int:pk>/", views.show_output_thumbnail, name="thumbnail-output"),
    path("models/", admin.site.admin_view(views.show_models), name="models"),
]
