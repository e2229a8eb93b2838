"""Credits: what an account may still spend, where credits are kept at all."""

from django.db.models import F

from accounts.errors import NoCredits, PaymentDue
from accounts.models import Account


def charge(account: Account, amount: int) -> None:
    """Take credits away in one step, where they are counted.

    Raises PaymentDue where the account owes, and NoCredits where there are not enough.
    """
    if account.payment_due:
        raise PaymentDue("The account has an unpaid balance.")
    if account.credits is None or amount == 0:
        return
    if not Account.objects.filter(pk=account.pk, credits__gte=amount).update(credits=F("credits") - amount):
        raise NoCredits("There are no credits left.")


def give_back(account: Account, amount: int) -> None:
    """Return credits that were charged for what could not be done."""
    if account.credits is not None:
        Account.objects.filter(pk=account.pk, credits__isnull=False).update(credits=F("credits") + amount)
