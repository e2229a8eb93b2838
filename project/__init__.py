"""Settings, the URL map, and how the parts are started."""

from project.celery import app as celery_app

__all__ = ["celery_app"]
