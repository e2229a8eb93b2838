"""Recipes: named chains, each change of which makes a version that never changes again."""

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now

from accounts.models import Account


class Recipe(models.Model):
    """A named chain with output settings."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="recipes")
    public_id = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "public_id"], name="recipe_public_id")]
        ordering: ClassVar = ["account", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def latest(self) -> "RecipeVersion | None":
        """The newest version."""
        return self.versions.order_by("-number").first()


class RecipeVersion(models.Model):
    """One state of a recipe: steps and output as they were then. It cannot be changed."""

    recipe = models.ForeignKey(Recipe, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    steps = models.JSONField()
    output = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["recipe", "number"], name="recipe_version_number")]
        ordering: ClassVar = ["recipe", "-number"]

    def __str__(self) -> str:
        return f"{self.recipe} v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("a recipe version cannot be changed: make a new one")
        super().save(*args, **kwargs)
