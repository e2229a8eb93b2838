"""Worker nodes, as they last made themselves known."""

from typing import ClassVar

from django.db import models


class Node(models.Model):
    """One worker node: the queues that it serves, and how many items it works on at once."""

    name = models.CharField(max_length=200, unique=True)
    queues = models.JSONField(default=list)
    slots = models.PositiveIntegerField(default=1)
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
