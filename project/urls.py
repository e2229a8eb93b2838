"""The URL map: the admin, health, files, and one include for each product's API."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from jobs import dialects
from project import errors, files, health, metrics

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", include("accounts.urls_admin")),
    path("admin/", include("jobs.urls_admin")),
    path("admin/", admin.site.urls),
    path("accounts/", include("accounts.urls")),
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("metrics", metrics.show),
    re_path(r"^files/(?P<ticket>[^/]+)(?:/(?P<name>[\s\S]*))?$", files.stream),
    *[path("", include((dialect.urls, name))) for name, dialect in dialects.all().items()],
    re_path(rf"^{errors.SHARED}(?:/[\s\S]*)?$", errors.no_product),
]
handler400 = "project.errors.bad_request"
handler404 = "project.errors.not_found"
handler500 = "project.errors.failed"
