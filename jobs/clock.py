"""Times as the database has them: workers' own clocks may differ."""

from datetime import timedelta
from typing import Any

from django.db.models import DateTimeField, ExpressionWrapper
from django.db.models.functions import Now


def after(seconds: float) -> Any:
    """The database's time in so many seconds; negative for ago."""
    return ExpressionWrapper(Now() + timedelta(seconds=seconds), output_field=DateTimeField())
