"""The Celery app. Celery only rings: rows hold the work, messages carry an id."""

import os

from celery import Celery
from celery.signals import setup_logging
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

QUEUES = ("interactive", "batch", "vision", "delivery", "periodic")

app = Celery("photomill")
app.config_from_object("django.conf:settings", namespace="CELERY")


def _configure() -> None:
    from django.conf import settings

    prefix = settings.PHOTOMILL_QUEUE_PREFIX
    app.conf.task_queues = [Queue(f"{prefix}{name}") for name in QUEUES]
    app.conf.beat_schedule = {
        "sweep": {
            "task": "sweep",
            "schedule": settings.PHOTOMILL_SWEEP_SECONDS,
            "options": {"queue": f"{prefix}periodic", "expires": settings.PHOTOMILL_SWEEP_SECONDS * 2},
        },
    }


app.on_after_configure.connect(lambda **_: _configure(), weak=False)
app.autodiscover_tasks(["jobs", "accounts"])


@setup_logging.connect(weak=False)
def keep_our_logging(**_: object) -> None:
    """Celery would replace the handlers; Django has set them up already."""
