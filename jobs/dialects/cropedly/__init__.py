"""Cropedly's Image Processing API: log in, enhance at once, keep enterprise images."""

from jobs.dialect import Dialect
from jobs.dialects.cropedly import errors, wire
from jobs.dialects.cropedly.urls import urlpatterns

dialect = Dialect(
    name="cropedly",
    urls=urlpatterns,
    statuses=errors.STATUSES,
    error_body=errors.body,
    to_callback=wire.to_callback,
)
