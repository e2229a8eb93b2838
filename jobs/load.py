"""How busy the server is."""

from django.conf import settings
from django.db.models import F, Sum

from jobs.models import Job


def is_under_load() -> bool:
    """Whether as many items wait or are worked on, of all accounts, as PHOTOMILL_BUSY_ITEMS says. Open jobs are few:
    counted is what is left of each, not their items.
    """
    left = Job.objects.filter(finished_at=None).aggregate(left=Sum(F("items_total") - F("items_ended")))["left"]
    return (left or 0) >= settings.PHOTOMILL_BUSY_ITEMS
