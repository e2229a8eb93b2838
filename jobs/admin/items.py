"""The admin page of items, with their outputs."""

from typing import Any

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
from jobs.admin.records import RecordAdmin
from jobs.admin.wording import badge, clean_address, describe_bytes, show_json
from jobs.models import Item, Output
from jobs.models.jobs import OutputState
from jobs.thumbnails import lies_in_house
from storage.connections import open_by_id
from storage.errors import StorageError
from storage.house import make_link

LINK_SECONDS = 600


class OutputInline(ReadOnlyInline):
    """What was made of the item, the newest run first."""

    model = Output
    fields = readonly_fields = ("picture", "variant", "run", "shown_state", "place", "size", "losses", "milliseconds")
    ordering = ("-run", "variant")
    per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Output]:
        return super().get_queryset(request).select_related("item", "connection")  # type: ignore[no-any-return]

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
    list_display = ("picture", "name", "job", "shown_state", "problem", "run", "milliseconds", "ended_at")
    list_display_links = ("picture", "name")
    list_filter = ("state", ErrorFilter, "queue")
    list_select_related = ("job",)
    ordering = ("-pk",)
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("picture", ("name", "job_link", "shown_state"), "problem")}),
        (
            "Facts",
            {
                "fields": (
                    ("source_place", "facts", "queue"),
                    ("run", "tries", "host_losses"),
                    ("started_at", "ended_at", "milliseconds"),
                    "shown_meta",
                )
            },
        ),
    )

    @admin.display(description="")
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
        return self.act_on_selected(request, rows, question=question, act=_undo_quietly)


def show_thumbnail(kind: str, pk: Any) -> SafeString:
    """An image that the page's script fills in when it comes into view."""
    url = reverse(f"thumbnail-{kind}", args=[pk])
    return format_html('<img class="pm-thumbnail" data-thumbnail="{}" alt="" width="64" height="64">', url)


def find_link(output: Output) -> str | None:
    """Where the result can be downloaded for a few minutes, or None where its storage has no links."""
    filename = output.key.rpartition("/")[2]
    if output.state != OutputState.STORED:
        return None
    if lies_in_house(output):
        return make_link(output.key, filename=filename, content_type=output.mime, seconds=LINK_SECONDS)
    try:
        storage = open_by_id(output.connection_id) if output.connection_id else None
        return storage.link(output.key, seconds=LINK_SECONDS, filename=filename) if storage else None
    except StorageError:
        return None


def _undo_quietly(item: Item) -> bool:
    try:
        return services.undo_item(item)
    except StorageError:
        return False
