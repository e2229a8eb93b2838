"""`/accounts/password/…`: a forgotten password, or one that was never set."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.views.generic import FormView, TemplateView
from django.views.generic.base import ContextMixin

from accounts.audit import record
from accounts.errors import TooManyRequests
from accounts.forms import EmailForm, NewPasswordForm
from accounts.models import User
from accounts.passwords import ask_for_link, can_send_mail, reset_tokens
from accounts.views.login import ask_to_wait


class Framed(ContextMixin):
    """A page in the look of the login."""

    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**admin.site.each_context(self.request), **super().get_context_data(**kwargs)}


class Forgot(Framed, FormView):
    """Ask for a link. The answer is the same whoever has the address, or nobody."""

    form_class = EmailForm
    template_name = "accounts/password_forgot.html"
    success_url = reverse_lazy("password-asked")
    extra_context = {"title": "Forgotten password", "can_send": can_send_mail}

    def form_valid(self, form: Any) -> HttpResponse:
        if not can_send_mail():
            return self.render_to_response(self.get_context_data(form=form))
        try:
            is_asked = ask_for_link(self.request, form.cleaned_data["email"])
        except TooManyRequests as error:
            form.add_error(None, error.message)
            return ask_to_wait(self.form_invalid(form), error.retry_after_seconds)
        if not is_asked:
            form.add_error(None, "No mail can be sent at the moment. Try again in a minute.")
            answer = self.form_invalid(form)
            answer.status_code = 503
            return answer
        return super().form_valid(form)


class Asked(Framed, TemplateView):
    """What is said after that."""

    template_name = "accounts/password_message.html"
    extra_context = {
        "title": "Look into your mail",
        "text": "If somebody here has this address, a mail with a link is on its way to it. "
        f"The link is good for {settings.PASSWORD_RESET_TIMEOUT // 3600} hours, and once.",
    }


class SetPassword(Framed, PasswordResetConfirmView):
    """Where the link leads. With the new password every session and token of its owner ends."""

    form_class = NewPasswordForm
    template_name = "accounts/password_set.html"
    success_url = reverse_lazy("password-done")
    token_generator = reset_tokens
    title = "New password"
    user: User

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        record("password_reset", account=self.user.account, actor=self.user.email, request=self.request)
        return answer


class Done(Framed, TemplateView):
    """The end of it."""

    template_name = "accounts/password_message.html"
    extra_context = {"title": "The password is set", "text": "It is good from now on. All earlier logins have ended."}
