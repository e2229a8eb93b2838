"""Signs of life of what must go on, and counts of what has happened."""

from typing import ClassVar

from django.db import models


class Pulse(models.Model):
    """When something that happens again and again last did: the sweep, and the canary of each queue.

    node: the worker node that did it.
    """

    name = models.CharField(max_length=64, unique=True)
    node = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Tally(models.Model):
    """Counts that only grow, of all that has happened: rows are deleted after a while, these stay.

    Several rows, which are added up, so that workers do not wait for each other. Jobs count once their run has ended;
    what was done of those that are open stands on their rows.
    """

    shard = models.PositiveSmallIntegerField(unique=True)
    jobs_finished = models.PositiveBigIntegerField(default=0, db_default=0)
    jobs_cancelled = models.PositiveBigIntegerField(default=0, db_default=0)
    items_done = models.PositiveBigIntegerField(default=0, db_default=0)
    items_failed = models.PositiveBigIntegerField(default=0, db_default=0)
    items_cancelled = models.PositiveBigIntegerField(default=0, db_default=0)
    outputs_stored = models.PositiveBigIntegerField(default=0, db_default=0)
    outputs_failed = models.PositiveBigIntegerField(default=0, db_default=0)
    workers_lost = models.PositiveBigIntegerField(default=0, db_default=0)
    child_starts = models.PositiveBigIntegerField(default=0, db_default=0)
    child_crashed = models.PositiveBigIntegerField(default=0, db_default=0)
    child_timeout = models.PositiveBigIntegerField(default=0, db_default=0)
    child_out_of_memory = models.PositiveBigIntegerField(default=0, db_default=0)

    class Meta:
        ordering: ClassVar = ["shard"]
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return f"tally {self.shard}"
