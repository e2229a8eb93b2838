"""Messages to the outside at the end of a run, with every attempt to hand them over."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from jobs.models.jobs import Job
from jobs.models.webhooks import AccountWebhook


class DeliveryState(models.TextChoices):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Delivery(models.Model):
    """One message to one target for one run of a job. webhook_id is the same on every attempt."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="deliveries")
    run = models.PositiveIntegerField()
    target = models.TextField()
    host = models.CharField(max_length=255, help_text="Host of the target: at most a few attempts at once for each.")
    account_webhook = models.ForeignKey(
        AccountWebhook, models.SET_NULL, null=True, blank=True, editable=False, related_name="deliveries"
    )
    webhook_id = models.CharField(max_length=64, unique=True, editable=False)
    state = models.CharField(max_length=16, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    body = models.TextField(blank=True, editable=False)
    attempts_made = models.PositiveSmallIntegerField(default=0)
    attempts_before = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="Attempts made before the delivery was last asked for again."
    )
    next_at = models.DateTimeField(db_default=Now())
    fence = models.PositiveIntegerField(default=0, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    rung_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "run", "target"], name="delivery_of_run")]
        indexes: ClassVar = [
            models.Index(fields=["next_at"], condition=Q(state="pending"), name="delivery_due"),
            models.Index(fields=["ended_at", "id"], condition=Q(ended_at__isnull=False), name="delivery_ended"),
        ]
        ordering: ClassVar = ["-created_at", "-pk"]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return self.webhook_id


class Attempt(models.Model):
    """One try to hand a message over. answer: the beginning of what the target said."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField(db_default=Now(), editable=False)
    milliseconds = models.PositiveIntegerField()
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=200, blank=True)
    answer = models.TextField(blank=True)
    address = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["delivery", "number"], name="attempt_number")]
        ordering: ClassVar = ["delivery", "number"]

    def __str__(self) -> str:
        return f"attempt {self.number}"
