"""Accounts, the people in them, and the keys that act for them."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from accounts.encryption import EncryptedJSONField


class Plan(models.TextChoices):
    FREE = "free"
    PRO = "pro"
    ENTERPRISE = "enterprise"


class Account(models.Model):
    """The tenant: owns users, keys, storages, recipes and jobs."""

    name = models.CharField(max_length=100, unique=True)
    plan = models.CharField(max_length=16, choices=Plan.choices, default=Plan.FREE)
    credits = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: unlimited. 0: none left.")
    payment_due = models.BooleanField(default=False, help_text="Set: calls are answered as with an unpaid balance.")
    # What is empty is the plan's, then the server's: accounts/plans.py.
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Empty: PHOTOMILL_REQUESTS_PER_MINUTE."
    )
    requests_per_second = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Empty: no limit a second."
    )
    max_source_bytes = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Of one source or upload. Empty: PHOTOMILL_MAX_SOURCE_BYTES, which holds in any case.",
    )
    max_pixels = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Width × height of a source and of a result. Empty: PHOTOMILL_MAX_PIXELS, which holds in any case.",
    )
    max_items_in_flight = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Items queued or at work at once. Empty: 200,000 for free, 1,000,000 for pro, none for enterprise.",
    )
    keep_results_hours = models.PositiveIntegerField(
        null=True, blank=True, help_text="Temporary results, from their making on. Empty: the server's default, 24."
    )
    keep_uploads_hours = models.PositiveIntegerField(
        null=True, blank=True, help_text="Uploads, from the end of their job on. Empty: the server's default, 24."
    )
    keep_deliveries_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="Callbacks and their attempts. Empty: the server's default, 30."
    )
    keep_jobs_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="Jobs, from their end on. Empty: the server's default, 90."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Makes users, who are known by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class Role(models.TextChoices):
    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in with an e-mail address. Without an account: an operator, who sees all."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100, blank=True)
    account = models.ForeignKey(Account, models.CASCADE, null=True, blank=True, related_name="users")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.VIEWER)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May log in to this admin.")
    token_version = models.PositiveIntegerField(
        default=1, editable=False, help_text="Tokens of an older version are no longer good."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering: ClassVar = ["email"]

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A change of password, role or account ends every token and every admin session from before it."""
        facts = "password", "role", "account_id"
        before = type(self).objects.filter(pk=self.pk).values("token_version", *facts).first() if self.pk else None
        if before is not None:
            # Never back to a version that was ended while this row lay in memory.
            self.token_version = max(self.token_version, before["token_version"])
            if any(before[name] != getattr(self, name) for name in facts):
                self.token_version += 1
                self.sessions.filter(revoked_at=None).update(revoked_at=Now())
                if kwargs.get("update_fields") is not None:
                    kwargs["update_fields"] = {*kwargs["update_fields"], "token_version"}
        super().save(*args, **kwargs)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session of the admin must match: it ends with the tokens, not with the password alone."""
        return salted_hmac(
            "accounts.User.session", f"{self.token_version}:{self.password}", secret=secret, algorithm="sha256"
        ).hexdigest()

    @property
    def is_operator(self) -> bool:
        """Whether this person works for the server rather than for one account."""
        return self.account_id is None and self.is_staff


class Session(models.Model):
    """One login over the API: what makes its token revocable."""

    user = models.ForeignKey(User, models.CASCADE, related_name="sessions")
    token_id = models.CharField(max_length=64, unique=True, editable=False)
    address = models.GenericIPAddressField(null=True, blank=True)
    agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.user} from {self.address or 'nowhere'}"


class Authenticator(models.Model):
    """The app on somebody's phone that shows a new code every 30 seconds (RFC 6238). Never shown again once set up."""

    user = models.OneToOneField(User, models.CASCADE, related_name="authenticator")
    secret = EncryptedJSONField(editable=False)
    last_step = models.BigIntegerField(
        default=0, editable=False, help_text="The step of the code that was used last: none is good twice."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return f"authenticator of {self.user}"


class RecoveryCode(models.Model):
    """A code that opens the second step once, for somebody whose phone is lost. Only its hash is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64, editable=False)
    used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "code_hash"], name="recovery_code")]

    def __str__(self) -> str:
        return f"recovery code of {self.user}"


class SetupLink(models.Model):
    """The link by which the first operator gets in. There is one row at most; only the hash of its secret is kept."""

    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField(editable=False)

    def __str__(self) -> str:
        return f"set-up link until {self.expires_at}"


class AuditEntry(models.Model):
    """Something that somebody did to what is to be kept safe. Rows are added and never changed.

    details never holds a secret: last four characters at most.
    """

    account = models.ForeignKey(Account, models.SET_NULL, null=True, blank=True, related_name="audit_entries")
    actor = models.CharField(max_length=254, blank=True, help_text="Who did it: an address, a key, a command.")
    action = models.CharField(max_length=64, db_index=True)
    target = models.CharField(max_length=254, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    details = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("an audit entry cannot be changed")
        super().save(*args, **kwargs)


class ApiKey(models.Model):
    """A secret of an account. Only its hash is kept; it is shown once, when it is made."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    scopes = models.JSONField(default=list, blank=True)
    requests_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Of this key, within those of its account. Empty: the account's alone.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "name"], name="api_key_name")]
        ordering: ClassVar = ["account", "name"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} (…{self.last_four})"


class Domain(models.Model):
    """A host whose pages may call the API from a browser on behalf of this account."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="domains")
    host = models.CharField(max_length=253, help_text="shop.example.com, or *.example.com for every host below it")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "host"], name="domain_host")]
        ordering: ClassVar = ["host"]

    def __str__(self) -> str:
        return self.host


class RequestWindow(models.Model):
    """How many requests fell into one stretch of time, where no Redis counts them."""

    key = models.CharField(max_length=120, unique=True)
    count = models.PositiveIntegerField(default=0)
    ends_at = models.DateTimeField(db_index=True)
