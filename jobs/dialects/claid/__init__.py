"""Claid's API: pictures edited at once, later, by the folder and as they come; connected storages."""

from jobs.dialect import Dialect
from jobs.dialects.claid import errors, wire
from jobs.dialects.claid.urls import urlpatterns

dialect = Dialect(
    name="claid",
    urls=urlpatterns,
    statuses=errors.STATUSES,
    error_body=errors.body,
    to_callback=wire.to_callback,
    announces=wire.is_announced,
)
