"""Jobs, their items, and what was made of them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.encryption import EncryptedJSONField
from accounts.models import Account
from jobs.models.services import Service
from storage.models import Connection


class Queue(models.TextChoices):
    """The queues that items wait in."""

    INTERACTIVE = "interactive"
    BATCH = "batch"
    VISION = "vision"


class JobState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class ItemState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class KeptJobs(models.Manager["Job"]):
    """Jobs that anybody may still find: not those whose rows are on their way out."""

    def get_queryset(self) -> "models.QuerySet[Job]":
        return super().get_queryset().filter(deleted_at=None)


class Job(models.Model):
    """One request: sources × variants.

    run: 1 for the first pass, one more for each retry. sealed_at: from then on no item is added.
    Counters speak of the current run of every item; a job is finished when it is sealed and all have ended.
    every: all jobs, those too that are being deleted.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="jobs")
    service = models.ForeignKey(Service, models.SET_NULL, null=True, blank=True, related_name="jobs")
    dialect = models.CharField(max_length=32)
    public_id = models.CharField(max_length=64)
    queue = models.CharField(max_length=16, choices=Queue.choices, default=Queue.BATCH)
    priority = models.SmallIntegerField(default=0, help_text="Jobs of an account with a higher number go first.")
    state = models.CharField(max_length=16, choices=JobState.choices, default=JobState.QUEUED)
    run = models.PositiveIntegerField(default=1)
    variants = models.JSONField()
    callback_url = models.TextField(blank=True)
    callback_secret = EncryptedJSONField(
        null=True, blank=True, editable=False, help_text="What the caller gave to be handed back with the callback."
    )
    request = models.JSONField(null=True, blank=True, help_text="The request as it was sent.")
    dialect_data = models.JSONField(default=dict, blank=True)
    item_credits = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="What each item takes from the account's credits, where they are counted."
    )
    items_total = models.PositiveIntegerField(default=0)
    items_ended = models.PositiveIntegerField(default=0)
    items_failed = models.PositiveIntegerField(default=0)
    outputs_stored = models.PositiveIntegerField(default=0)
    outputs_failed = models.PositiveIntegerField(default=0)
    items_kept = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, help_text="Done in an earlier run."
    )
    outputs_kept = models.PositiveIntegerField(default=0, db_default=0, editable=False, help_text="Of an earlier run.")
    request_id = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Of the request that had it run: what the logs carry."
    )
    message = models.TextField(blank=True, help_text="Why the job as a whole went wrong, where it did.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    sealed_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    results_purged_at = models.DateTimeField(null=True, blank=True, editable=False)
    uploads_purged_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Set: nobody finds it, and its files and rows are on their way out.",
    )

    objects = KeptJobs()
    every = models.Manager["Job"]()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["dialect", "public_id"], name="job_public_id")]
        indexes: ClassVar = [
            models.Index(fields=["queue", "id"], condition=Q(finished_at=None), name="job_open"),
            models.Index(fields=["account", "-created_at"], name="job_by_account"),
            models.Index(fields=["account"], condition=Q(finished_at=None), name="job_open_by_account"),
            models.Index(
                fields=["account", "finished_at", "id"], condition=Q(finished_at__isnull=False), name="job_ended"
            ),
            models.Index(
                fields=["account", "dialect", "finished_at", "id"],
                condition=Q(finished_at__isnull=False, results_purged_at=None),
                name="job_with_results",
            ),
            models.Index(
                fields=["account", "finished_at", "id"],
                condition=Q(finished_at__isnull=False, uploads_purged_at=None),
                name="job_with_uploads",
            ),
            models.Index(fields=["id"], condition=Q(deleted_at__isnull=False), name="job_deleted"),
        ]
        ordering: ClassVar = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.public_id

    @property
    def trace(self) -> dict[str, object]:
        """What log lines about this job carry."""
        return {"request_id": self.request_id, "account_id": self.account_id, "job_id": self.public_id}


class JobLabel(models.Model):
    """A word that the caller gave a job, to find it again."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="labels")
    label = models.CharField(max_length=200, db_index=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "label"], name="job_label")]

    def __str__(self) -> str:
        return self.label


class Upload(models.Model):
    """A file that came with a job's request, for as long as it lies in the house storage."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="uploads")
    key = models.CharField(max_length=255, db_index=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "key"], name="upload_of_job")]

    def __str__(self) -> str:
        return self.key


class Listing(models.Model):
    """A folder whose objects become a job's items, read page by page. fence: counts who has claimed it."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="listings")
    connection = models.ForeignKey(Connection, models.SET_NULL, null=True, verbose_name="storage")
    prefix = models.TextField(blank=True)
    is_recursive = models.BooleanField(default=True)
    cursor = models.TextField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    rung_at = models.DateTimeField(null=True, blank=True)
    skipped = models.JSONField(default=list, blank=True, help_text="Objects that were passed over, with the reason.")
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["id"], condition=Q(ended_at=None), name="listing_open")]

    def __str__(self) -> str:
        return f"{self.connection}:{self.prefix}"


class Item(models.Model):
    """One source of a job: what one worker slot works on.

    fence: counts claims, never reset; a write that does not carry the newest is lost.
    tries: deaths of the child, and passing faults, in this run. host_losses: workers that vanished with it.
    """

    job = models.ForeignKey(Job, models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=1024)
    stem = models.TextField(
        null=True, blank=True, editable=False, help_text="What its results are called, where their keys need a name."
    )
    source = models.JSONField()
    meta = models.JSONField(default=dict, blank=True)
    queue = models.CharField(max_length=16, choices=Queue.choices, default=Queue.BATCH)
    state = models.CharField(max_length=16, choices=ItemState.choices, default=ItemState.QUEUED)
    run = models.PositiveIntegerField(default=1)
    fence = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    host_losses = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    rung_at = models.DateTimeField(null=True, blank=True)
    rings = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, help_text="Not tried again before this.")
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    source_facts = models.JSONField(null=True, blank=True)
    original = models.JSONField(null=True, blank=True, help_text="Where the source is kept that an output overwrote.")
    milliseconds = models.PositiveIntegerField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "position"], name="item_position"),
            models.UniqueConstraint(fields=["job", "stem"], condition=Q(stem__isnull=False), name="item_stem"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["job", "id"], condition=Q(state="queued", rung_at=None), name="item_waiting"),
            models.Index(
                fields=["queue", "job"],
                condition=Q(state__in=["queued", "running"], rung_at__isnull=False),
                name="item_in_flight",
            ),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="item_leased"),
            models.Index(fields=["job", "state"], name="item_by_state"),
        ]
        ordering: ClassVar = ["job", "position"]

    def __str__(self) -> str:
        return self.name


class OutputState(models.TextChoices):
    STORED = "stored"
    FAILED = "failed"


class Output(models.Model):
    """The result of one variant on one item in one run. connection: empty where it lies in the house storage."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="outputs")
    run = models.PositiveIntegerField()
    variant = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=16, choices=OutputState.choices)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    connection = models.ForeignKey(
        Connection, models.SET_NULL, null=True, blank=True, db_index=False, verbose_name="storage"
    )
    key = models.TextField(blank=True)
    etag = models.CharField(max_length=200, blank=True)
    mime = models.CharField(max_length=64, blank=True)
    size_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    covers = models.JSONField(
        null=True, blank=True, help_text="The part of the source that it shows: left, top, right, bottom in pixels."
    )
    report = models.JSONField(default=list, blank=True, help_text="What the source had and this has not.")
    milliseconds = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    purged_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When it was deleted from the house storage."
    )

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["item", "variant", "run"], name="output_of_run")]
        ordering: ClassVar = ["item", "-run", "variant"]

    def __str__(self) -> str:
        return self.key or self.name or f"variant {self.variant}"
