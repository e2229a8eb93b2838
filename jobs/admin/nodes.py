"""The admin page of worker nodes."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from jobs.admin.records import RecordAdmin
from jobs.admin.wording import badge
from jobs.models import Node
from jobs.nodes import ALIVE_SECONDS
from jobs.pulses import QueueState, find_queue_states


@admin.register(Node)
class NodeAdmin(RecordAdmin):
    """Worker nodes, as they last made themselves known, and when a canary of each of their queues last came back.

    Only operators look at the machines.
    """

    account_path = None
    list_display = ("name", "shown_queues", "slots", "seen_at", "alive")
    search_fields = ("name",)
    fields = ("name", "shown_queues", "slots", "seen_at", "alive")
    actions = None

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The page's nodes, with the states of their queues, which are asked for once for all of them."""
        page = super().get_changelist_instance(request)
        _add_states(page.result_list)
        return page

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        node = super().get_object(request, object_id, from_field)
        _add_states([node] if node else [])
        return node

    @admin.display(description="queues, and their last canaries")
    def shown_queues(self, node: Node) -> SafeString:
        states: dict[str, QueueState] = getattr(node, "states", {})
        rows = ((queue, _show_canary(states[queue])) for queue in node.queues if queue in states)
        return format_html_join(" ", "{} {}", rows)

    @admin.display(description="state")
    def alive(self, node: Node) -> SafeString:
        silent = (timezone.now() - node.seen_at).total_seconds()
        return badge("alive", "good") if silent <= ALIVE_SECONDS else badge("silent", "bad")


def _add_states(nodes: list[Node]) -> None:
    states = find_queue_states({queue for node in nodes for queue in node.queues})
    for node in nodes:
        node.states = states  # type: ignore[attr-defined]


def _show_canary(state: QueueState) -> SafeString:
    if not state.is_alive:
        return badge(state.describe(), "bad")
    return badge("at work" if state.age_seconds is None else f"{state.age_seconds:.0f} s ago", "good")
