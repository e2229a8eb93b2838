"""The Celery app. Celery only rings: rows hold the work, messages carry an id."""

import os
import sys
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import before_task_publish, setup_logging, task_prerun, worker_init
from kombu import Queue

from accounts import trace

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

QUEUES = ("interactive", "batch", "vision", "delivery", "periodic")
PURGE_SECONDS = 600
CANARY_EXPIRES_SECONDS = 600
"""What waits longer than this in a queue that nobody serves is thrown away when somebody does."""
QUIET_HOUR = crontab(hour="3", minute="17")
"""Of UTC: when the house storage is walked."""
ONCE_MORE = {"retry": True, "retry_policy": {"max_retries": 1, "interval_start": 0, "interval_max": 0.1}}
"""Beat keeps one connection for its life. Only a message that may be sent again makes it open another."""

app = Celery("photomill", amqp="project.broker:SteadyAMQP")
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
        "purge": {
            "task": "purge",
            "schedule": PURGE_SECONDS,
            "options": {"queue": f"{prefix}periodic", "expires": PURGE_SECONDS},
        },
        "purge_orphans": {
            "task": "purge_orphans",
            "schedule": QUIET_HOUR,
            "options": {"queue": f"{prefix}periodic"},
        },
        **{
            f"canary of {name}": {
                "task": "canary",
                "args": [name],
                "schedule": settings.PHOTOMILL_CANARY_SECONDS,
                "options": {"queue": f"{prefix}{name}", "expires": CANARY_EXPIRES_SECONDS},
            }
            for name in QUEUES
        },
    }
    for entry in app.conf.beat_schedule.values():
        entry["options"] |= ONCE_MORE


app.on_after_configure.connect(lambda **_: _configure(), weak=False)
app.autodiscover_tasks(["jobs", "accounts"])


@worker_init.connect(weak=False)
def refuse_to_start(**_: object) -> None:
    """End the node before it takes work, where something is missing. Celery looks at no check by itself."""
    from django.core.exceptions import ImproperlyConfigured

    from project.refusal import refuse_faults

    try:
        refuse_faults()
    except ImproperlyConfigured as error:
        sys.exit(str(error))


@worker_init.connect(weak=False)
def report_faults_of_node(sender: Any = None, **_: object) -> None:
    """Once it is clear that the node starts. The processes that it forks report like it."""
    from project.faults import report_faults

    report_faults(str(getattr(sender, "hostname", "worker")))


@before_task_publish.connect(weak=False)
def hand_on_request(headers: dict[str, Any] | None = None, **_: object) -> None:
    """Messages carry the id of the request that sent them. Where a row knows better, its id counts."""
    request_id = trace.current_request()
    if headers is not None and request_id:
        headers["request_id"] = request_id


@task_prerun.connect(weak=False)
def take_up_request(task: Any = None, **_: object) -> None:
    """What this task logs belongs to that request, and to nothing that was done before in this process."""
    trace.begin(request_id=task.request.get("request_id") or "")


@setup_logging.connect(weak=False)
def keep_our_logging(**_: object) -> None:
    """Celery would replace the handlers; Django has set them up already."""
