"""Photomill's own API: recipes as data, jobs of many sources by many recipes, described in OpenAPI."""

from jobs.dialect import Dialect
from jobs.dialects.native import answers, errors
from jobs.dialects.native.urls import urlpatterns
from jobs.schedule import CallbackRules
from jobs.spec import PREVIEW

dialect = Dialect(
    name="native",
    urls=urlpatterns,
    statuses=errors.STATUSES,
    error_body=errors.body,
    to_callback=answers.to_callback,
    callbacks=CallbackRules(signs_with_job_secret=True),
    announces=lambda job: job.dialect_data.get("kind") != PREVIEW,
)
