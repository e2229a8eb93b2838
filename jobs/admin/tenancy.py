"""Whose account a page of the console works for: one's own, or for operators the one that they name."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from accounts.models import Account
from accounts.scoping import own_account
from jobs.admin.records import EDITORS

ACCOUNT = "account"


def find_account(request: HttpRequest) -> Account:
    """The account that the request works for. Raises Http404 where it names none that its sender may see."""
    mine = own_account(request)
    named = request.POST.get(ACCOUNT) or request.GET.get(ACCOUNT) or ("" if mine is None else str(mine))
    if not named.isdecimal() or (mine is not None and int(named) != mine):
        raise Http404
    found = Account.objects.filter(pk=int(named[:18])).first()
    if found is None:
        raise Http404
    return found


def may_edit(request: HttpRequest) -> bool:
    """Whether who asks may do more than look: operators, and an account's owners and editors."""
    return own_account(request) is None or getattr(request.user, "role", None) in EDITORS


def check_editor(request: HttpRequest) -> None:
    """Raise PermissionDenied for whoever may only look."""
    if not may_edit(request):
        raise PermissionDenied
