"""How many items an account has queued or at work, held against what it may have at once."""

from django.db.models import F, Sum

from accounts import limits
from accounts.models import Account
from accounts.plans import find_limits
from jobs.models import Job


def admit_items(account: Account, new: int) -> None:
    """Raise TooManyItems where the account may not have so many items more. Called in the transaction that adds them.

    The account's row is locked until that ends: of two at once, the second sees the items of the first.
    """
    if find_limits(account).max_items_in_flight is None:
        return
    list(Account.objects.select_for_update(no_key=True).filter(pk=account.pk).values_list("pk"))
    limits.check_items(account, in_flight=count_items(account), new=new)


def count_items(account: Account) -> int:
    """Items in flight, by the counters of the account's open jobs: it costs the same however many there are."""
    open_jobs = Job.objects.filter(account=account, finished_at=None)
    return open_jobs.aggregate(count=Sum(F("items_total") - F("items_ended")))["count"] or 0


def count_listable(account: Account, *, most: int) -> int:
    """How many items a folder of this account may add now, at most `most`. 0: it has to wait."""
    return limits.count_listable(account, in_flight=count_items(account), most=most)
