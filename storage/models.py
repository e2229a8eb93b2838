"""The places that an account has connected."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now

from accounts.encryption import EncryptedJSONField
from accounts.models import Account
from storage import kinds
from storage.errors import StorageError


class Connection(models.Model):
    """A storage with a name. Credentials are encrypted and never shown again."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="connections")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=16)
    parameters = models.JSONField(default=dict, blank=True)
    credentials = EncryptedJSONField(null=True, blank=True, editable=False)
    is_private = models.BooleanField(
        default=False, help_text="Its endpoint may lie on a private network: opens that host and port, for it alone."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "name"], name="connection_name")]
        ordering: ClassVar = ["account", "name"]
        verbose_name = "storage"

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"

    def clean(self) -> None:
        credentials: Any = self.credentials
        try:
            kinds.check(self.kind, self.parameters, credentials or {})
        except StorageError as error:
            raise ValidationError({"parameters" if self.kind else "kind": error.message}) from None

    @property
    def public_parameters(self) -> dict[str, Any]:
        """What may be shown: everything but the credentials."""
        return dict(self.parameters)


class ReferenceImage(models.Model):
    """A picture that an account keeps for its recipes: a background, a watermark. Addressed as storage://reference/ID."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="reference_images")
    public_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=255)
    mime = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    key = models.CharField(max_length=255, help_text="Where it lies in the house storage.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering: ClassVar = ["created_at", "pk"]

    def __str__(self) -> str:
        return self.name
