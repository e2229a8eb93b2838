"""Nobody of whom a second step is required uses the admin without it."""

from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from accounts.second_factor import is_required, is_set_up

VERIFIED = "second_factor"
"""Set in a session whose login took a code."""

OPEN = ("login", "logout", "password_change", "jsi18n")


class SecondFactorMiddleware:
    """Sends people who have to set the second step up to the page where they do, from any other of the admin."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(reverse("admin:index")) and self._is_missing(request):
            return self._send_away(request)
        return self.get_response(request)

    def _is_missing(self, request: HttpRequest) -> bool:
        if request.path.startswith(tuple(reverse(f"admin:{name}") for name in OPEN)):
            return False
        user = request.user
        return isinstance(user, User) and is_required(user) and not request.session.get(VERIFIED)

    def _send_away(self, request: HttpRequest) -> HttpResponse:
        assert isinstance(request.user, User)
        if is_set_up(request.user):
            # The session is older than the second step.
            logout(request)
            return redirect("admin:login")
        if request.path.startswith(reverse("security")):
            return self.get_response(request)
        return redirect("security")
