"""`/accounts/setup/…`: the first operator sets an address and a password."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView, TemplateView

from accounts.audit import record
from accounts.errors import BadCredentials
from accounts.forms import UserCreationForm
from accounts.operators import is_good, use_setup_link
from accounts.views.passwords import Framed

IN_SESSION = "setup"


@never_cache
def open_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Take the secret out of the address, where browsers keep it and pages pass it on."""
    request.session[IN_SESSION] = secret
    return redirect("setup")


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class SetUp(Framed, FormView):
    """Where the link leads."""

    form_class = UserCreationForm
    template_name = "accounts/setup.html"
    success_url = reverse_lazy("setup-done")
    extra_context = {"title": "First operator"}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(validlink=is_good(self._secret), **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        email, password = form.cleaned_data["email"], form.cleaned_data["password1"]
        try:
            use_setup_link(self._secret, email=email, password=password)
        except BadCredentials:
            return self.form_invalid(form)
        record("operator_created", actor=email, target=email, request=self.request, way="link")
        self.request.session.flush()
        return super().form_valid(form)

    @property
    def _secret(self) -> str:
        return str(self.request.session.get(IN_SESSION, ""))


class Done(Framed, TemplateView):
    """The end of it."""

    template_name = "accounts/password_message.html"
    extra_context = {
        "title": "The operator is set up",
        "text": "Log in with the address and the password. The link is no longer good.",
    }
