"""Messages to the outside: one row for each target of a finished run, tried until it is taken or time is up."""

import json
import logging
import time
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, Subquery, Window
from django.db.models.functions import Coalesce, Now, RowNumber
from django.utils import timezone

from accounts import trace
from accounts.signing import sign
from jobs import dialects, schedule, webhooks
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

CHUNK = 500
LEASE_MARGIN_SECONDS = 15
KEPT_ANSWER_BYTES = 1000
SHORT_WAIT_SECONDS = 30
GONE = 410


def create_deliveries(job_id: int) -> None:
    """One delivery for each target of the job's finished run, rung after the commit. Called in its transaction."""
    job = Job.objects.get(pk=job_id)
    deliveries = [_make_delivery(job, job.callback_url)] if job.callback_url else []
    if dialects.get(job.dialect).announces(job):
        deliveries += [_make_delivery(job, hook.url, account_webhook=hook) for hook in webhooks.find_webhooks(job)]
    if deliveries:
        # A webhook at the address that the request named hears of it once.
        Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    for host in {delivery.host for delivery in deliveries}:
        transaction.on_commit(partial(_ring_host, host), robust=True)


def _make_delivery(job: Job, target: str, **more: Any) -> Delivery:
    host = (urlsplit(target).hostname or "")[:255]
    return Delivery(job=job, run=job.run, target=target, host=host, webhook_id=f"msg_{make_id()}", **more)


def ring_due() -> int:
    """Ring deliveries that are due, for each host as many as it has free places. Returns how many.

    A host with a mountain of them costs no more statements than another, and hides nobody's.
    """
    place = Window(RowNumber(), partition_by="host", order_by=["next_at", "pk"])
    first = Delivery.objects.filter(_waiting()).annotate(place=place).filter(place__lte=PER_HOST)
    ranked = list(first.order_by("place", "next_at").values_list("pk", "host", "place")[:CHUNK])
    if not ranked:
        return 0
    busy = Delivery.objects.filter(_busy()).order_by().values_list("host").annotate(Count("pk"))
    taken = dict(busy)
    return _ring([pk for pk, host, place in ranked if taken.get(host, 0) + place <= PER_HOST])


def _ring_host(host: str) -> int:
    """The same for one host: what is called whenever one of its places may be free."""
    free = PER_HOST - Delivery.objects.filter(_busy(), host=host).count()
    if free <= 0:
        return 0
    waiting = Delivery.objects.filter(_waiting(), host=host).order_by("next_at", "pk")
    return _ring(list(waiting.values_list("pk", flat=True)[:free]))


def _ring(delivery_ids: list[int]) -> int:
    # Whoever has one of them by now is left alone; its message is then one too many, which does nothing.
    Delivery.objects.filter(_waiting(), pk__in=delivery_ids).update(rung_at=Now())
    for number, pk in enumerate(delivery_ids):
        if not ring("deliver", pk, queue="delivery"):
            Delivery.objects.filter(pk__in=delivery_ids[number:]).update(rung_at=None)
            return number
    return len(delivery_ids)


def claimable() -> Q:
    """Deliveries whose time has come and that nobody is working on."""
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    return free & _due()


def _due() -> Q:
    return Q(state=DeliveryState.PENDING, next_at__lte=Now())


def _waiting() -> Q:
    """Deliveries that are due, and whose message was not sent or is lost."""
    return claimable() & (Q(rung_at=None) | Q(rung_at__lt=after(-_lease_seconds())))


def _busy() -> Q:
    """Deliveries that take up a place of their host: at work, or with a message on its way."""
    return _due() & (Q(lease_until__gte=Now()) | Q(rung_at__gte=after(-_lease_seconds())))


def deliver(delivery_id: int) -> None:
    """Make one attempt, if it is due. Called twice with the same id, the second call does nothing."""
    rows = Delivery.objects.select_related("job__service", "account_webhook")
    delivery = rows.filter(claimable(), pk=delivery_id).first()
    if delivery is None:
        return
    with trace.bound(**delivery.job.trace, delivery_id=delivery.webhook_id):
        _attempt(delivery)


def _attempt(delivery: Delivery) -> None:
    if webhooks.is_dropped(delivery):
        _end(delivery, "its webhook is turned off")
        return
    # Before the claim: a fault of ours in here is not an attempt.
    secrets = _find_secrets(delivery)
    delivery.body = delivery.body or render(delivery)
    if schedule.is_used_up(delivery, _rules(delivery)):
        # Its last attempt was begun, and its worker is gone.
        _end(delivery, "the last attempt was never recorded")
    elif _claim(delivery):
        attempt = Attempt(delivery=delivery, number=delivery.attempts_made, started_at=timezone.now())
        _record(delivery, attempt, _post(delivery, attempt, secrets))


def _find_secrets(delivery: Delivery) -> list[str]:
    job = delivery.job
    secret: Any = job.callback_secret
    own = [secret] if secret and _rules(delivery).signs_with_job_secret else []
    return own + (live_signing_secrets(job.service) if job.service else [])


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
    transaction.on_commit(partial(_ring_host, delivery.host), robust=True)


def render(delivery: Delivery) -> str:
    """The message in the words of the job's dialect: the same text on every attempt."""
    return json.dumps(dialects.get(delivery.job.dialect).to_callback(delivery.job, delivery))


def _claim(delivery: Delivery) -> bool:
    """Take the delivery for one attempt. False where somebody else has it or its host has no free place."""
    at_work = Delivery.objects.filter(_due(), host=OuterRef("host"), lease_until__gte=Now()).order_by()
    count = at_work.values("host").annotate(count=Count("pk")).values("count")
    claimed = (
        Delivery.objects.filter(claimable(), pk=delivery.pk, fence=delivery.fence)
        .alias(at_work=Coalesce(Subquery(count), 0))
        .filter(at_work__lt=PER_HOST)
        .update(
            fence=F("fence") + 1,
            attempts_made=F("attempts_made") + 1,
            lease_until=after(_lease_seconds()),
            body=delivery.body,
        )
    )
    if not claimed:
        # Retries come back by themselves, whatever the others do: here they queue up again.
        Delivery.objects.filter(claimable(), pk=delivery.pk).update(rung_at=None)
        return False
    delivery.fence += 1
    delivery.attempts_made += 1
    return True


def _end(delivery: Delivery, why: str) -> None:
    """End a delivery without another attempt."""
    log.warning("delivery %s given up: %s", delivery.webhook_id, why)
    Delivery.objects.filter(claimable(), pk=delivery.pk, fence=delivery.fence).update(
        state=DeliveryState.FAILED, ended_at=Now(), lease_until=None, rung_at=None
    )


def _post(delivery: Delivery, attempt: Attempt, secrets: list[str]) -> Response | None:
    body = delivery.body.encode()
    headers = {"content-type": "application/json", "user-agent": "Photomill"}
    headers |= _rules(delivery).headers(delivery.job)
    if hook := delivery.account_webhook:
        headers |= webhooks.sign_message(hook, delivery.webhook_id, body=body, at=attempt.started_at)
    else:
        headers |= sign(delivery.webhook_id, body=body, at=attempt.started_at, secrets=secrets)
    started = time.monotonic()
    answer = None
    try:
        answer = http.post(delivery.target, body, headers=headers, total_seconds=settings.PHOTOMILL_CALLBACK_SECONDS)
        attempt.status_code = answer.status
        attempt.address = answer.address
        attempt.answer = answer.body[:KEPT_ANSWER_BYTES].decode(errors="replace").replace("\0", "")
    except StorageError as error:
        attempt.error = error.message[:200]
    attempt.milliseconds = round((time.monotonic() - started) * 1000)
    log.info("message sent", extra={"attempt": attempt.number, "status": attempt.status_code, "fault": attempt.error})
    return answer


def _record(delivery: Delivery, attempt: Attempt, answer: Response | None) -> None:
    """End the attempt: taken, given up, or due again later. Nothing where somebody else has it by now."""
    wait = schedule.next_wait(delivery, _rules(delivery), answer)
    changes: dict[str, Any] = {"lease_until": None, "rung_at": None}
    if answer is not None and _rules(delivery).is_taken(answer.status):
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
        transaction.on_commit(partial(_ring_host, delivery.host), robust=True)


def _rules(delivery: Delivery) -> schedule.CallbackRules:
    """The product's own rules for what the request itself named; the usual ones for other targets."""
    is_own = delivery.target == delivery.job.callback_url
    return dialects.get(delivery.job.dialect).callbacks if is_own else schedule.CallbackRules()


def _lease_seconds() -> float:
    return settings.PHOTOMILL_CALLBACK_SECONDS + LEASE_MARGIN_SECONDS
