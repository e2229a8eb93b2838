"""Deliveries that have ended, with their attempts."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Min, Q

from jobs.models import Delivery
from jobs.retention import periods
from jobs.retention.periods import Period
from jobs.retention.rounds import Round, delete_rows


def purge_deliveries(now: Round) -> None:
    """Delete those that are due."""
    groups = list(_list_due(now))
    if not groups:
        return
    # The latest of their times once more for all of them, so that an index serves.
    due = Q(ended_at__lt=max(before for before, _ in groups)) & _join(groups)
    for ids in now.read_ids(Delivery.objects.filter(due), by="ended_at"):
        rows = Delivery.objects.filter(pk__in=ids)
        now.note("deliveries", len(ids), rows.aggregate(oldest=Min("ended_at"))["oldest"])
        if not now.is_dry:
            delete_rows(rows)


def _list_due(now: Round) -> Iterator[tuple[datetime, Q]]:
    """Times before which deliveries must have ended, with the accounts that each is for."""
    usual = periods.of_deliveries(None)
    others: defaultdict[Period, list[int]] = defaultdict(list)
    for account in now.accounts():
        kept = periods.of_deliveries(account)
        if kept != usual or now.account:
            others[kept].append(account.pk)
    for kept, accounts in others.items():
        if kept is not None:
            yield now.time - kept, Q(job__account__in=accounts)
    if usual is not None and not now.account:
        named = [account_id for accounts in others.values() for account_id in accounts]
        yield now.time - usual, ~Q(job__account__in=named) if named else Q()


def _join(groups: list[tuple[datetime, Q]]) -> Q:
    due = Q()
    for before, whose in groups:
        due |= Q(ended_at__lt=before) & whose
    return due
