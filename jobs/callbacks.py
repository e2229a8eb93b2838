"""Messages to the outside: one row for each target of a finished run, tried until it is taken or time is up."""

import json
import logging
import random
import time
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.signing import sign
from jobs import dialects
from jobs.clock import after
from jobs.dispatch import ring
from jobs.ids import make_id
from jobs.models import Attempt, Delivery, Job
from jobs.models.deliveries import DeliveryState
from jobs.secrets import live_signing_secrets
from storage import http
from storage.errors import StorageError
from storage.http import Response

log = logging.getLogger(__name__)

PER_HOST = 4
"""Attempts at once to one host, so that a dead one does not hold up the others."""

LEASE_MARGIN_SECONDS = 15
KEPT_ANSWER_CHARACTERS = 1000
MAX_RETRY_AFTER_SECONDS = 3600
SHORT_WAIT_SECONDS = 30
GONE = 410


def create_deliveries(job_id: int) -> None:
    """One delivery for each target of the job's finished run, rung after the commit. Called in its transaction."""
    job = Job.objects.get(pk=job_id)
    if not job.callback_url:
        return
    delivery = Delivery(
        job=job,
        run=job.run,
        target=job.callback_url,
        host=(urlsplit(job.callback_url).hostname or "")[:255],
        webhook_id=f"msg_{make_id()}",
    )
    Delivery.objects.bulk_create([delivery], ignore_conflicts=True)
    transaction.on_commit(ring_due, robust=True)


def ring_due() -> int:
    """Ring deliveries that are due, at most a few for each host. Returns how many."""
    stale = Q(rung_at=None) | Q(rung_at__lt=after(-_lease_seconds()))
    due = Delivery.objects.filter(stale, claimable()).order_by("next_at")
    taken: dict[str, int] = {}
    chosen: list[int] = []
    for pk, host in due.values_list("pk", "host")[:1000]:
        if host not in taken:
            taken[host] = Delivery.objects.filter(host=host, lease_until__gt=Now()).count()
        if taken[host] < PER_HOST:
            taken[host] += 1
            chosen.append(pk)
    Delivery.objects.filter(pk__in=chosen).update(rung_at=Now())
    for number, pk in enumerate(chosen):
        if not ring("deliver", pk, queue="delivery"):
            Delivery.objects.filter(pk__in=chosen[number:]).update(rung_at=None)
            return number
    return len(chosen)


def claimable() -> Q:
    """Deliveries whose time has come and that nobody is working on."""
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    return free & Q(state=DeliveryState.PENDING, next_at__lte=Now())


def deliver(delivery_id: int) -> None:
    """Make one attempt, if it is due. Called twice with the same id, the second call does nothing."""
    delivery = _claim(delivery_id)
    if delivery is None:
        return
    body = delivery.body.encode()
    sent_at = timezone.now()
    headers = {"content-type": "application/json", "user-agent": "Photomill"}
    secrets = live_signing_secrets(delivery.job.service) if delivery.job.service else []
    headers |= sign(delivery.webhook_id, body=body, at=sent_at, secrets=secrets)
    attempt = Attempt(delivery=delivery, number=delivery.attempts_made, started_at=sent_at, milliseconds=0)
    answer = _post(delivery, body, headers, attempt)
    _record(delivery, attempt, answer)


def redeliver(delivery: Delivery) -> None:
    """Send a delivery again from the start of its schedule, under the same webhook-id."""
    Delivery.objects.filter(pk=delivery.pk).update(
        state=DeliveryState.PENDING,
        next_at=Now(),
        rung_at=None,
        lease_until=None,
        fence=F("fence") + 1,
        attempts_before=F("attempts_made"),
        ended_at=None,
    )
    transaction.on_commit(ring_due, robust=True)


def _claim(delivery_id: int) -> Delivery | None:
    delivery = Delivery.objects.select_related("job__service").filter(claimable(), pk=delivery_id).first()
    if delivery is None:
        return None
    delivery.body = delivery.body or render(delivery)
    won = Delivery.objects.filter(claimable(), pk=delivery_id, fence=delivery.fence).update(
        fence=F("fence") + 1,
        attempts_made=F("attempts_made") + 1,
        lease_until=after(_lease_seconds()),
        body=delivery.body,
    )
    delivery.fence += 1
    delivery.attempts_made += 1
    return delivery if won else None


def render(delivery: Delivery) -> str:
    """The message in the words of the job's dialect: the same text on every attempt."""
    return json.dumps(dialects.get(delivery.job.dialect).to_callback(delivery.job, delivery))


def _post(delivery: Delivery, body: bytes, headers: dict[str, str], attempt: Attempt) -> Response | None:
    started = time.monotonic()
    answer = None
    try:
        answer = http.post(delivery.target, body, headers=headers, total_seconds=settings.PHOTOMILL_CALLBACK_SECONDS)
        attempt.status_code = answer.status
        attempt.address = answer.address
        attempt.answer = answer.body[:KEPT_ANSWER_CHARACTERS].decode(errors="replace").replace("\0", "")
    except StorageError as error:
        attempt.error = error.message[:200]
    attempt.milliseconds = round((time.monotonic() - started) * 1000)
    return answer


def _record(delivery: Delivery, attempt: Attempt, answer: Response | None) -> None:
    """End the attempt: taken, given up, or due again later. Nothing where somebody else has it by now."""
    wait = _next_wait(delivery, answer)
    changes: dict[str, Any] = {"lease_until": None, "rung_at": None}
    if answer is not None and 200 <= answer.status < 300:
        changes |= {"state": DeliveryState.DELIVERED, "ended_at": Now()}
    elif wait is None or (answer is not None and answer.status == GONE):
        changes |= {"state": DeliveryState.FAILED, "ended_at": Now()}
    else:
        changes |= {"next_at": after(wait)}
    with transaction.atomic():
        if not Delivery.objects.filter(pk=delivery.pk, fence=delivery.fence).update(**changes):
            return
        attempt.save()
        if "next_at" in changes and wait is not None and wait <= SHORT_WAIT_SECONDS:
            ring_later = partial(ring, "deliver", delivery.pk, queue="delivery", countdown=wait + 0.05)
            transaction.on_commit(ring_later, robust=True)
        else:
            transaction.on_commit(ring_due, robust=True)


def _next_wait(delivery: Delivery, answer: Response | None) -> float | None:
    """Seconds until the next attempt, spread by a fifth either way; None when none is left."""
    schedule = settings.PHOTOMILL_CALLBACK_SCHEDULE
    made_in_schedule = delivery.attempts_made - delivery.attempts_before
    if made_in_schedule > len(schedule):
        return None
    wait = schedule[made_in_schedule - 1] * random.uniform(0.8, 1.2)  # noqa: S311
    return max(wait, _asked_wait(answer))


def _asked_wait(answer: Response | None) -> float:
    """What Retry-After asks for, up to an hour."""
    text = answer.headers.get("retry-after", "") if answer is not None else ""
    if not text:
        return 0.0
    if text.isdigit():
        return float(min(int(text), MAX_RETRY_AFTER_SECONDS))
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return min(max(0.0, (until - timezone.now()).total_seconds()), MAX_RETRY_AFTER_SECONDS)


def _lease_seconds() -> float:
    return settings.PHOTOMILL_CALLBACK_SECONDS + LEASE_MARGIN_SECONDS
