"""Addresses below /admin/ that go before the admin's own: the login in two steps, and people's own safety."""

from collections.abc import Callable

from django.contrib import admin
from django.http import HttpResponse
from django.urls import path

from accounts.views import login, security


def _inside(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For those who are logged in to the admin."""
    guarded: Callable[..., HttpResponse] = admin.site.admin_view(view)
    return guarded


urlpatterns = [
    path("login/", login.LogIn.as_view()),
    path("login/code/", login.GiveCode.as_view(), name="login-code"),
    path("logout/", _inside(login.log_out)),
    path("password_change/", _inside(security.change_password)),
    path("security/", _inside(security.show), name="security"),
    path("security/set-up/", _inside(security.set_up), name="security-set-up"),
    path("security/recovery-codes/", _inside(security.replace_codes), name="security-recovery-codes"),
    path("security/take-away/", _inside(security.take_away), name="security-take-away"),
    path("security/log-out-everywhere/", _inside(security.log_out_everywhere), name="security-log-out-everywhere"),
]
