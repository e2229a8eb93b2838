"""Crop.photo's API: recipes over many pictures, five crops that look at the picture, banners by a mask."""

from django.conf import settings

from jobs.dialect import Dialect
from jobs.dialects.cropphoto import banners, errors, guesses, wire
from jobs.dialects.cropphoto.urls import urlpatterns
from jobs.schedule import CallbackRules

dialect = Dialect(
    name="cropphoto",
    urls=urlpatterns,
    statuses=errors.STATUSES,
    error_body=errors.body,
    to_callback=banners.to_callback,
    expand=wire.expand,
    results_hours=guesses.RESULTS_HOURS,
    callbacks=CallbackRules(
        headers=banners.make_headers,
        own_waits=(settings.PHOTOMILL_CROPPHOTO_WEBHOOK_SECONDS,) * guesses.WEBHOOK_RETRIES,
        is_taken=lambda status: status == guesses.WEBHOOK_TAKEN,
    ),
)
