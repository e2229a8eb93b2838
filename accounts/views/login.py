"""Logging in to the admin, in one step or two, and out of it."""

import time
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import login
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from accounts.audit import record
from accounts.errors import BadCredentials, TooManyRequests
from accounts.forms import CodeForm, LoginForm
from accounts.middleware import VERIFIED
from accounts.models import User
from accounts.second_factor import check_code, is_set_up

PENDING = "login"
PENDING_SECONDS = 300
BACKEND = settings.AUTHENTICATION_BACKENDS[0]


class LogIn(LoginView):
    """`/admin/login/`: the address and the password, tried as often as over the API and no oftener."""

    authentication_form = LoginForm
    template_name = "admin/login.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if admin.site.has_permission(request):
            return redirect("admin:index")
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        frame = admin.site.each_context(self.request) | {"app_path": self.request.get_full_path()}
        return super().get_context_data(title="Log in", **frame, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Whoever has set up the second step is not logged in before it."""
        user: User = form.get_user()
        if not is_set_up(user):
            finish_login(self.request, user)
            return HttpResponseRedirect(self.get_success_url())
        facts = {"user": user.pk, "version": user.token_version, "at": time.time(), "next": self.get_success_url()}
        self.request.session[PENDING] = facts
        return redirect("login-code")

    def form_invalid(self, form: Any) -> HttpResponse:
        return ask_to_wait(super().form_invalid(form), form.retry_after_seconds)


@method_decorator([never_cache, csrf_protect, sensitive_post_parameters()], name="dispatch")
class GiveCode(FormView):
    """`/admin/login/code/`: the second step, within five minutes of the first."""

    form_class = CodeForm
    template_name = "accounts/code.html"
    user: User

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = _find_pending(request)
        if found is None:
            messages.warning(request, "Please log in again: the second step has to come within five minutes.")
            return redirect("admin:login")
        self.user = found
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title="Second step", **admin.site.each_context(self.request), **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            kind = check_code(self.user, form.cleaned_data["code"])
        except TooManyRequests as error:
            form.add_error("code", error.message)
            return ask_to_wait(self.form_invalid(form), error.retry_after_seconds)
        except BadCredentials as error:
            record("second_step_failed", account=self.user.account, actor=self.user.email, request=self.request)
            form.add_error("code", error.message)
            return self.form_invalid(form)
        leads_to = self.request.session.pop(PENDING)["next"]
        finish_login(self.request, self.user, second_step=kind)
        return HttpResponseRedirect(leads_to)


@csrf_protect
@never_cache
def log_out(request: HttpRequest) -> HttpResponse:
    """`/admin/logout/`."""
    if request.method == "POST" and isinstance(request.user, User):
        record("logout", account=request.user.account, request=request)
    return admin.site.logout(request)


def finish_login(request: HttpRequest, user: User, **details: Any) -> None:
    """Open the session."""
    login(request, user, backend=BACKEND)
    if details:
        request.session[VERIFIED] = True
    record("login", account=user.account, request=request, way="admin", **details)


def _find_pending(request: HttpRequest) -> User | None:
    """Who has just given the right password, unless something about them has changed since."""
    facts = request.session.get(PENDING)
    if facts is None or time.time() - facts["at"] > PENDING_SECONDS:
        return None
    return User.objects.filter(pk=facts["user"], token_version=facts["version"], is_active=True).first()


def ask_to_wait(answer: HttpResponse, seconds: int | None) -> HttpResponse:
    """The answer as a 429, where there is something to wait for."""
    if seconds is not None:
        answer.status_code = 429
        answer["Retry-After"] = str(seconds)
    return answer
