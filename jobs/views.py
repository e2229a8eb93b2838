"""Views of the engine itself, beside the dialects': the admin's thumbnails, and what models there are."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from accounts.scoping import is_operator, scope
from jobs import thumbnails
from jobs.models import Item, Job, Output
from jobs.thumbnails import MIME, UNSHOWABLE
from processing import weights
from storage.errors import StorageError

DAY_SECONDS = 86_400
FRAME = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="90" viewBox="0 0 120 90">'
    '<rect width="120" height="90" fill="#9993"/>%s</svg>'
)
WAITING = FRAME % "".join(f'<circle cx="{x}" cy="45" r="5" fill="#9999"/>' for x in (45, 60, 75))
BROKEN = FRAME % '<path d="M40 30h40v30H40zM40 30l40 30M80 30L40 60" fill="none" stroke="#999a" stroke-width="3"/>'


@require_safe
@staff_member_required
def show_item_thumbnail(request: HttpRequest, pk: int) -> HttpResponse:
    """An item's source, small."""
    return _show(_find(request, Item.objects.filter(pk=pk), "job__account"))


@require_safe
@staff_member_required
def show_output_thumbnail(request: HttpRequest, pk: int) -> HttpResponse:
    """A result, small."""
    return _show(_find(request, Output.objects.filter(pk=pk), "item__job__account"))


@require_safe
@staff_member_required
def show_job_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a job is, from its row alone."""
    job = scope(Job.objects.filter(pk=pk), request, "account").first()
    if job is None:
        raise Http404
    counts = ("items_total", "items_ended", "items_failed", "outputs_stored", "outputs_failed")
    answer = JsonResponse(
        {
            "state": job.state,
            "is_sealed": job.sealed_at is not None,
            "is_finished": job.finished_at is not None,
            **{name: getattr(job, name) for name in counts},
        }
    )
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
def show_models(request: HttpRequest) -> HttpResponse:
    """For operators: every model file, with its licence, and whether it is what it should be.

    The first call in a process reads all of them.
    """
    if not is_operator(request):
        raise Http404
    context = {**admin.site.each_context(request), "title": "Models", "models": weights.describe()}
    return TemplateResponse(request, "jobs/models.html", context)


def _find(request: HttpRequest, rows: Any, account_path: str) -> Item | Output:
    found: Item | Output | None = scope(rows, request, account_path).first()
    if found is None:
        raise Http404
    return found


def _show(row: Item | Output) -> HttpResponse:
    """The kept thumbnail, or a placeholder while a worker makes it. No original is ever read here."""
    try:
        data = thumbnails.find_thumbnail(row)
    except StorageError:
        return _placeholder(WAITING, status=503)
    if data is None:
        thumbnails.ask_for_thumbnail(row)
        return _placeholder(WAITING, status=202)
    if data == UNSHOWABLE:
        return _keep(_placeholder(BROKEN, status=404))
    return _keep(HttpResponse(data, content_type=MIME))


def _keep(answer: HttpResponse) -> HttpResponse:
    answer["Cache-Control"] = f"private, max-age={DAY_SECONDS}"
    return answer


def _placeholder(picture: str, *, status: int) -> HttpResponse:
    answer = HttpResponse(picture, content_type="image/svg+xml", status=status)
    if status != 404:
        answer["Retry-After"] = "1"
        answer["Cache-Control"] = "no-store"
    return answer
