"""The admin page of items, with their outputs."""

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.actions import ObjectAction, object_action
from accounts.scoping import ReadOnlyInline
from jobs import services
from jobs.admin.filters import ErrorFilter
from jobs.admin.pictures import find_link, show_thumbnail
from jobs.admin.records import RecordAdmin
from jobs.admin.wording import badge, clean_address, describe_bytes, show_json, show_time
from jobs.models import Item, Output
from jobs.models.jobs import OutputState
from storage.errors import StorageError


class OutputInline(ReadOnlyInline):
    """What was made of the item, the newest run first."""

    model = Output
    fields = readonly_fields = ("picture", "variant", "run", "shown_state", "place", "size", "losses", "milliseconds")
    ordering = ("-run", "variant")
    per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Output]:
        return super().get_queryset(request).select_related("item", "connection")

    @admin.display(description="")
    def picture(self, output: Output) -> SafeString:
        return show_thumbnail("output", output.pk) if output.state == OutputState.STORED else SafeString()

    @admin.display(description="state")
    def shown_state(self, output: Output) -> SafeString:
        why = output.error_message or output.error_code
        return format_html("{} <div>{}</div>", badge(output.state), why) if why else badge(output.state)

    @admin.display(description="place")
    def place(self, output: Output) -> SafeString:
        link = find_link(output)
        shown = format_html('<a class="pm-link" href="{}">{}</a>', link, output.key) if link else output.key
        where = output.connection.name if output.connection else "house storage"
        if output.purged_at:
            where = f"deleted from the house storage on {output.purged_at:%Y-%m-%d}"
        return format_html('{}<div class="pm-quiet pm-small">{}</div>', shown, where)

    @admin.display(description="size")
    def size(self, output: Output) -> str:
        pixels = f"{output.width} × {output.height}, " if output.width else ""
        return f"{pixels}{describe_bytes(output.size_bytes)}"

    @admin.display(description="lost on the way")
    def losses(self, output: Output) -> SafeString | str:
        rows = ((loss.get("message") or loss.get("code", ""),) for loss in output.report)
        return format_html_join("", "<div>{}</div>", rows) or "nothing"


@admin.register(Item)
class ItemAdmin(RecordAdmin):
    """Items: one source each."""

    account_path = "job__account"
    object_actions = ("undo",)
    actions = ("undo_selected",)
    inlines = (OutputInline,)
    list_display = ("picture", "name", "job", "shown_state", "problem", "run", "milliseconds", "ended")
    list_display_links = ("picture", "name")
    list_filter = ("state", ErrorFilter, "queue")
    list_select_related = ("job",)
    ordering = ("-pk",)
    search_fields = ("name",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "picture",
                    "name",
                    ("job_link", "shown_state", "queue"),
                    ("started", "ended", "milliseconds"),
                    ("run", "tries", "host_losses"),
                    "problem",
                    "source_place",
                    "facts",
                    "shown_meta",
                )
            },
        ),
    )

    @admin.display(description="before")
    def picture(self, item: Item) -> SafeString:
        return show_thumbnail("item", item.pk)

    @admin.display(description="job")
    def job_link(self, item: Item) -> SafeString:
        url = reverse("admin:jobs_job_change", args=[item.job_id])
        return format_html('<a class="pm-link" href="{}">{}</a>', url, item.job)

    @admin.display(description="state", ordering="state")
    def shown_state(self, item: Item) -> SafeString:
        return badge(item.state)

    @admin.display(description="what went wrong")
    def problem(self, item: Item) -> SafeString | str:
        if not item.error_code:
            return "–"
        return format_html('{}<div class="pm-quiet pm-small">{}</div>', item.error_message, item.error_code)

    @admin.display(description="source")
    def source_place(self, item: Item) -> str:
        ref = item.source.get("ref", {})
        return f"{ref.get('kind', '')}: {clean_address(str(ref.get('location', '')))}"

    @admin.display(description="source was")
    def facts(self, item: Item) -> str:
        facts = item.source_facts or {}
        if not facts:
            return "not known yet"
        frames = f", {facts['frames']} frames" if facts.get("frames", 1) > 1 else ""
        size = f"{facts.get('width')} × {facts.get('height')}"
        return f"{facts.get('format')}, {size}, {facts.get('mode')}{frames}, {describe_bytes(facts.get('bytes'))}"

    @admin.display(description="started")
    def started(self, item: Item) -> SafeString | str:
        return show_time(item.started_at)

    @admin.display(description="ended", ordering="ended_at")
    def ended(self, item: Item) -> SafeString | str:
        return show_time(item.ended_at)

    @admin.display(description="meta")
    def shown_meta(self, item: Item) -> SafeString | str:
        return show_json(item.meta) if item.meta else "none"

    @object_action(
        ObjectAction(
            title="Undo",
            icon="undo",
            question="Put the original of {} back, over the result that took its place?",
            is_destructive=True,
            when=lambda item: bool(item.original),
            audit="item_undone",
        )
    )
    def undo(self, request: HttpRequest, item: Item) -> None:
        try:
            is_back = services.undo_item(item)
        except StorageError as error:
            raise ValidationError(error.message) from None
        if not is_back:
            raise ValidationError("No original was kept, or the picture has been replaced by another since.")
        messages.success(request, f"The original of {item} is back.")

    @admin.action(description="Undo: put originals back", permissions=["act"])
    def undo_selected(self, request: HttpRequest, rows: QuerySet[Item]) -> HttpResponse | None:
        question = "Put the originals of these items back, over the results that took their place?"
        return self.act_on_selected(request, rows, question=question, act=_undo_quietly, audit="item_undone")


def _undo_quietly(item: Item) -> bool:
    try:
        return services.undo_item(item)
    except StorageError:
        return False
