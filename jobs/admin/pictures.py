"""Pictures in pages: small ones that come when they are looked at, and links to the whole."""

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs.models import Output
from jobs.models.jobs import OutputState
from jobs.thumbnails import Kind, lies_in_house
from storage.connections import open_by_id
from storage.errors import StorageError
from storage.house import make_link

LINK_SECONDS = 600
EMPTY = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
"""One transparent pixel, until the page's script has the picture."""


def show_thumbnail(kind: Kind, pk: int, title: str = "") -> SafeString:
    """An image that the page's script fills in when it comes into view."""
    return format_html(
        '<img class="pm-thumbnail" src="{}" data-thumbnail="{}" alt="" title="{}" width="64" height="64">',
        EMPTY,
        reverse(f"thumbnail-{kind}", args=[pk]),
        title,
    )


def find_link(output: Output) -> str | None:
    """Where the result can be downloaded for a few minutes, or None where it is gone or its storage has no links."""
    filename = output.key.rpartition("/")[2]
    if output.state != OutputState.STORED or output.purged_at:
        return None
    if lies_in_house(output):
        return make_link(output.key, filename=filename, content_type=output.mime, seconds=LINK_SECONDS)
    try:
        storage = open_by_id(output.connection_id) if output.connection_id else None
        return storage.link(output.key, seconds=LINK_SECONDS, filename=filename) if storage else None
    except StorageError:
        return None
