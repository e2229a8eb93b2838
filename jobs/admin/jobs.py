"""The admin page of jobs."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.actions import ObjectAction, object_action
from jobs import services
from jobs.admin.filters import DialectFilter
from jobs.admin.item_table import build_table
from jobs.admin.records import RecordAdmin
from jobs.admin.wording import (
    badge,
    clean_address,
    describe_variant,
    show_duration,
    show_json,
    show_progress,
    show_time,
)
from jobs.models import Item, Job, JobLabel
from jobs.models.jobs import JobState
from jobs.retention.erasing import erase_job, mark_job
from storage.errors import StorageError

SHOWN_DELIVERIES = 50
SHOWN_SKIPS = 20
ERASED_AT_ONCE = 500
"""Items of a job that is deleted while somebody waits; a larger one is left to the purge."""


@admin.register(Job)
class JobAdmin(RecordAdmin):
    """Jobs: how far they are, what they were asked for, what became of each item."""

    change_form_template = "jobs/job.html"
    object_actions = ("retry_failed", "retry_all", "cancel", "erase")
    actions = ("retry_failed_selected", "retry_all_selected", "cancel_selected")
    list_display = (
        "public_id", "account", "dialect", "shown_state", "progress", "outputs", "run", "created", "duration",
    )  # fmt: skip
    list_filter = ("state", DialectFilter, "account", "queue", "created_at")
    list_select_related = ("account",)
    ordering = ("-pk",)
    search_fields = ("public_id",)
    search_help_text = "Id, label, or name of a source"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("public_id", "shown_state"),
                    ("progress", "outputs"),
                    ("account", "service"),
                    ("dialect", "run"),
                    ("created", "started"),
                    ("finished", "duration"),
                    ("queue", "shown_priority"),
                    "labels",
                    "callback",
                    "problem",
                )
            },
        ),
    )

    @admin.display(description="state", ordering="state")
    def shown_state(self, job: Job) -> SafeString:
        return badge(job.state)

    @admin.display(description="items")
    def progress(self, job: Job) -> SafeString:
        return show_progress(job.items_ended, job.items_failed, job.items_total)

    @admin.display(description="outputs")
    def outputs(self, job: Job) -> SafeString:
        failed = format_html("<br>{} failed", f"{job.outputs_failed:,}") if job.outputs_failed else ""
        return format_html('<span class="pm-number">{} stored{}</span>', f"{job.outputs_stored:,}", failed)

    @admin.display(description="created", ordering="created_at")
    def created(self, job: Job) -> SafeString | str:
        return show_time(job.created_at)

    @admin.display(description="started")
    def started(self, job: Job) -> SafeString | str:
        return show_time(job.started_at)

    @admin.display(description="finished")
    def finished(self, job: Job) -> SafeString | str:
        return show_time(job.finished_at)

    @admin.display(description="priority")
    def shown_priority(self, job: Job) -> int:
        return job.priority

    @admin.display(description="what went wrong")
    def problem(self, job: Job) -> str:
        return job.message or "–"

    @admin.display(description="took")
    def duration(self, job: Job) -> str:
        return show_duration(job.started_at, job.finished_at)

    @admin.display(description="callback")
    def callback(self, job: Job) -> str:
        return clean_address(job.callback_url) or "none"

    @admin.display(description="labels")
    def labels(self, job: Job) -> SafeString | str:
        return format_html_join(" ", "{}", ((badge(row.label, "idle"),) for row in job.labels.all())) or "none"

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Each table is searched once and apart: a join would multiply jobs by their items."""
        term = search_term.strip()
        if not term:
            return queryset, False
        labelled = JobLabel.objects.filter(label__icontains=term).values("job")
        named = Item.objects.filter(name__icontains=term).values("job")
        return queryset.filter(Q(public_id__icontains=term) | Q(pk__in=labelled) | Q(pk__in=named)), False

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        job: Job = context["original"]
        deliveries = job.deliveries.prefetch_related("attempts")[:SHOWN_DELIVERIES]
        context |= {
            "variants": [(variant.get("name"), describe_variant(variant)) for variant in job.variants],
            "request_json": show_json(job.request) if job.request is not None else None,
            "table": build_table(job, request),
            "deliveries": [(row, badge(row.state), clean_address(row.target)) for row in deliveries],
            "listings": [(row, row.skipped[:SHOWN_SKIPS]) for row in job.listings.select_related("connection")],
        }
        return super().render_change_form(request, context, *args, **kwargs)

    @object_action(
        ObjectAction(
            title="Retry failed",
            icon="replay",
            question="Run the items of {} again that failed or were cancelled?",
            when=lambda job: job.finished_at and (job.items_failed or job.state == JobState.CANCELLED),
            audit="job_retried",
        )
    )
    def retry_failed(self, request: HttpRequest, job: Job) -> None:
        self._retry(request, job, only_failed=True)

    @object_action(
        ObjectAction(
            title="Retry all",
            icon="restart_alt",
            question="Run every item of {} again? Results that lie under the same keys are written over.",
            is_destructive=True,
            when=lambda job: job.finished_at is not None,
            audit="job_retried",
        )
    )
    def retry_all(self, request: HttpRequest, job: Job) -> None:
        self._retry(request, job, only_failed=False)

    @object_action(
        ObjectAction(
            title="Cancel",
            icon="cancel",
            question="Cancel {}? Items that have not ended are dropped; results that are stored stay.",
            is_destructive=True,
            when=lambda job: job.finished_at is None,
            audit="job_cancelled",
        )
    )
    def cancel(self, request: HttpRequest, job: Job) -> None:
        if not services.cancel_job(job):
            raise ValidationError("This job has ended before.")
        messages.success(request, f"{job} is cancelled.")

    @object_action(
        ObjectAction(
            title="Delete",
            icon="delete",
            question="Delete {} for good, with its results in the house storage? What lies in your storages stays.",
            is_destructive=True,
            audit="erased",
        )
    )
    def erase(self, request: HttpRequest, job: Job) -> HttpResponse:
        if job.items_total > ERASED_AT_ONCE:
            mark_job(job)
            messages.success(request, f"{job} is being deleted.")
        else:
            self._erase(request, job)
        return HttpResponseRedirect(reverse("admin:jobs_job_changelist"))

    def _erase(self, request: HttpRequest, job: Job) -> None:
        try:
            whole = not erase_job(job).failures
        except StorageError:
            whole = False
        # Either way nobody finds it any more.
        said = "is deleted." if whole else "is hidden. The house storage failed: its files go with the next purge."
        messages.add_message(request, messages.SUCCESS if whole else messages.WARNING, f"{job} {said}")

    @admin.action(description="Retry failed items", permissions=["act"])
    def retry_failed_selected(self, request: HttpRequest, rows: QuerySet[Job]) -> HttpResponse | None:
        question = "Run the failed items of these jobs again?"
        return self.act_on_selected(request, rows, question=question, act=_retry_failed, audit="job_retried")

    @admin.action(description="Retry all items", permissions=["act"])
    def retry_all_selected(self, request: HttpRequest, rows: QuerySet[Job]) -> HttpResponse | None:
        question = "Run every item of these jobs again, writing over what lies under the same keys?"
        return self.act_on_selected(request, rows, question=question, act=_retry_all, audit="job_retried")

    @admin.action(description="Cancel", permissions=["act"])
    def cancel_selected(self, request: HttpRequest, rows: QuerySet[Job]) -> HttpResponse | None:
        question = "Cancel these jobs?"
        return self.act_on_selected(request, rows, question=question, act=services.cancel_job, audit="job_cancelled")

    def _retry(self, request: HttpRequest, job: Job, *, only_failed: bool) -> None:
        if not services.retry_job(job, only_failed=only_failed):
            raise ValidationError("This job has not ended yet.")
        messages.success(request, f"{job} runs again.")


def _retry_failed(job: Job) -> bool:
    return services.retry_job(job, only_failed=True)


def _retry_all(job: Job) -> bool:
    return services.retry_job(job, only_failed=False)
