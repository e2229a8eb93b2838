"""The admin page of deliveries, with their attempts."""

import json

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.actions import ObjectAction, object_action
from accounts.scoping import ReadOnlyInline
from jobs import callbacks
from jobs.admin.filters import OverdueFilter
from jobs.admin.records import RecordAdmin
from jobs.admin.wording import badge, clean_address, show_json, show_time
from jobs.models import Attempt, Delivery
from jobs.models.deliveries import DeliveryState

EXCERPT_CHARACTERS = 300


class AttemptInline(ReadOnlyInline):
    """Every try, in order."""

    model = Attempt
    fields = readonly_fields = ("number", "started", "status_code", "milliseconds", "error", "address", "excerpt")
    ordering = ("number",)
    per_page = 50

    @admin.display(description="time")
    def started(self, attempt: Attempt) -> SafeString | str:
        return show_time(attempt.started_at)

    @admin.display(description="answer")
    def excerpt(self, attempt: Attempt) -> SafeString:
        return format_html('<span class="pm-code">{}</span>', attempt.answer[:EXCERPT_CHARACTERS])


@admin.register(Delivery)
class DeliveryAdmin(RecordAdmin):
    """Messages at the end of a run, and whether they arrived."""

    account_path = "job__account"
    object_actions = ("redeliver",)
    actions = ("redeliver_selected",)
    inlines = (AttemptInline,)
    list_display = ("webhook_id", "job", "shown_target", "shown_state", "attempts_made", "next_try", "created")
    list_filter = ("state", OverdueFilter, "created_at")
    list_select_related = ("job",)
    ordering = ("-pk",)
    search_fields = ("webhook_id", "host", "job__public_id")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("webhook_id", "job_link", "run"),
                    "shown_target",
                    ("shown_state", "attempts_made", "next_try"),
                    ("created", "ended"),
                )
            },
        ),
        ("Message", {"fields": ("shown_body",)}),
    )

    @admin.display(description="job")
    def job_link(self, delivery: Delivery) -> SafeString:
        url = reverse("admin:jobs_job_change", args=[delivery.job_id])
        return format_html('<a class="pm-link" href="{}">{}</a>', url, delivery.job)

    @admin.display(description="target", ordering="host")
    def shown_target(self, delivery: Delivery) -> str:
        return clean_address(delivery.target)

    @admin.display(description="state", ordering="state")
    def shown_state(self, delivery: Delivery) -> SafeString:
        return badge(delivery.state)

    @admin.display(description="created", ordering="created_at")
    def created(self, delivery: Delivery) -> SafeString | str:
        return show_time(delivery.created_at)

    @admin.display(description="ended")
    def ended(self, delivery: Delivery) -> SafeString | str:
        return show_time(delivery.ended_at)

    @admin.display(description="next try", ordering="next_at")
    def next_try(self, delivery: Delivery) -> SafeString | str:
        return show_time(delivery.next_at if delivery.state == DeliveryState.PENDING else None)

    @admin.display(description="body")
    def shown_body(self, delivery: Delivery) -> SafeString | str:
        if not delivery.body:
            return "It is written with the first attempt."
        try:
            return show_json(json.loads(delivery.body))
        except ValueError:
            return delivery.body

    @object_action(
        ObjectAction(
            title="Redeliver",
            icon="send",
            question="Send {} again, from the start of its schedule? The target gets the same message.",
            audit="delivery_redelivered",
        )
    )
    def redeliver(self, request: HttpRequest, delivery: Delivery) -> None:
        callbacks.redeliver(delivery)
        messages.success(request, f"{delivery} is sent again.")

    @admin.action(description="Redeliver", permissions=["act"])
    def redeliver_selected(self, request: HttpRequest, rows: QuerySet[Delivery]) -> HttpResponse | None:
        question = "Send these messages again?"
        return self.act_on_selected(request, rows, question=question, act=_redeliver, audit="delivery_redelivered")


def _redeliver(delivery: Delivery) -> bool:
    callbacks.redeliver(delivery)
    return True
