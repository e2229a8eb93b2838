"""Addresses that an account has told of the end of its jobs, whichever of the APIs they came by."""

from typing import ClassVar
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now

from accounts.encryption import EncryptedJSONField
from accounts.models import Account
from storage import http
from storage.errors import UrlRefused

LONGEST_URL = 2048


class Event(models.TextChoices):
    """What a webhook can be told."""

    FINISHED = "job.finished", "Success pipelines"
    FAILED = "job.failed", "Failed pipelines"


class AccountWebhook(models.Model):
    """One address of an account. Without a secret its messages are not signed."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="webhooks")
    url = models.CharField("URL", max_length=LONGEST_URL, help_text="Where messages go: an http or https address.")
    events = models.JSONField(default=list, help_text="job.finished: all of it went well. job.failed: some did not.")
    secret = EncryptedJSONField(null=True, blank=True, editable=False)
    last_four = models.CharField(max_length=4, blank=True, editable=False)
    is_enabled = models.BooleanField("enabled", default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "url"], name="webhook_url")]
        ordering: ClassVar = ["account", "pk"]
        verbose_name = "webhook"

    def __str__(self) -> str:
        # The rest of an address may be a secret.
        return urlsplit(self.url).hostname or "webhook"

    def clean(self) -> None:
        try:
            http.refuse_early(self.url)
        except UrlRefused as error:
            raise ValidationError({"url": error.message}) from None
        known = set(Event.values)
        if not isinstance(self.events, list) or not self.events or not known.issuperset(map(str, self.events)):
            raise ValidationError({"events": f"must be a list of some of {', '.join(sorted(known))}"})
