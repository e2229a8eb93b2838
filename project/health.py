"""Whether the server is alive, and whether it can do its work."""

from collections.abc import Callable

import redis
from celery import current_app
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, JsonResponse
from kombu.exceptions import KombuError

from jobs.pulses import find_queue_states
from processing import operations, weights
from project.celery import QUEUES
from storage.errors import StorageError
from storage.house import house
from storage.sockets import deadline

CHECK_SECONDS = 2


def alive(_request: HttpRequest) -> JsonResponse:
    """The web process answers."""
    return JsonResponse({"status": "alive"})


def ready(_request: HttpRequest) -> JsonResponse:
    """Each part that the work needs, by name. 503 where one that nothing works without is missing.

    queues: whether work is taken, by a canary's answer. Without workers jobs are still accepted, so that is no 503.
    """
    parts = {"database": _try(_ask_database), "broker": _try(_ask_broker), "storage": _try(_ask_storage)}
    is_ready = all(state == "ok" for state in parts.values())
    missing = {name: reason for name, kind in operations.all().items() if (reason := kind.missing())}
    status = "ready" if is_ready else "not ready"
    models = {name: weights.missing(name) or "ok" for name in weights.all()}
    queues = _describe_queues() if parts["database"] == "ok" else {}
    body = {"status": status, "parts": parts, "queues": queues, "unavailable_operations": missing, "models": models}
    return JsonResponse(body, status=200 if is_ready else 503)


def _try(ask: Callable[[], None]) -> str:
    try:
        ask()
    except (DatabaseError, KombuError, OSError, redis.RedisError, StorageError) as error:
        return type(error).__name__
    return "ok"


def _describe_queues() -> dict[str, str]:
    return {queue: state.describe() for queue, state in find_queue_states(QUEUES).items()}


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_broker() -> None:
    with current_app.connection_for_read() as broker:
        broker.ensure_connection(max_retries=1, timeout=CHECK_SECONDS)


def _ask_storage() -> None:
    with deadline(CHECK_SECONDS):
        house().exists("ready")
