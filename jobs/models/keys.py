"""Keys that results have for themselves."""

from typing import ClassVar

from django.db import models

from jobs.models.jobs import Item
from storage.models import Connection


class TakenKey(models.Model):
    """A key of a storage that no other result may be put under, from before it is written until its job's rows go.

    digest, asked: SHA-256 of the key, and of the one that the name pattern made. A text of 1,024 bytes is too long for
    an index on every database.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, db_index=False)
    item = models.ForeignKey(Item, models.CASCADE, related_name="taken_keys", db_index=False)
    variant = models.PositiveSmallIntegerField()
    key = models.TextField()
    digest = models.CharField(max_length=64)
    asked = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "digest"], name="taken_key"),
            models.UniqueConstraint(fields=["item", "variant"], name="taken_key_of_output"),
        ]
        indexes: ClassVar = [models.Index(fields=["connection", "asked"], name="taken_key_asked")]

    def __str__(self) -> str:
        return self.key
