"""What a job's items cost its account: taken when one is added, given back where it comes to nothing.

A retry costs nothing, so that nothing is given back for one either.
"""

from accounts.credits import charge, give_back
from accounts.errors import NoCredits
from accounts.models import Account
from jobs.models import Job


def charge_items(job: Job, count: int) -> None:
    """Take what so many items cost, in the transaction that adds them. Raises NoCredits or PaymentDue."""
    if job.item_credits:
        charge(job.account, job.item_credits * count)


def check_credits(job: Job) -> None:
    """Raise NoCredits where the account could pay for no item at all, for a job whose items are not known yet."""
    if job.item_credits and Account.objects.filter(pk=job.account_id, credits__lt=job.item_credits).exists():
        raise NoCredits("There are no credits left.")


def refund_items(job: Job, count: int) -> None:
    """Give back what so many items have cost, in the transaction that ends them."""
    if job.item_credits and job.run == 1 and count:
        give_back(job.account, job.item_credits * count)
