"""SlashedCloud's Batch Image Processing API: one source, many outputs, 15 transformations."""

from jobs.dialect import Dialect
from jobs.dialects.slashed import errors, wire
from jobs.dialects.slashed.urls import urlpatterns

dialect = Dialect(
    name="slashed",
    urls=urlpatterns,
    statuses=errors.STATUSES,
    error_body=errors.body,
    to_callback=wire.to_callback,
)
