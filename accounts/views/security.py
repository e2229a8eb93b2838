"""`/admin/security/`: what people see and change of their own safety."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.safestring import mark_safe
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts import second_factor
from accounts.audit import record
from accounts.errors import BadCredentials, TooManyRequests
from accounts.forms import CodeForm, FirstCodeForm
from accounts.limits import refund, spend
from accounts.middleware import VERIFIED
from accounts.models import Authenticator, User
from accounts.tokens import revoke_all

PASSWORD_TRIES = 10
PASSWORD_SECONDS = 15 * 60


def show(request: HttpRequest) -> HttpResponse:
    """How things stand; and where no second step is set up, the picture for the app that does it."""
    user = _person(request)
    if second_factor.is_set_up(user):
        return _render(request, "accounts/security.html", codes_left=second_factor.count_recovery_codes(user))
    return _show_setup(request, second_factor.start_setup(user), FirstCodeForm())


@sensitive_post_parameters()
@require_POST
def set_up(request: HttpRequest) -> HttpResponse:
    """Take the app into use, once it has shown the right code."""
    user = _person(request)
    started = second_factor.find_setup(user)
    if started is None:
        return redirect("security")
    form = FirstCodeForm(request.POST)
    if form.is_valid():
        try:
            codes = second_factor.finish_setup(started, form.cleaned_data["code"])
        except BadCredentials as error:
            form.add_error("code", error.message)
        else:
            _stay(request, user)
            request.session[VERIFIED] = True
            record("second_step_set_up", account=user.account, request=request)
            return _show_codes(request, codes)
    return _show_setup(request, started, form, status=400)


@sensitive_post_parameters()
@require_POST
def replace_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes, against a code."""
    return _with_code(request, _replace_codes)


@sensitive_post_parameters()
@require_POST
def take_away(request: HttpRequest) -> HttpResponse:
    """No second step any more, against a code."""
    return _with_code(request, _take_away)


@require_POST
def log_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End every session and every token of whoever asks, this one too."""
    user = _person(request)
    revoke_all(user)
    record("sessions_ended", account=user.account, request=request, target=user.email)
    logout(request)
    messages.success(request, "You are logged out everywhere.")
    return redirect("admin:login")


@sensitive_post_parameters()
def change_password(request: HttpRequest) -> HttpResponse:
    """`/admin/password_change/`, where the old password can be guessed at no oftener than at the login."""
    user = _person(request)
    counter = f"password:{user.pk}"
    if request.method == "POST":
        try:
            spend(counter, PASSWORD_TRIES, PASSWORD_SECONDS)
        except TooManyRequests as error:
            messages.error(request, error.message)
            return redirect("admin:password_change")
    answer: HttpResponse = admin.site.password_change(request)
    if request.method == "POST" and answer.status_code == 302:
        refund(counter, PASSWORD_SECONDS)
        record("password_changed", account=user.account, request=request, target=user.email)
    return answer


def _with_code(request: HttpRequest, act: Callable[[HttpRequest, User], HttpResponse]) -> HttpResponse:
    """Do it, if the code is right: whoever sits down at an open browser must not be able to."""
    user = _person(request)
    form = CodeForm(request.POST)
    try:
        if form.is_valid():
            second_factor.check_code(user, form.cleaned_data["code"])
            return act(request, user)
    except TooManyRequests as error:
        form.add_error("code", error.message)
    except BadCredentials as error:
        record("second_step_failed", account=user.account, request=request)
        form.add_error("code", error.message)
    codes_left = second_factor.count_recovery_codes(user)
    return _render(request, "accounts/security.html", status=400, form=form, codes_left=codes_left)


def _replace_codes(request: HttpRequest, user: User) -> HttpResponse:
    record("recovery_codes_replaced", account=user.account, request=request)
    return _show_codes(request, second_factor.replace_recovery_codes(user))


def _take_away(request: HttpRequest, user: User) -> HttpResponse:
    second_factor.forget(user)
    record("second_step_removed", account=user.account, request=request, target=user.email)
    _stay(request, user)
    request.session.pop(VERIFIED, None)
    messages.success(request, "The second step is taken away. Every other session of yours has ended.")
    return redirect("security")


def _stay(request: HttpRequest, user: User) -> None:
    """Go on with this session, where all others have just ended."""
    user.refresh_from_db(fields=["token_version"])
    update_session_auth_hash(request, user)


def _show_setup(request: HttpRequest, started: Authenticator, form: CodeForm, status: int = 200) -> HttpResponse:
    picture = mark_safe(second_factor.draw(started))  # noqa: S308 - our own drawing
    facts = {"picture": picture, "secret": second_factor.spell(started), "form": form}
    is_required = second_factor.is_required(_person(request))
    return _render(request, "accounts/second_factor.html", status=status, is_required=is_required, **facts)


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return _render(request, "accounts/recovery_codes.html", codes=codes)


def _render(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """A page in the admin's frame that nothing keeps, not even the browser."""
    frame = {**admin.site.each_context(request), "title": "Security", "form": CodeForm()}
    answer = TemplateResponse(request, template, {**frame, **context}, status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
