"""Buttons on a row's page and actions on chosen rows. Each asks first, and acts on a POST alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.debug import sensitive_post_parameters

from accounts.scoping import ScopedAdmin

MOST_SELECTED = 500
"""Rows that one request acts on at most: more would outlast it."""
NAMED = 20

Method = TypeVar("Method", bound=Callable[..., Any])


class ObjectForm(forms.Form):
    """What a button asks for beside a yes. `obj` is the row that it acts on."""

    def __init__(self, *args: Any, obj: Any, request: HttpRequest, **kwargs: Any) -> None:
        self.obj = obj
        self.request = request
        super().__init__(*args, **kwargs)


@dataclass(frozen=True)
class ObjectAction:
    """One button. when: the rows that it makes sense for. question: what is asked, with `{}` for the row.

    audit: what the audit log calls it, where its method does not say that itself. template: its page.
    """

    title: str
    icon: str
    question: str
    form: type[ObjectForm] | None = None
    is_destructive: bool = False
    when: Callable[[Any], bool] = lambda _: True
    audit: str = ""
    template: str = "accounts/confirm.html"


def object_action(action: ObjectAction) -> Callable[[Method], Method]:
    """Make a method (request, row[, form]) the work of a button. It returns an answer, or None for the row's page."""

    def mark(method: Method) -> Method:
        method.object_action = action  # type: ignore[attr-defined]
        return method

    return mark


class ActingAdmin(ScopedAdmin):
    """A page of rows with buttons. object_actions: the names of its methods that are one, in their order."""

    object_actions: ClassVar[Sequence[str]] = ()
    change_form_template = "accounts/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        return [*map(self._object_url, self.object_actions), *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        obj = context.get("original")
        context["object_tools"] = list(self.object_tools(request, obj)) if obj else []
        return super().render_change_form(request, context, *args, **kwargs)

    def run_object_action(self, request: HttpRequest, object_id: int, *, name: str) -> HttpResponse:
        """The page of one button: the question and its form, then the work. 404 for a row out of scope."""
        action: ObjectAction = getattr(self, name).object_action
        obj = self.get_object(request, str(object_id))
        if obj is None:
            raise Http404
        if not self.has_act_permission(request, obj):
            raise PermissionDenied
        sent = request.POST if request.method == "POST" else None
        form = action.form(sent, obj=obj, request=request) if action.form else None
        if sent is not None and (form is None or form.is_valid()):
            try:
                return self._run(request, obj, name, form)
            except ValidationError as error:
                if form is None:
                    messages.error(request, " ".join(error.messages))
                    return HttpResponseRedirect(self.object_url(obj))
                form.add_error(None, error)
        return self._ask(request, obj, action, form)

    def _run(self, request: HttpRequest, obj: Any, name: str, form: ObjectForm | None) -> HttpResponse:
        method = getattr(self, name)
        answer: HttpResponse | None = method(request, obj, form) if form else method(request, obj)
        self.log_change(request, obj, method.object_action.title)
        if method.object_action.audit:
            self.audit(request, obj, method.object_action.audit)
        return answer or HttpResponseRedirect(self.object_url(obj))

    def _ask(self, request: HttpRequest, obj: Any, action: ObjectAction, form: ObjectForm | None) -> HttpResponse:
        context = {"object": obj, "form": form, "action": action, "back": self.object_url(obj)}
        context["question"] = action.question.format(obj)
        status = 400 if form is not None and form.is_bound else 200
        return self.render_page(request, action.template, context, title=action.title, status=status)

    def render_page(
        self, request: HttpRequest, template: str, context: dict[str, Any], *, title: str, status: int = 200
    ) -> HttpResponse:
        """A page of ours in the admin's frame."""
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, "media": self.media}
        return TemplateResponse(request, template, {**frame, **context}, status=status)

    def render_secret(self, request: HttpRequest, obj: Any, secret: str, *, what: str) -> HttpResponse:
        """The one page that shows a new secret. It is the answer itself: nothing keeps it, not even the browser."""
        context = {"secret": secret, "what": what, "object": obj, "back": self.object_url(obj)}
        answer = self.render_page(request, "accounts/secret.html", context, title=what)
        answer["Cache-Control"] = "no-store"
        return answer

    def object_url(self, obj: Any) -> str:
        """The row's page."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[obj.pk])

    def act_on_selected(
        self, request: HttpRequest, rows: QuerySet[Any], *, question: str, act: Callable[[Any], bool], audit: str = ""
    ) -> HttpResponse | None:
        """Ask about the chosen rows, then act on each. act: False where a row is not in a state for it."""
        chosen = list(rows[: MOST_SELECTED + 1])
        if len(chosen) > MOST_SELECTED:
            messages.error(request, f"Choose at most {MOST_SELECTED} at a time.")
            return None
        if "confirmed" not in request.POST:
            context = {"question": question, "rows": chosen[:NAMED], "count": len(chosen), "back": request.path}
            context["checked"] = request.POST.getlist(ACTION_CHECKBOX_NAME)
            return self.render_page(request, "accounts/confirm_selected.html", context, title="Are you sure?")
        done = [row for row in chosen if act(row)]
        for row in done:
            self.log_change(request, row, question)
            if audit:
                self.audit(request, row, audit)
        messages.success(request, f"Done for {len(done)} of {len(chosen)}.")
        return None

    def _object_url(self, name: str) -> URLPattern:
        view = sensitive_post_parameters()(partial(self.run_object_action, name=name))
        route = f"<int:object_id>/{name.replace('_', '-')}/"
        return path(route, self.admin_site.admin_view(view), name=self._url_name(name))

    def _url_name(self, name: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"

    def object_tools(self, request: HttpRequest, obj: Model) -> Iterator[dict[str, str]]:
        """The buttons that are shown on the row's page now."""
        if not self.has_act_permission(request, obj):
            return
        for name in self.object_actions:
            action: ObjectAction = getattr(self, name).object_action
            if action.when(obj):
                link = reverse(f"admin:{self._url_name(name)}", args=[obj.pk])
                yield {"title": action.title, "icon": action.icon, "link": link}
