"""How rows read: chains as sentences, states as badges, requests without their secrets."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

TONES = {
    "queued": "idle",
    "running": "busy",
    "finished": "good",
    "done": "good",
    "stored": "good",
    "delivered": "good",
    "failed": "bad",
    "cancelled": "warn",
    "pending": "busy",
}
HIDDEN = "•••"
SHOWN_CHARACTERS = 50_000
SECRET_NAME = re.compile(r"secret|password|token|authori[sz]ation|credential|signature|api_?key|access_?key", re.I)
ADDRESS = re.compile(r"^https?://", re.I)
KNOWN_UNITS = {"px": " px", "%": " %", "%w": " % of the width", "%h": " % of the height"}


def badge(state: str, tone: str | None = None) -> SafeString:
    """A state as a coloured word."""
    return format_html('<span class="pm-badge pm-{}">{}</span>', tone or TONES.get(state, "idle"), state)


def show_progress(ended: int, failed: int, total: int) -> SafeString:
    """A bar of what has ended, its failed part in red, with the numbers below."""
    whole = max(total, 1)
    words = f"{ended:,} of {total:,}" + (f", {failed:,} failed" if failed else "")
    return format_html(
        '<div class="pm-progress" title="{}"><div class="pm-bar"><i class="pm-good" style="width:{}%"></i>{}</div>'
        '<span class="pm-small pm-quiet pm-number">{}</span></div>',
        words,
        round(100 * max(ended - failed, 0) / whole, 2),
        # One failure in a hundred thousand is still seen: the style sheet gives it a few pixels.
        format_html('<i class="pm-bad" style="width:{}%"></i>', round(100 * failed / whole, 2)) if failed else "",
        words,
    )


def show_time(at: datetime | None) -> SafeString | str:
    """A point in time in the server's zone, to the minute."""
    if at is None:
        return "–"
    return format_html('<span class="pm-number">{}</span>', timezone.localtime(at).strftime("%Y-%m-%d %H:%M"))


def show_duration(started_at: datetime | None, ended_at: datetime | None) -> str:
    """How long something took, or has taken so far."""
    if started_at is None:
        return "–"
    spent = (ended_at or timezone.now()) - started_at
    return describe_duration(spent) + ("" if ended_at else " so far")


def describe_duration(spent: timedelta) -> str:
    """A length of time in two units at most."""
    seconds = max(spent.total_seconds(), 0)
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def describe_bytes(size: int | None) -> str:
    """A size in the largest unit that leaves a number above one."""
    if size is None:
        return "–"
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def describe_variant(variant: dict[str, Any]) -> list[str]:
    """A variant as one line for each step, and one for how the result is written and where to."""
    lines = [describe_step(step) for step in variant.get("steps", [])]
    output = ", ".join(_pairs(variant.get("output", {}))) or "as the source"
    place = variant.get("destination", {})
    target = place.get("key") or place.get("pattern")
    return [*lines, f"write: {output}" + (f" → {target}" if target else "")]


def describe_step(step: dict[str, Any]) -> str:
    """One step as its operation and its parameters."""
    params = ", ".join(_pairs(step.get("params", {})))
    return f"{step.get('operation', '?')}: {params}" if params else str(step.get("operation", "?"))


def describe_value(value: Any) -> str:
    """A parameter as people write it: 50 %, #ffffff, a picture's place."""
    if isinstance(value, dict) and "value" in value:
        return f"{_number(value['value'])}{KNOWN_UNITS.get(value.get('unit', 'px'), '')}"
    if isinstance(value, dict) and "location" in value:
        return clean_address(str(value["location"]))
    if isinstance(value, dict):
        return "{" + ", ".join(_pairs(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(describe_value(part) for part in value) + "]"
    return _number(value)


def show_json(value: Any) -> SafeString:
    """A value as indented JSON, without what must stay secret."""
    text = json.dumps(hide_secrets(value), indent=2, ensure_ascii=False)
    if len(text) > SHOWN_CHARACTERS:
        text = f"{text[:SHOWN_CHARACTERS]}\n… {len(text) - SHOWN_CHARACTERS:,} characters more"
    return format_html('<pre class="pm-code">{}</pre>', text)


def hide_secrets(value: Any) -> Any:
    """The same value with every member hidden whose name says that it is a secret, and addresses cleaned."""
    if isinstance(value, dict):
        return {name: HIDDEN if _is_secret(name, part) else hide_secrets(part) for name, part in value.items()}
    if isinstance(value, list):
        return [hide_secrets(part) for part in value]
    return clean_address(value) if isinstance(value, str) else value


def clean_address(text: str) -> str:
    """A web address without user name, and with what its query says hidden: signatures and tokens live there."""
    if not ADDRESS.match(text):
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        return HIDDEN
    host = parts.netloc.rpartition("@")[2]
    query = re.sub(r"=[^&;]*", f"={HIDDEN}", parts.query)
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def _is_secret(name: str, value: Any) -> bool:
    return bool(value) and not isinstance(value, bool) and SECRET_NAME.search(str(name)) is not None


def _pairs(values: dict[str, Any]) -> Iterator[str]:
    return (f"{name} {describe_value(value)}" for name, value in values.items())


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
