"""The admin page of worker nodes."""

from django.contrib import admin
from django.utils import timezone
from django.utils.safestring import SafeString

from jobs.admin.records import RecordAdmin
from jobs.admin.wording import badge
from jobs.models import Node
from jobs.nodes import ALIVE_SECONDS


@admin.register(Node)
class NodeAdmin(RecordAdmin):
    """Worker nodes, as they last made themselves known. Only operators look at the machines."""

    account_path = None
    list_display = ("name", "shown_queues", "slots", "seen_at", "alive")
    search_fields = ("name",)
    fields = ("name", "shown_queues", "slots", "seen_at", "alive")
    actions = None

    @admin.display(description="queues")
    def shown_queues(self, node: Node) -> str:
        return ", ".join(node.queues)

    @admin.display(description="state")
    def alive(self, node: Node) -> SafeString:
        silent = (timezone.now() - node.seen_at).total_seconds()
        return badge("alive", "good") if silent <= ALIVE_SECONDS else badge("silent", "bad")
