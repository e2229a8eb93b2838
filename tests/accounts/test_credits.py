import pytest

from accounts.credits import charge, give_back
from accounts.errors import NoCredits, PaymentDue
from accounts.models import Account


def account_with(credits: int | None, *, payment_due: bool = False) -> Account:
    return Account.objects.create(name="acme", credits=credits, payment_due=payment_due)


@pytest.mark.django_db
def test_credits_are_taken_and_given_back() -> None:
    account = account_with(5)
    charge(account, 3)
    give_back(account, 1)
    assert Account.objects.get().credits == 3


@pytest.mark.django_db
@pytest.mark.parametrize("credits", [0, 2])
def test_too_few_credits_take_nothing(credits: int) -> None:
    with pytest.raises(NoCredits):
        charge(account_with(credits), 3)
    assert Account.objects.get().credits == credits


@pytest.mark.django_db
@pytest.mark.parametrize("credits", [None, 0, 5])
def test_an_account_that_owes_gets_nothing_whatever_it_has(credits: int | None) -> None:
    with pytest.raises(PaymentDue):
        charge(account_with(credits, payment_due=True), 1)
    assert Account.objects.get().credits == credits
