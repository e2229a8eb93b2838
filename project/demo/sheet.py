"""The contact sheet: one page with every photograph, its results, and the callbacks that told of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.template import Context, Engine

from project.demo.inspection import Finding
from project.demo.receiver import SIGNATURE_HEADERS, Callback
from project.demo.report import Report, Result, Row
from project.demo.sight import Sighting
from project.demo.steps import DETAILS, describe

TEMPLATE = "sheet.html"
FORMAT_NAMES = {"JPEG": "JPEG", "PNG": "PNG", "WEBP": "WebP"}

# Only text goes into the template: anything else would ask for Django's settings, which the demo does without.
Facts = dict[str, Any]


def write_sheet(path: Path, report: Report, *, bucket: str) -> None:
    """Write the page. bucket: the storage's folder as seen from the page's."""
    engine = Engine(dirs=[str(Path(__file__).parent)], autoescape=True)
    page = engine.get_template(TEMPLATE).render(Context(describe_report(report, bucket=bucket)))
    path.write_text(page, encoding="utf-8")


def describe_report(report: Report, *, bucket: str) -> Facts:
    """Everything that the page says, as text."""
    return {
        "stats": _describe_stats(report),
        "problems": report.problems,
        "rows": [_describe_row(row, bucket) for row in report.rows],
        "sightings": [_describe_sighting(each, bucket) for each in report.sightings],
        "tampered": f"{report.tampered_refused} of {report.verified}",
        "duplicates": str(report.duplicates or "none"),
        "made_at": f"{datetime.now(UTC):%d %B %Y, %H:%M} UTC",
    }


def _describe_stats(report: Report) -> list[tuple[str, str]]:
    used = {step["type"] for row in report.rows for result in row.results for step in result.variant.steps}
    return [
        (f"{len(report.rows)}", "photographs"),
        (f"{report.results_right}", "results"),
        (f"{report.seconds:.1f} s", "first request to last callback"),
        (f"{report.results_per_second:.1f}", "results a second"),
        (f"{report.verified} of {len(report.rows)}", "signatures verified"),
        (f"{len(used)} of {len(DETAILS) + 1}", "transformations shown"),
    ]


def _describe_row(row: Row, bucket: str) -> Facts:
    process = row.process
    return {
        "title": process.photo.title,
        "credit": process.photo.credit,
        "image": _link(bucket, process.photo.key),
        "facts": _describe_file(row.before),
        "file": process.photo.file,
        "status": process.status.word,
        "process_id": process.process_id,
        "problem": process.problem,
        "client": "" if process.seconds is None else _milliseconds(process.seconds * 1000),
        "server": "" if row.milliseconds is None else _milliseconds(row.milliseconds),
        "results": [_describe_result(result, row, bucket) for result in row.results],
        "callback": _describe_callback(process.callback) if process.callback else None,
        "request": json.dumps(process.request, indent=2, ensure_ascii=False),
    }


def _describe_result(result: Result, row: Row, bucket: str) -> Facts:
    return {
        "title": result.variant.title,
        "file": result.variant.file,
        "image": _link(bucket, row.process.photo.destination(result.variant)),
        "format": FORMAT_NAMES.get(result.finding.form, result.finding.form),
        "facts": _describe_file(result.finding),
        "is_see_through": result.finding.is_see_through,
        "time": "" if result.milliseconds is None else _milliseconds(result.milliseconds),
        "problem": result.finding.problem,
        "steps": [describe(step) for step in result.variant.steps],
    }


def _describe_sighting(sighting: Sighting, bucket: str) -> Facts:
    look = sighting.look
    return {
        "title": look.title,
        "before": _link(bucket, look.photo.key),
        "photo": look.photo.title,
        "image": _link(bucket, look.key),
        "facts": _describe_file(sighting.finding),
        "time": _milliseconds(sighting.seconds * 1000),
        "problem": sighting.finding.problem,
        "steps": [step["operation"].replace("_", " ") for step in look.steps],
        "request": json.dumps(look.request, indent=2),
    }


def _describe_callback(callback: Callback) -> Facts:
    shown = [f"{name}: {callback.headers[name]}" for name in SIGNATURE_HEADERS]
    return {"webhook_id": callback.webhook_id, "message": "\n".join([*shown, "", callback.body.decode()])}


def _describe_file(found: Finding) -> str:
    return f"{found.size[0]} × {found.size[1]} · {_bytes(found.size_bytes)}"


def _bytes(size: int) -> str:
    return f"{size / 1000:.0f} kB" if size >= 10_000 else f"{size / 1000:.1f} kB"


def _milliseconds(value: float) -> str:
    return f"{value:,.0f} ms".replace(",", "\u202f")


def _link(bucket: str, key: str) -> str:
    return quote(f"{bucket}{key}")
