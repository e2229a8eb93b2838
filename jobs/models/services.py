"""Services: a number, a secret, a storage, and who may call from where."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now

from accounts.addresses import parse_range
from accounts.encryption import EncryptedJSONField
from accounts.models import Account
from storage.models import Connection


class Service(models.Model):
    """What a SlashedCloud client names by its number. All its sources and results lie in one storage."""

    number = models.PositiveIntegerField(unique=True, validators=[MinValueValidator(1)])
    account = models.ForeignKey(Account, models.CASCADE, related_name="services")
    name = models.CharField(max_length=100, blank=True)
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="services", verbose_name="storage")
    allowed_ips = models.JSONField(
        "allowed addresses",
        default=list,
        blank=True,
        help_text="Who may call: 203.0.113.7, 203.0.113.0/24 or 203.0.113.7-203.0.113.20. Empty: any address.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering: ClassVar = ["number"]

    def __str__(self) -> str:
        return f"service {self.number}"

    def clean(self) -> None:
        if not isinstance(self.allowed_ips, list):
            raise ValidationError({"allowed_ips": "must be a list of addresses"})
        for text in self.allowed_ips:
            try:
                parse_range(text)
            except ValueError as error:
                raise ValidationError({"allowed_ips": str(error)}) from None
        if self.connection_id and self.connection.account_id != self.account_id:
            raise ValidationError({"connection": "belongs to another account"})


class ServiceSecret(models.Model):
    """A bearer secret of a service. Two may be live while clients move from one to the other."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="secrets")
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"…{self.last_four}"


class SigningSecret(models.Model):
    """A `whsec_…` secret that a service's callbacks are signed with. Two may be live during a rotation."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="signing_secrets")
    secret = EncryptedJSONField(editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"…{self.last_four}"
