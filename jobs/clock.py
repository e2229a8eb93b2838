"""Times as the database has them: workers' own clocks may differ."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, ExpressionWrapper
from django.db.models.functions import Now

from accounts.models import Account


def after(seconds: float) -> Any:
    """The database's time in so many seconds; negative for ago."""
    return ExpressionWrapper(Now() + timedelta(seconds=seconds), output_field=DateTimeField())


def read_clock() -> datetime:
    """What the database's clock says."""
    now, params = Account.objects.none().query.get_compiler("default").compile(Now())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {now}", params)
        value = cursor.fetchone()[0]
    # SQLite has no times, only texts in UTC.
    return value if isinstance(value, datetime) else datetime.fromisoformat(value).replace(tzinfo=UTC)
